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

extension RewriteTarget {
    /// What comes of a reference that `pattern` matches.
    public func apply(
        to reference: Reference, name: ImageName, pattern: PathPattern, options: RewriteOptions
    ) -> RewriteResult {
        var parts = [host]
        for component in components {
            switch component {
            case .literal(let text):
                parts.append(text)
            case .registry:
                guard Reference.isPathComponent(name.registry) else {
                    return .declined("the registry `\(name.registry)` cannot stand in a path")
                }
                parts.append(name.registry)
            }
        }
        if hasWildcard {
            var rest = name.components.dropFirst(pattern.components.count)
            if options.dropsLibrary, pattern.components.isEmpty, name.isOfficialDockerHubImage {
                rest = rest.dropFirst()
            }
            parts += rest
        }
        if host == "docker.io", parts.count == 2, let last = parts.last {
            return .declined("`docker.io/\(last)` would mean `docker.io/library/\(last)`")
        }
        var text = parts.joined(separator: "/")
        var tag = reference.tag
        var digest = reference.digest
        if options.turnsDigestIntoTag, let written = digest {
            guard written.hasPrefix("sha256:") else {
                return .declined("only a sha256 digest can become a tag, not `\(written)`")
            }
            let suffix = "sha256-" + written.dropFirst("sha256:".count)
            tag = tag.map { $0 + "-" + suffix } ?? suffix
            digest = nil
        }
        if let tag {
            guard tag.utf8.count <= 128 else { return .declined("the tag would be longer than 128 characters") }
            text += ":" + tag
        }
        if let digest { text += "@" + digest }
        switch Reference.parse(text) {
        case .success: return .rewritten(text)
        case .failure(let error): return .declined("`\(text)` is not a valid reference: \(error.reason)")
        }
    }
}

extension ImageName {
    /// Whether the image is `docker.io/library/NAME`.
    var isOfficialDockerHubImage: Bool {
        registry == "docker.io" && components.count == 2 && components.first == "library"
    }
}
