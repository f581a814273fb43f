/// An image reference, normalised as a container runtime does it: `nginx` is `docker.io/library/nginx`.
///
/// The grammar and the normalisation are those of distribution's `reference.ParseNormalizedNamed`.
public struct Reference: Sendable, Hashable {
    /// The registry's host with its port, or `""` for the few references that normalise to a path alone
    /// (`my_host.example.com/a`).
    public let registry: String
    /// The repository's path, components joined by `/`; at most 255 bytes.
    public let path: String
    /// The tag as written, at most 128 bytes.
    public let tag: String?
    /// The digest as written, `sha256:…`.
    public let digest: String?

    /// Makes a reference of parts that are already normalised.
    public init(registry: String, path: String, tag: String? = nil, digest: String? = nil) {
        self.registry = registry
        self.path = path
        self.tag = tag
        self.digest = digest
    }

    /// The normalised reference as text.
    public var text: String {
        var text = registry.isEmpty ? path : registry + "/" + path
        if let tag { text += ":" + tag }
        if let digest { text += "@" + digest }
        return text
    }
}
