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
        /// The first one without a facet: mostly the only one, for which an array would be another allocation.
        var first: Int?
        var plain: [Int] = []
        var faceted: [Facet: [String: [Int]]] = [:]
    }

    /// For each path, its place in `actions`.
    private var places: [PathPattern: Int32] = [:]
    private var actions: [Registries] = []
    /// Whether some registry is `*.domain`.
    private var hasDomains = false
    /// How many components the paths with `*` have, each number once: only such a path can hold another.
    private var holderLengths: Set<Int> = []

    /// The actions of one path by their registries. Mostly there is one, for which a dictionary would be six times the
    /// memory.
    private enum Registries {
        case one(RegistryPattern, Bucket)
        case many([RegistryPattern: Bucket])

        subscript(registry: RegistryPattern) -> Bucket? {
            switch self {
            case .one(let only, let bucket): only == registry ? bucket : nil
            case .many(let buckets): buckets[registry]
            }
        }

        mutating func insert(_ registry: RegistryPattern, _ change: (inout Bucket) -> Void) {
            switch self {
            case .one(let only, var bucket) where only == registry:
                // So that there is one owner, who changes it in place.
                self = .many([:])
                change(&bucket)
                self = .one(only, bucket)
            case .one(let only, let bucket):
                var added = Bucket()
                change(&added)
                self = .many([only: bucket, registry: added])
            case .many(let buckets) where buckets.isEmpty:
                var added = Bucket()
                change(&added)
                self = .one(registry, added)
            case .many(var buckets):
                self = .many([:])
                change(&buckets[registry, default: Bucket()])
                self = .many(buckets)
            }
        }

        func forEach(_ body: (RegistryPattern, Bucket) -> Void) {
            switch self {
            case .one(let registry, let bucket): body(registry, bucket)
            case .many(let buckets): for (registry, bucket) in buckets { body(registry, bucket) }
            }
        }
    }

    /// Makes an index for about as many actions as are told.
    init(capacity: Int = 0) {
        places.reserveCapacity(capacity)
        actions.reserveCapacity(capacity)
    }

    /// Adds an action; one with a box is found only by boxes that may overlap it.
    mutating func insert(_ pattern: ImagePattern, _ action: Int, box: Box? = nil) {
        if case .subdomains = pattern.registry { hasDomains = true }
        if pattern.path.hasWildcard { holderLengths.insert(pattern.path.components.count) }
        let place = places[pattern.path] ?? Int32(truncatingIfNeeded: actions.count)
        if Int(place) == actions.count {
            places[pattern.path] = place
            actions.append(.many([:]))
        }
        actions[Int(place)].insert(pattern.registry) { bucket in
            if let (facet, values) = box.flatMap(Self.facet) {
                for value in values { bucket.faceted[facet, default: [:]][value, default: []].append(action) }
            } else if bucket.first == nil {
                bucket.first = action
            } else {
                bucket.plain.append(action)
            }
        }
    }

    /// Calls `body` with the actions whose path pattern holds that of a pattern, and whose registries are nested with
    /// its own; and whether the path patterns are the same. An action may be found more than once.
    func forEachRelated(to pattern: ImagePattern, box: Box? = nil, _ body: (Int, Bool) -> Void) {
        let path = pattern.path
        visit(path, pattern, box: box, body)
        for count in stride(from: path.components.count - 1, through: 0, by: -1) where holderLengths.contains(count) {
            let holder = PathPattern(components: Array(path.components.prefix(count)), hasWildcard: true)
            visit(holder, pattern, box: box, body)
        }
    }

    /// Calls `body` with the actions that were inserted under one path pattern and whose registries are nested with
    /// that of a pattern; and whether the pattern has this path.
    func visit(_ path: PathPattern, _ pattern: ImagePattern, box: Box? = nil, _ body: (Int, Bool) -> Void) {
        guard let registries = places[path].map({ actions[Int($0)] }) else { return }
        let isSame = path == pattern.path
        func call(_ bucket: Bucket) {
            if let first = bucket.first { body(first, isSame) }
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
            registries.forEach { registry, found in
                if registry.contains(pattern.registry) || pattern.registry.contains(registry) { call(found) }
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
        if let values = values(of: .namespace, in: box) { return (.namespace, values) }
        for entry in box.podLabels.entries {
            if let values = values(of: .podLabel(entry.key), in: box) { return (.podLabel(entry.key), values) }
        }
        for entry in box.namespaceLabels.entries {
            if let values = values(of: .namespaceLabel(entry.key), in: box) {
                return (.namespaceLabel(entry.key), values)
            }
        }
        return nil
    }

    /// The values of a facet in a box; nil where they are not few that are named.
    private static func values(of facet: Facet, in box: Box) -> [String]? {
        let requirement: LabelRequirement
        switch facet {
        case .namespace:
            let regions = box.namespaces.regions
            return regions.contains { $0.include.isPrefix } ? nil : regions.map(\.include.stem)
        case .namespaceLabel(let key): requirement = box.namespaceLabels[key]
        case .podLabel(let key): requirement = box.podLabels[key]
        }
        guard !requirement.allowsAbsent, !requirement.values.isComplement else { return nil }
        return requirement.values.listed
    }
}
