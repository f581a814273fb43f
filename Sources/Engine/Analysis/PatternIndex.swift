/// Actions by path and registry of their patterns, and within those by one thing that they ask for.
struct PatternIndex {
    /// What an action may ask for: one of some values.
    private enum Facet: Hashable {
        case tag
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

        /// Calls `body` with the actions, without those that ask for other values than a box does.
        func forEach(box: Box?, _ body: (Int) -> Void) {
            if let first { body(first) }
            plain.forEach(body)
            for (facet, lists) in faceted {
                if let values = box.flatMap({ PatternIndex.values(of: facet, in: $0) }) {
                    for value in values { lists[value]?.forEach(body) }
                } else {
                    for list in lists.values { list.forEach(body) }
                }
            }
        }
    }

    /// For each path, its place in `actions`.
    private var places: [PathPattern: Int32] = [:]
    private var actions: [Registries] = []
    /// Whether some registry is `*.domain`.
    private var hasDomains = false
    /// The paths of each registry in order, where `sortPaths` was called.
    private var sortedPaths: [RegistryPattern: [PathPattern]] = [:]
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

    var isEmpty: Bool { actions.isEmpty }

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

    /// Calls `body` with the actions whose patterns overlap what a box names, without some that ask for something
    /// else than it does. An action may be found more than once.
    func forEachOverlapping(_ box: Box, _ body: (Int) -> Void) {
        for registry in box.registries.regions.map(\.include) {
            for path in box.paths.regions.map(\.include) {
                forEachRelated(to: ImagePattern(registry: registry, path: path), box: box) { action, _ in body(action) }
                if path.hasWildcard { forEachInside(path, registry, box, body) }
            }
        }
    }

    /// Calls `body` with the actions whose paths lie within another one, and whose registries are nested with one.
    private func forEachInside(
        _ path: PathPattern, _ registry: RegistryPattern, _ box: Box, _ body: (Int) -> Void
    ) {
        for nested in nestedRegistries(with: registry) {
            guard let paths = sortedPaths[nested] else { continue }
            var range = paths.indices
            while !range.isEmpty {
                let middle = range.lowerBound + range.count / 2
                range = paths[middle] < path ? middle + 1..<range.upperBound : range.lowerBound..<middle
            }
            // Those that lie within it stand together, behind it.
            for other in paths[range.lowerBound...].prefix(while: { $0.components.starts(with: path.components) })
            where other != path && path.contains(other) {
                guard let bucket = places[other].flatMap({ actions[Int($0)][nested] }) else { continue }
                bucket.forEach(box: box, body)
            }
        }
    }

    /// The registries of the index that are nested with one.
    private func nestedRegistries(with registry: RegistryPattern) -> [RegistryPattern] {
        guard case .host(let host) = registry else {
            return sortedPaths.keys.filter { $0.contains(registry) || registry.contains($0) }
        }
        return [registry, .any] + (hasDomains ? Self.domains(above: host) : [])
    }

    /// Puts the paths in order, once all are inserted, for `forEachOverlapping`.
    mutating func sortPaths() {
        for (path, place) in places {
            actions[Int(place)].forEach { registry, _ in sortedPaths[registry, default: []].append(path) }
        }
        for registry in sortedPaths.keys { sortedPaths[registry]?.sort() }
    }

    /// Calls `body` with the actions that were inserted under one path pattern and whose registries are nested with
    /// that of a pattern; and whether the pattern has this path.
    func visit(_ path: PathPattern, _ pattern: ImagePattern, box: Box? = nil, _ body: (Int, Bool) -> Void) {
        guard let registries = places[path].map({ actions[Int($0)] }) else { return }
        let isSame = path == pattern.path
        func call(_ bucket: Bucket) { bucket.forEach(box: box) { body($0, isSame) } }
        guard case .host(let host) = pattern.registry else {
            registries.forEach { registry, found in
                if registry.contains(pattern.registry) || pattern.registry.contains(registry) { call(found) }
            }
            return
        }
        if let found = registries[.host(host)] { call(found) }
        if let found = registries[.any] { call(found) }
        guard hasDomains else { return }
        for domain in Self.domains(above: host) {
            if let found = registries[domain] { call(found) }
        }
    }

    /// The patterns of the domains that a host lies in.
    private static func domains(above host: String) -> [RegistryPattern] {
        var domains: [RegistryPattern] = []
        var rest = host.utf8[...]
        while let dot = rest.firstIndex(of: UInt8(ascii: ".")) {
            rest = rest[rest.index(after: dot)...]
            domains.append(.subdomains(of: String(Substring(rest))))
        }
        return domains
    }

    /// The first facet of which a box asks for one of some values.
    private static func facet(of box: Box) -> (Facet, [String])? {
        for facet in [Facet.tag, .namespace] {
            if let values = values(of: facet, in: box) { return (facet, values) }
        }
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
        case .tag:
            let parts = [box.tags.withoutDigest, box.tags.withDigest]
            guard !parts.contains(where: \.tags.isComplement) else { return nil }
            // Nothing is a value too: no tag is empty.
            return parts.flatMap { $0.tags.listed + ($0.allowsNone ? [""] : []) }
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
