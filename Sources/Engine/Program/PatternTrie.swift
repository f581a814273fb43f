/// Patterns by registry and path: finds the actions whose pattern holds an image in a number of steps that depends on
/// the length of its name, not on the number of patterns.
struct PatternTrie: Hashable, Sendable {
    private struct Node: Hashable {
        /// Actions whose path ends here.
        var exact: [Int32] = []
        /// Actions whose path goes on with `*`.
        var wildcard: [Int32] = []
    }

    private struct Edge: Hashable {
        let node: Int32
        let component: Int32
    }

    private var components: [String: Int32] = [:]
    private var edges: [Edge: Int32] = [:]
    private var nodes: [Node] = []
    private var hosts: [String: Int32] = [:]
    private var domains: [String: Int32] = [:]
    /// In bytes: a longer end of a host is not looked up.
    private var longestDomain = 0
    private var anyRegistry: Int32?

    /// Adds an action; actions are added in the order in which they are to be found.
    mutating func insert(_ pattern: ImagePattern, action: Int) {
        var node = root(for: pattern.registry)
        for component in pattern.path.components {
            let id = components[component] ?? Int32(truncatingIfNeeded: components.count)
            components[component] = id
            let edge = Edge(node: node, component: id)
            if let next = edges[edge] {
                node = next
            } else {
                node = newNode(&nodes)
                edges[edge] = node
            }
        }
        let action = Int32(truncatingIfNeeded: action)
        if pattern.path.hasWildcard {
            nodes[Int(node)].wildcard.append(action)
        } else {
            nodes[Int(node)].exact.append(action)
        }
    }

    private func newNode(_ nodes: inout [Node]) -> Int32 {
        nodes.append(Node())
        return Int32(truncatingIfNeeded: nodes.count - 1)
    }

    private mutating func root(for registry: RegistryPattern) -> Int32 {
        switch registry {
        case .any:
            let node = anyRegistry ?? newNode(&nodes)
            anyRegistry = node
            return node
        case .host(let host):
            let node = hosts[host] ?? newNode(&nodes)
            hosts[host] = node
            return node
        case .subdomains(let domain):
            let node = domains[domain] ?? newNode(&nodes)
            domains[domain] = node
            longestDomain = max(longestDomain, domain.utf8.count)
            return node
        }
    }

    /// Calls `body` with each list of actions whose registry and path patterns hold an image. Each list is in the
    /// order of insertion.
    func forEachMatch(_ name: ImageName, _ body: ([Int32]) -> Void) {
        if let node = hosts[name.registry] { walk(from: node, name.components, body) }
        if let node = anyRegistry { walk(from: node, name.components, body) }
        guard !domains.isEmpty else { return }
        // A host does not begin with a dot, so at least one label stands before each.
        let host = name.registry.utf8
        var remaining = host.count
        for (index, byte) in zip(host.indices, host) {
            remaining -= 1
            guard byte == UInt8(ascii: "."), remaining <= longestDomain else { continue }
            if let node = domains[String(name.registry[host.index(after: index)...])] {
                walk(from: node, name.components, body)
            }
        }
    }

    private func walk(from root: Int32, _ path: [String], _ body: ([Int32]) -> Void) {
        var node = root
        for component in path {
            let wildcard = nodes[Int(node)].wildcard
            if !wildcard.isEmpty { body(wildcard) }
            guard let id = components[component], let next = edges[Edge(node: node, component: id)] else { return }
            node = next
        }
        let exact = nodes[Int(node)].exact
        if !exact.isEmpty { body(exact) }
    }
}
