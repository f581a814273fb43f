/// How the actions of a rule set stand to each other: which lie inside which, and which overlap without order.
///
/// Candidates are found through the pattern's registry and path, so that a rule set of many patterns is not compared
/// pair by pair.
struct ActionOrder {
    /// For each action, the actions whose boxes lie strictly inside its own.
    private(set) var inside: [[Int]]
    /// For each action, how many boxes strictly hold its own. Of two nested boxes the inner one has the larger
    /// number, so that sorting by it puts the most specific first.
    private(set) var depth: [Int]
    /// Pairs that overlap though neither lies inside the other, the smaller index first.
    private(set) var unordered: [(Int, Int)] = []

    init(_ boxes: [Box], _ patterns: [ImagePattern]) {
        inside = Array(repeating: [], count: boxes.count)
        depth = Array(repeating: 0, count: boxes.count)
        var index = PatternIndex()
        for (action, pattern) in patterns.enumerated() { index.insert(pattern, action) }
        for (action, pattern) in patterns.enumerated() {
            index.forEachRelated(to: pattern) { other, hasSamePath in
                // A pair with one path finds itself twice, any other pair once.
                guard other != action, !hasSamePath || action < other else { return }
                relate(min(action, other), max(action, other), boxes)
            }
        }
        unordered.sort { $0 < $1 }
    }

    private mutating func relate(_ first: Int, _ second: Int, _ boxes: [Box]) {
        let isFirstInside = boxes[first].isSubset(of: boxes[second])
        let isSecondInside = boxes[second].isSubset(of: boxes[first])
        switch (isFirstInside, isSecondInside) {
        case (true, false):
            inside[second].append(first)
            depth[first] += 1
        case (false, true):
            inside[first].append(second)
            depth[second] += 1
        case (true, true):
            unordered.append((first, second))
        case (false, false):
            if !boxes[first].intersection(boxes[second]).isEmpty { unordered.append((first, second)) }
        }
    }
}

/// Actions by path and registry of their patterns.
private struct PatternIndex {
    private var actions: [PathPattern: [RegistryPattern: [Int]]] = [:]

    mutating func insert(_ pattern: ImagePattern, _ action: Int) {
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
        var rest = host[...]
        while let dot = rest.firstIndex(of: ".") {
            rest = rest[rest.index(after: dot)...]
            if let found = registries[.subdomains(of: String(rest))] { call(found) }
        }
    }
}
