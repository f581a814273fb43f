import RuleLang

/// A fault in the text of a pattern, target or prefix: what, where in the text, and what to write instead.
struct PatternFault: Error {
    let code: DiagnosticCode
    let message: String
    /// UTF-8 offsets within the text.
    let range: Range<Int>
    let help: [String]

    init(_ code: DiagnosticCode, _ message: String, _ range: Range<Int>, help: [String] = []) {
        self.code = code
        self.message = message
        self.range = range
        self.help = help
    }
}

/// The text of a pattern or a target, cut at its slashes, and the checks that both share.
struct PatternText {
    struct Part {
        let text: String
        let range: Range<Int>

        /// A part of a text's bytes.
        init(_ bytes: [UInt8], _ range: Range<Int>) {
            text = String(decoding: bytes[range], as: UTF8.self)
            self.range = range
        }
    }

    let text: String
    /// What stands before the first `/`.
    let registry: Part
    /// What stands between slashes after it, without the tag.
    let path: [Part]
    /// What follows a `:` in the last component.
    let tag: Part?

    var whole: Range<Int> { 0..<text.utf8.count }

    init(_ text: String, role: String) throws(PatternFault) {
        self.text = text
        let bytes = Array(text.utf8)
        let whole = 0..<bytes.count
        guard !text.isEmpty else {
            throw PatternFault(
                .missingPath, "the \(role) is empty", whole, help: ["name a registry and a path: `quay.io/*`"])
        }
        let marks = Marks(bytes)
        if marks.hasColon,
            let scheme = ["https://", "http://", "docker://", "oci://"].first(where: { text.utf8.starts(with: $0.utf8) }
            )
        {
            throw PatternFault(
                .schemeInPattern, "`\(scheme)` does not belong into the name of an image", 0..<scheme.utf8.count,
                help: ["write `\(text.dropFirst(scheme.count))`"])
        }
        if let at = marks.at {
            throw PatternFault(
                .digestInPattern, "a \(role) has no digest", at..<whole.upperBound,
                help: [
                    "write `\(Part(bytes, 0..<at).text)`; the digest of an image follows it wherever it goes"
                ])
        }
        registry = Part(bytes, 0..<(marks.slashes.first ?? whole.upperBound))
        var path: [Part] = []
        path.reserveCapacity(marks.slashes.count)
        var tag: Part?
        for (index, slash) in marks.slashes.enumerated() {
            guard index == marks.slashes.count - 1 else {
                path.append(Part(bytes, slash + 1..<marks.slashes[index + 1]))
                continue
            }
            path.append(Part(bytes, slash + 1..<(marks.tagColon ?? whole.upperBound)))
            tag = marks.tagColon.map { Part(bytes, $0 + 1..<whole.upperBound) }
        }
        self.path = path
        self.tag = tag
    }

    /// Where in a text the characters stand that part it, found by going over its bytes once: to find where characters
    /// end is most of the work of loading many patterns.
    private struct Marks {
        var slashes: [Int] = []
        /// The first `@`.
        var at: Int?
        var hasColon = false
        /// The first `:` behind the last slash, if there is a slash.
        var tagColon: Int?

        init(_ bytes: [UInt8]) {
            slashes.reserveCapacity(8)
            for index in bytes.indices {
                switch bytes[index] {
                case UInt8(ascii: "/"):
                    slashes.append(index)
                    tagColon = nil
                case UInt8(ascii: ":"):
                    hasColon = true
                    if tagColon == nil, !slashes.isEmpty { tagColon = index }
                case UInt8(ascii: "@"):
                    if at == nil { at = index }
                default: break
                }
            }
        }
    }

    /// Whether a first component is taken for a registry, as distribution's `splitDockerDomain` decides it.
    static func looksLikeRegistry(_ text: String) -> Bool {
        text == "localhost" || text.holds(".") || text.holds(":")
            || text.utf8.contains { ReferenceGrammar.isUpper($0) || $0 >= 0x80 } && text.lowercased() != text
    }

    /// Checks a literal host.
    func checkHost(_ host: String, role: String) throws(PatternFault) {
        guard Self.looksLikeRegistry(host) else {
            throw PatternFault(
                .badRegistry, "`\(host)` is not a registry", registry.range,
                help: [
                    role == "target"
                        ? "a target begins with the mirror's host: `mirror.example.com/\(text)`"
                        : "a \(role) begins with a registry: `docker.io/\(text)` for Docker Hub",
                    "a registry has a dot or a port, or is `localhost`",
                ])
        }
        if host == "index.docker.io" {
            throw PatternFault(
                .notNormalised, "no image is at `index.docker.io` once normalised", registry.range,
                help: ["write `docker.io\(text.dropFirst(host.count))`"])
        }
        // A name with an underscore is not a domain; such a reference counts its first component as its registry.
        guard Reference.isRegistryHost(host) || Reference.isPathComponent(host) else {
            throw PatternFault(
                .badRegistry, "`\(host)` is not a registry's host", registry.range,
                help: ["a host is letters, digits, `.` and `-`, perhaps with a port: `registry.example.com:5000`"])
        }
    }

    /// Checks the literal components of a path.
    func checkComponents(_ parts: some Collection<Part>, role: String) throws(PatternFault) {
        for part in parts {
            if part.text.isEmpty {
                throw PatternFault(
                    .badPathComponent, "the \(role) `\(text)` has an empty component", part.range,
                    help: ["remove the extra `/`, or end with `/*` for everything below"])
            }
            if part.text.holds("*") {
                let isLast = part.range.upperBound == path.last?.range.upperBound
                throw PatternFault(
                    .misplacedWildcard,
                    isLast
                        ? "`*` stands for whole components, not for a part of `\(part.text)`"
                        : "a `*` stands at the end only",
                    part.range,
                    help: [
                        isLast
                            ? "write `*` alone for everything below, or the whole name"
                            : "a final `*` stands for one or more components; write the others out"
                    ])
            }
            guard Reference.isPathComponent(part.text) else {
                let lower = part.text.lowercased()
                throw PatternFault(
                    .badPathComponent, "`\(part.text)` cannot stand in the path of an image", part.range,
                    help: Reference.isPathComponent(lower)
                        ? ["repository names are lower case: write `\(lower)`"]
                        : ["a component is lower-case letters and digits, with single `.`, `_`, `__` or `-` between"])
            }
        }
        let length = parts.reduce(-1) { $0 + 1 + $1.text.utf8.count }
        guard length <= 255 else {
            throw PatternFault(
                .patternTooLong, "the path of the \(role) is longer than 255 characters", whole,
                help: ["no image has a path of more than 255 characters"])
        }
    }

    /// Refuses `docker.io/NAME`, which nothing normalised looks like.
    func checkDockerHub(hasWildcard: Bool) throws(PatternFault) {
        guard registry.text == "docker.io", path.count == 1, !hasWildcard, let only = path.first else { return }
        throw PatternFault(
            .notNormalised, "no image is called `docker.io/\(only.text)` once normalised", whole,
            help: ["write `docker.io/library/\(only.text)\(tag.map { ":" + $0.text } ?? "")`"])
    }
}

extension ImagePattern {
    /// Reads a pattern.
    static func parse(_ source: String) throws(PatternFault) -> ImagePattern {
        let text = try PatternText(source, role: "pattern")
        let hasWildcard = text.path.last?.text == "*"
        let registry: RegistryPattern
        let host = text.registry.text
        if host.isEmpty {
            throw PatternFault(
                .badRegistry, "the pattern `\(source)` has no registry", text.registry.range,
                help: ["write a registry before the first `/`, or `*` for any"])
        } else if host == "*" {
            registry = .any
        } else if host.hasPrefix("*.") {
            let domain = String(host.dropFirst(2))
            guard !domain.holds("*"), Reference.isRegistryHost(domain) else {
                throw PatternFault(
                    .badRegistry, "`\(domain)` is not a domain", text.registry.range,
                    help: ["write `*.` and a domain, perhaps with a port: `*.gcr.io`"])
            }
            registry = .subdomains(of: domain)
        } else if host.holds("*") {
            throw PatternFault(
                .misplacedWildcard, "`*` cannot stand in the registry `\(host)`", text.registry.range,
                help: ["write `*` for any registry, or `*.example.com` for all below a domain"])
        } else if text.path.isEmpty, !PatternText.looksLikeRegistry(host) {
            throw PatternFault(
                .badRegistry, "`\(host)` is not a registry", text.registry.range,
                help: ["write `docker.io/library/\(source)` for the official image at Docker Hub"])
        } else {
            try text.checkHost(host, role: "pattern")
            registry = .host(host)
        }
        guard !text.path.isEmpty else {
            throw PatternFault(
                .missingPath, "the pattern `\(source)` names no image", text.whole,
                help: ["write `\(source)/*` for every image of that registry"])
        }
        if hasWildcard == false, text.path.last?.text.isEmpty == true, text.tag == nil {
            throw PatternFault(
                .missingPath, "the pattern `\(source)` ends in `/`", text.path.last?.range ?? text.whole,
                help: ["write `\(source)*` for everything below"])
        }
        let literal = hasWildcard ? text.path.dropLast() : text.path[...]
        try text.checkComponents(literal, role: "pattern")
        try text.checkDockerHub(hasWildcard: hasWildcard)
        if let tag = text.tag {
            guard Reference.isTag(tag.text) else {
                let help =
                    tag.text.contains("*")
                    ? "a tag is compared whole; leave it out for every tag"
                    : "a tag is letters, digits, `_`, `.` and `-`, at most 128"
                throw PatternFault(.badTag, "`\(tag.text)` is not a tag", tag.range, help: [help])
            }
        }
        return ImagePattern(
            registry: registry, path: PathPattern(components: literal.map(\.text), hasWildcard: hasWildcard),
            tag: text.tag?.text)
    }
}

extension String {
    /// Whether an ASCII character stands in the text.
    func holds(_ character: Unicode.Scalar) -> Bool {
        let byte = UInt8(ascii: character)
        let bytes = utf8.span
        for index in bytes.indices where bytes[index] == byte { return true }
        return false
    }
}
