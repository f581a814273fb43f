import RuleLang

extension RewriteTarget {
    /// What stands for `${registry}` in the text of a target while it is read; no reference can hold it.
    static let registryPlaceholder = "\u{1}"

    /// Reads a target, in which `${registry}` has been put as ``registryPlaceholder``.
    static func parse(_ source: String) throws(PatternFault) -> RewriteTarget {
        let text = try PatternText(source, role: "target")
        let host = text.registry.text
        if host.holds("\u{1}") {
            throw PatternFault(
                .misusedRegistryName, "`${registry}` cannot be the host of a target", text.registry.range,
                help: ["write the mirror's host first: `\"mirror.example.com/${registry}/*\"`"])
        }
        guard !host.holds("*") else {
            throw PatternFault(
                .misplacedWildcard, "a target has one literal host, not `\(host)`", text.registry.range,
                help: ["write the mirror's host"])
        }
        guard !host.isEmpty else {
            throw PatternFault(.badRegistry, "the target has no host", text.whole, help: ["write the mirror's host"])
        }
        try text.checkHost(host, role: "target")
        guard Reference.isRegistryHost(host) else {
            throw PatternFault(
                .badRegistry, "`\(host)` is not a registry's host", text.registry.range,
                help: ["a host is letters, digits, `.` and `-`, perhaps with a port"])
        }
        if let tag = text.tag {
            throw PatternFault(
                .tagInTarget, "a target has no tag", tag.range.lowerBound - 1..<tag.range.upperBound,
                help: ["leave it out; the tag of an image follows it wherever it goes"])
        }
        guard let last = text.path.last else {
            throw PatternFault(
                .missingPath, "the target `\(source)` has no path", text.whole,
                help: ["write `\(source)/*` to keep the path of the image"])
        }
        guard !last.text.isEmpty else {
            throw PatternFault(
                .missingPath, "the target ends in `/`", last.range,
                help: ["end it in `/*` to keep the path of the image"])
        }
        let hasWildcard = last.text == "*"
        let parts = hasWildcard ? text.path.dropLast() : text.path[...]
        for part in parts where part.text.holds("\u{1}") && part.text != registryPlaceholder {
            throw PatternFault(
                .misusedRegistryName, "`${registry}` stands for one whole component", part.range,
                help: ["put slashes around it: `…/${registry}/…`"])
        }
        let literal = parts.lazy.filter { $0.text != registryPlaceholder }
        try text.checkComponents(literal, role: "target")
        if parts.count == 1, host == "docker.io", !hasWildcard, literal.isEmpty {
            throw PatternFault(
                .notNormalised, "no image is called `docker.io/${registry}` once normalised", text.whole,
                help: ["write a path of two components or more: `docker.io/${registry}/…`"])
        }
        try text.checkDockerHub(hasWildcard: hasWildcard)
        return RewriteTarget(
            host: host, components: parts.map { $0.text == registryPlaceholder ? .registry : .literal($0.text) },
            hasWildcard: hasWildcard)
    }

    /// Whether `${registry}` stands in it.
    var usesRegistry: Bool { components.contains(.registry) }
}
