/// A set of images, over normalised references: a registry, a path, and perhaps a tag.
public struct ImagePattern: Sendable, Hashable, Comparable {
    /// The registries.
    public let registry: RegistryPattern
    /// The paths.
    public let path: PathPattern
    /// The tag; an image without tag and digest counts as `latest`.
    public let tag: String?

    /// Makes a pattern.
    public init(registry: RegistryPattern, path: PathPattern, tag: String? = nil) {
        self.registry = registry
        self.path = path
        self.tag = tag
    }

    /// Every image: `*/*`.
    static let everything = ImagePattern(registry: .any, path: PathPattern(components: [], hasWildcard: true))

    /// The pattern as it is written.
    public var text: String { registry.text + "/" + path.text + (tag.map { ":" + $0 } ?? "") }

    /// Whether an image is one of these.
    public func matches(_ image: ImageName, tag written: String?, hasDigest: Bool) -> Bool {
        registry.matches(image.registry) && path.matches(image.components)
            && matchesTag(written, hasDigest: hasDigest)
    }

    func matchesTag(_ written: String?, hasDigest: Bool) -> Bool {
        guard let tag else { return true }
        return tag == (written ?? (hasDigest ? nil : "latest"))
    }

    /// An order for canonical output; it means nothing.
    public static func < (left: ImagePattern, right: ImagePattern) -> Bool {
        if left.registry != right.registry { return left.registry < right.registry }
        if left.path != right.path { return left.path < right.path }
        return (left.tag ?? "") < (right.tag ?? "")
    }
}

/// A normalised reference's registry and path as patterns see them: where the registry is empty, the first
/// component of the path counts as the registry.
public struct ImageName: Sendable, Hashable {
    /// The registry; never empty.
    public let registry: String
    /// The components after it; at least one.
    public let components: [String]

    /// What patterns see of a reference.
    public init(_ reference: Reference) {
        let components = reference.path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        if reference.registry.isEmpty, let first = components.first {
            registry = first
            self.components = Array(components.dropFirst())
        } else {
            registry = reference.registry
            self.components = components
        }
    }
}
