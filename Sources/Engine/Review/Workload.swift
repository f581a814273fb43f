public import RuleLang

/// A place in a pod, or in a workload's pod template, that names an image.
public struct ImageField: Sendable, Equatable {
    /// Which list it stands in.
    public let place: Place
    /// The container's or the volume's name.
    public let name: String
    /// The JSON Pointer (RFC 6901) of the text within the object.
    public let pointer: String
    /// The text as it stands there.
    public let text: String

    /// Makes a field.
    public init(place: Place, name: String, pointer: String, text: String) {
        self.place = place
        self.name = name
        self.pointer = pointer
        self.text = text
    }
}

/// What the engine reads of a Kubernetes object that holds a pod or a pod template.
public struct Workload: Sendable, Equatable {
    /// The object's kind, such as `Pod` or `CronJob`.
    public let kind: String
    /// The object's own namespace, if it names one.
    public let namespace: String?
    /// The object's own name or, for `generateName`, its prefix; may be empty.
    public let name: String
    /// The JSON Pointer of the pod or its template: empty for a Pod.
    public let podPointer: String
    /// The labels of the pod or template; nil where `metadata.labels` is missing or null.
    public let labels: [String: String]?
    /// The annotations of the pod or template; nil where `metadata.annotations` is missing or null.
    public let annotations: [String: String]?
    /// Whether the pod or template has a `metadata` object (a template may have none).
    public let hasMetadata: Bool
    /// The images in the order init containers, containers, ephemeral containers, volumes.
    public let images: [ImageField]

    /// Makes a workload.
    public init(
        kind: String, namespace: String? = nil, name: String = "", podPointer: String = "",
        labels: [String: String]? = nil, annotations: [String: String]? = nil, hasMetadata: Bool = true,
        images: [ImageField]
    ) {
        self.kind = kind
        self.namespace = namespace
        self.name = name
        self.podPointer = podPointer
        self.labels = labels
        self.annotations = annotations
        self.hasMetadata = hasMetadata
        self.images = images
    }
}
