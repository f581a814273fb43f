/// Where a rewrite leads: a literal host, components, and perhaps a final `*` for what the pattern's `*` stood for.
public struct RewriteTarget: Sendable, Hashable {
    /// A component of the target's path.
    public enum Component: Sendable, Hashable {
        /// Characters that stand for themselves.
        case literal(String)
        /// `${registry}`: the registry of the source, as one component.
        case registry
    }

    /// The host with its port.
    public let host: String
    /// The components between host and `*`.
    public let components: [Component]
    /// Whether a final `*` stands for what the pattern's `*` stood for.
    public let hasWildcard: Bool

    /// Makes a target.
    public init(host: String, components: [Component], hasWildcard: Bool) {
        self.host = host
        self.components = components
        self.hasWildcard = hasWildcard
    }

    /// The target as it is written.
    public var text: String {
        var parts = [host]
        for component in components {
            switch component {
            case .literal(let text): parts.append(text)
            case .registry: parts.append("${registry}")
            }
        }
        if hasWildcard { parts.append("*") }
        return parts.joined(separator: "/")
    }
}

/// What a rewrite does besides putting one name for another.
public struct RewriteOptions: Sendable, Hashable {
    /// `drop library`: leave `library/` out for official Docker Hub images.
    public var dropsLibrary = false
    /// `digest to tag`: name a copy, whose digest differs, by a tag made of the digest.
    public var turnsDigestIntoTag = false

    /// Makes options.
    public init(dropsLibrary: Bool = false, turnsDigestIntoTag: Bool = false) {
        self.dropsLibrary = dropsLibrary
        self.turnsDigestIntoTag = turnsDigestIntoTag
    }
}

/// What a rewrite makes of an image.
public enum RewriteResult: Sendable, Equatable {
    /// The new text.
    case rewritten(String)
    /// Nothing, because what would come out is not a valid reference; and why.
    case declined(String)
}
