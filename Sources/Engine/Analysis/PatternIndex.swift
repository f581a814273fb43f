/// Actions by path and registry of their patterns, and within those by one thing that their conditions ask for.
struct PatternIndex {
    /// What a condition asks for: one of some values.
    private enum Facet: Hashable {
        case namespace
        case namespaceLabel(String)
        case podLabel(String)
    }

    /// Actions of one pattern. Two that ask for different values of one facet share nothing.
    private struct Bucket {
        var plain: [Int] = []
        var faceted: [Facet: [String: [Int]]] = [:]
    }

    private var actions: [PathPattern: [RegistryPattern: Bucket]] = [:]
    /// Whether some registry is `*.domain`.
    private var hasDomains = false

    /// Adds an action; one with a box is found only by boxes that may overlap it.
    mutating func insert(_ pattern: ImagePattern, _ action: Int, box: Box? = nil) {
        if case .subdomains = pattern.registry { hasDomains = true }
        let facet = box.flatMap(Self.facet)
        if let (facet, values) = facet {
            for value in values {
                actions[pattern.path, default: [:]][pattern.registry, default: Bucket()]
                    .faceted[facet, default: [:]][value, default: []].append(action)
            }
        } else {
            actions[pattern.path, default: [:]][pattern.registry, default: Bucket()].plain.append(action)
        }
    }

    /// Calls `body` with the actions whose path pattern holds that of a pattern, and whose registries are nested with
    /// its own; and whether the path patterns are the same. An action may be found more than once.
    func forEachRelated(to pattern: ImagePattern, box: Box? = nil, _ body: (Int, Bool) -> Void) {
        let path = pattern.path
        visit(path, pattern, box: box, body)
        for count in stride(from: path.components.count, through: 0, by: -1) {
            let holder = PathPattern(components: Array(path.components.prefix(count)), hasWildcard: true)
            if holder != path, holder.contains(path) { visit(holder, pattern, box: box, body) }
        }
    }

    /// Calls `body` with the actions that were inserted under one path pattern and whose registries are nested with
    /// that of a pattern; and whether the pattern has this path.
    func visit(_ path: PathPattern, _ pattern: ImagePattern, box: Box? = nil, _ body: (Int, Bool) -> Void) {
        guard let registries = actions[path] else { return }
        let isSame = path == pattern.path
        func call(_ bucket: Bucket) {
            for action in bucket.plain { body(action, isSame) }
            for (facet, lists) in bucket.faceted {
                if let values = box.flatMap({ Self.values(of: facet, in: $0) }) {
                    for value in values { lists[value]?.forEach { body($0, isSame) } }
                } else {
                    for list in lists.values { list.forEach { body($0, isSame) } }
                }
            }
        }
        guard case .host(let host) = pattern.registry else {
            for (registry, found) in registries
            where registry.contains(pattern.registry) || pattern.registry.contains(registry) {
                call(found)
            }
            return
        }
        if let found = registries[.host(host)] { call(found) }
        if let found = registries[.any] { call(found) }
        guard hasDomains else { return }
        var rest = host.utf8[...]
        while let dot = rest.firstIndex(of: UInt8(ascii: ".")) {
            rest = rest[rest.index(after: dot)...]
            if let found = registries[.subdomains(of: String(Substring(rest)))] { call(found) }
        }
    }

    /// The first facet of which a box asks for one of some values.
    private static func facet(of box: Box) -> (Facet, [String])? {
        let labels =
            box.podLabels.entries.map { Facet.podLabel($0.key) }
            + box.namespaceLabels.entries.map { Facet.namespaceLabel($0.key) }
        for facet in [.namespace] + labels {
            if let values = values(of: facet, in: box) { return (facet, values) }
        }
        return nil
    }

    /// The values of a facet in a box; nil where they are not few that are named.
    private static func values(of facet: Facet, in box: Box) -> [String]? {
        let requirement: LabelRequirement
        switch facet {
        case .namespace:
            let names = box.namespaces.regions.map(\.include)
            return names.contains { $0.isPrefix } ? nil : names.map(\.stem)
        case .namespaceLabel(let key): requirement = box.namespaceLabels[key]
        case .podLabel(let key): requirement = box.podLabels[key]
        }
        guard !requirement.allowsAbsent, !requirement.values.isComplement else { return nil }
        return requirement.values.listed
    }
}
