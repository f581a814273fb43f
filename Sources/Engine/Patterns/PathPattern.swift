/// The path of a pattern: components that are compared whole, and perhaps a final `*` for one or more further ones.
public struct PathPattern: Sendable, Hashable {
    /// The literal components.
    public let components: [String]
    /// Whether a final `*` follows.
    public let hasWildcard: Bool

    /// Makes a path pattern.
    public init(components: [String], hasWildcard: Bool) {
        self.components = components
        self.hasWildcard = hasWildcard
    }

    /// The pattern as it is written.
    public var text: String { (components + (hasWildcard ? ["*"] : [])).joined(separator: "/") }

    /// Whether a path is one of these.
    public func matches(_ path: [String]) -> Bool {
        hasWildcard
            ? path.count > components.count && path.starts(with: components)
            : path == components
    }
}

extension PathPattern: Atom {
    func contains(_ other: PathPattern) -> Bool {
        guard hasWildcard else { return self == other }
        guard other.components.starts(with: components) else { return false }
        return other.hasWildcard || other.components.count > components.count
    }

    func witness(avoiding others: [PathPattern]) -> PathPattern? {
        guard hasWildcard else { return self }
        // Two further components where nothing stands before them: a path at docker.io has at least two.
        let tail = components.isEmpty ? ["app"] : []
        for number in 0...others.count {
            let first = number == 0 ? "a" : "a\(number)"
            let candidate = PathPattern(components: components + [first] + tail, hasWildcard: false)
            if !others.contains(where: { $0.contains(candidate) }) { return candidate }
        }
        return nil
    }

    /// An order for canonical output; it means nothing.
    public static func < (left: PathPattern, right: PathPattern) -> Bool {
        left.components == right.components
            ? !left.hasWildcard && right.hasWildcard
            : left.components.lexicographicallyPrecedes(right.components)
    }
}

extension AtomSet where A == PathPattern {
    /// Paths of the set; where a `*` leaves it open, of one, two and three further components: at Docker Hub a name of
    /// one component is none, and those of two in `library/` are official images.
    var examples: some Sequence<PathPattern> {
        regions.lazy.flatMap { region -> [PathPattern] in
            guard let witness = region.include.witness(avoiding: region.exclude) else { return [] }
            guard region.include.hasWildcard else { return [witness] }
            // A component that starts none of what is left out.
            let length = region.include.components.count + 1
            let starts = region.exclude.map {
                PathPattern(components: Array($0.components.prefix(length)), hasWildcard: false)
            }
            guard let other = region.include.witness(avoiding: starts) else { return [witness] }
            let tails = [[], ["app"], ["app", "app"]]
            return [witness]
                + tails.map { PathPattern(components: other.components.prefix(length) + $0, hasWildcard: false) }
        }
    }
}
