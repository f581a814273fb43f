/// Actions by path and registry of their patterns.
struct PatternIndex {
    private var actions: [PathPattern: [RegistryPattern: [Int]]] = [:]

    /// Whether some registry is `*.domain`.
    private var hasDomains = false

    mutating func insert(_ pattern: ImagePattern, _ action: Int) {
        if case .subdomains = pattern.registry { hasDomains = true }
        actions[pattern.path, default: [:]][pattern.registry, default: []].append(action)
    }

    /// Calls `body` with the actions whose path pattern holds that of a pattern, and whose registries are nested with
    /// its own; and whether the path patterns are the same.
    func forEachRelated(to pattern: ImagePattern, _ body: (Int, Bool) -> Void) {
        let path = pattern.path
        visit(path, pattern, body)
        for count in stride(from: path.components.count, through: 0, by: -1) {
            let holder = PathPattern(components: Array(path.components.prefix(count)), hasWildcard: true)
            if holder != path, holder.contains(path) { visit(holder, pattern, body) }
        }
    }

    private func visit(_ path: PathPattern, _ pattern: ImagePattern, _ body: (Int, Bool) -> Void) {
        guard let registries = actions[path] else { return }
        let isSame = path == pattern.path
        func call(_ found: [Int]) {
            for action in found { body(action, isSame) }
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
}
