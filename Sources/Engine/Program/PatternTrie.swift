/// Patterns by registry and path: finds the actions whose pattern holds an image in a number of steps that depends on
/// the length of its name, not on the number of patterns.
///
/// All of it is in flat arrays: an edge is an entry of one table, the component it carries under the node it leaves.
struct PatternTrie: Sendable {
    /// The actions whose pattern ends at a node, as ranges of `actions`: first those with a final `*`, then those
    /// without.
    private struct Node {
        var start: UInt32 = 0
        var exactStart: UInt32 = 0
        var end: UInt32 = 0
    }

    /// What comes before the components: a host, the domain of `*.domain`, or any registry.
    /// The nodes after them are those that the edges lead to, in the order of the edges.
    private static let hosts: UInt32 = 0
    private static let domains: UInt32 = 1
    private static let anyRegistry: UInt32 = 2

    private var nodes: [Node] = []
    private var edges = ByteTable()
    private var actions: [Int32] = []
    private var hasAnyRegistry = false
    /// In bytes: a longer end of a host is not looked up. 0 where there are no domains.
    private var longestDomain = 0

    /// The names that are not always written: `docker.io` and `library`.
    private static let unwritten: [UInt8] = Array("docker.iolibrary".utf8)
    private static let dockerHub = TextSlice(start: 0, count: 9)
    private static let library = TextSlice(start: 9, count: 7)

    /// Builds a trie; the actions of one node are found in the order of their patterns.
    init(_ patterns: some Collection<ImagePattern>) {
        var ends: [(node: UInt32, isExact: Bool)] = []
        ends.reserveCapacity(patterns.count)
        for pattern in patterns {
            var node: UInt32
            switch pattern.registry {
            case .any:
                node = Self.anyRegistry
                hasAnyRegistry = true
            case .host(let host): node = edge(from: Self.hosts, host)
            case .subdomains(let domain):
                node = edge(from: Self.domains, domain)
                longestDomain = max(longestDomain, domain.utf8.count)
            }
            for component in pattern.path.components { node = edge(from: node, component) }
            ends.append((node, !pattern.path.hasWildcard))
        }
        fill(ends, nodeCount: edges.count + 3)
    }

    private mutating func edge(from node: UInt32, _ component: String) -> UInt32 {
        edges.insert(component, of: node) + Self.anyRegistry
    }

    /// Lays the actions out node by node.
    private mutating func fill(_ ends: [(node: UInt32, isExact: Bool)], nodeCount: Int) {
        nodes = Array(repeating: Node(), count: nodeCount)
        for end in ends {
            nodes[Int(end.node)].end += 1
            if !end.isExact { nodes[Int(end.node)].exactStart += 1 }
        }
        var start: UInt32 = 0
        for node in nodes.indices {
            let (wildcards, all) = (nodes[node].exactStart, nodes[node].end)
            nodes[node] = Node(start: start, exactStart: start + wildcards, end: start + all)
            start += all
        }
        actions = Array(repeating: 0, count: ends.count)
        var next = nodes.map { (wildcard: $0.start, exact: $0.exactStart) }
        for (action, end) in ends.enumerated() {
            let node = Int(end.node)
            let position = end.isExact ? next[node].exact : next[node].wildcard
            actions[Int(position)] = Int32(truncatingIfNeeded: action)
            if end.isExact { next[node].exact += 1 } else { next[node].wildcard += 1 }
        }
    }

    /// The node that a component leads to, or 0, which no edge leads to.
    @inline(__always)
    private func step(_ bytes: ByteSpan, _ slice: TextSlice, from node: UInt32) -> UInt32 {
        let edge = edges.find(slice, bytes, of: node)
        return edge == 0 ? 0 : edge &+ Self.anyRegistry
    }

    /// Calls `body` with each list of actions whose registry and path patterns hold an image. Each list is in the
    /// order of the patterns.
    @inline(__always)
    func forEachMatch(_ bytes: ByteSpan, _ name: MatchedName, _ body: (ArraySlice<Int32>) -> Void) {
        guard !actions.isEmpty else { return }
        let node =
            name.isDockerHub
            ? step(Self.unwritten.span, Self.dockerHub, from: Self.hosts) : step(bytes, name.registry, from: Self.hosts)
        if node != 0 { walk(from: node, bytes, name, body) }
        if hasAnyRegistry { walk(from: Self.anyRegistry, bytes, name, body) }
        guard longestDomain > 0 else { return }
        // Docker Hub's own host is compared as any other: `*.io` holds it.
        let host = name.isDockerHub ? Self.dockerHub : name.registry
        // A host does not begin with a dot, so at least one label stands before each.
        for index in host.range {
            let byte = name.isDockerHub ? Self.unwritten[index] : bytes[index]
            let domain = host.after(index)
            guard byte == UInt8(ascii: "."), domain.count <= longestDomain else { continue }
            let node =
                name.isDockerHub
                ? step(Self.unwritten.span, domain, from: Self.domains) : step(bytes, domain, from: Self.domains)
            if node != 0 { walk(from: node, bytes, name, body) }
        }
    }

    @inline(__always)
    private func walk(
        from root: UInt32, _ bytes: ByteSpan, _ name: MatchedName, _ body: (ArraySlice<Int32>) -> Void
    ) {
        var node = nodes[Int(root)]
        func visitWildcards() {
            if node.start < node.exactStart { body(actions[Int(node.start)..<Int(node.exactStart)]) }
        }
        var next = root
        if name.isOfficial {
            visitWildcards()
            next = step(Self.unwritten.span, Self.library, from: next)
            guard next != 0 else { return }
            node = nodes[Int(next)]
        }
        var start = name.path.start
        while true {
            visitWildcards()
            var end = start
            while end < name.path.end, bytes[end] != UInt8(ascii: "/") { end &+= 1 }
            next = step(bytes, TextSlice(start: start, count: end &- start), from: next)
            guard next != 0 else { return }
            node = nodes[Int(next)]
            if end >= name.path.end { break }
            start = end &+ 1
        }
        if node.exactStart < node.end { body(actions[Int(node.exactStart)..<Int(node.end)]) }
    }
}

/// A normalised reference's registry and path as patterns see them: where the registry is empty, the first component
/// of the path counts as the registry.
struct MatchedName {
    /// The registry as written; not that of Docker Hub.
    let registry: TextSlice
    let isDockerHub: Bool
    /// The path as written, which `library/` comes before where `isOfficial`.
    let path: TextSlice
    let isOfficial: Bool

    init(_ parts: ReferenceParts, _ bytes: ByteSpan) {
        isDockerHub = parts.isDockerHub
        isOfficial = parts.isOfficial
        guard !parts.isDockerHub, parts.registry.isEmpty else {
            registry = parts.registry
            path = parts.path
            return
        }
        let slash = parts.path.first(UInt8(ascii: "/"), bytes)
        registry = slash.map(parts.path.upTo) ?? parts.path
        path = slash.map(parts.path.after) ?? .empty
    }
}
