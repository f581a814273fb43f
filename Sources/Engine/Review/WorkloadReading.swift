import RuleLang

/// What reading an object gives.
public enum WorkloadReading: Sendable, Equatable {
    /// A pod, or an object with a pod template.
    case workload(Workload)
    /// An object of a kind that holds no pod.
    case notAWorkload(kind: String)
    /// An object whose parts are not what its kind has, and why.
    case malformed(reason: String)

    init(_ reading: ObjectReading, kind: String, _ texts: SlicedTexts) {
        switch reading {
        case .workload(let fields): self = .workload(Workload(fields, kind: kind, texts))
        case .notAWorkload: self = .notAWorkload(kind: kind)
        case .malformed(let reason): self = .malformed(reason: reason)
        }
    }
}

/// A kind of object: its API group, empty for the core group, and its name.
public struct GroupKind: Sendable, Hashable {
    /// The API group without version.
    public let group: String
    /// The kind.
    public let kind: String

    /// Makes a group and kind.
    public init(group: String, kind: String) {
        self.group = group
        self.kind = kind
    }

    /// The group of an `apiVersion` such as `apps/v1`.
    public init(apiVersion: String, kind: String) {
        let parts = apiVersion.split(separator: "/", omittingEmptySubsequences: false)
        self.init(group: parts.count > 1 ? String(parts[0]) : "", kind: kind)
    }
}

extension Workload {
    /// Reads an object by its own `apiVersion` and `kind`.
    ///
    /// - Throws: `JSONError` where the text is not JSON.
    public static func read(json: [UInt8]) throws(JSONError) -> WorkloadReading {
        let bytes = json.span
        var objects = ObjectReader()
        var apiVersion = TextSlice.empty
        var kind = TextSlice.empty
        var fault: String?
        var cursor = JSONCursor()
        guard try cursor.kind(bytes) == .object else {
            try cursor.skipValue(bytes)
            try cursor.finish(bytes)
            return .malformed(reason: "a Kubernetes object is expected")
        }
        try cursor.enterObject(bytes)
        var isFirst = true
        while let key = try cursor.nextKey(bytes, isFirst: isFirst) {
            isFirst = false
            let field = FieldKey(key, bytes)
            switch field {
            case .apiVersion where try cursor.kind(bytes) == .string:
                apiVersion = objects.keep(try cursor.readString(bytes), bytes)
            case .kind where try cursor.kind(bytes) == .string:
                kind = objects.keep(try cursor.readString(bytes), bytes)
            case .apiVersion, .kind:
                fault = "`\(field == .kind ? "kind" : "apiVersion")` is not a string"
                try cursor.skipValue(bytes)
            default: try cursor.skipValue(bytes)
            }
        }
        try cursor.finish(bytes)
        if let fault { return .malformed(reason: fault) }
        guard !kind.isEmpty else { return .malformed(reason: "it has no `kind`, so it is no Kubernetes object") }
        let head = SlicedTexts(bytes: objects.extended(json) ?? json, images: [])
        let name = GroupKind(apiVersion: head[apiVersion], kind: head[kind])
        let reading = objects.reading(bytes, at: 0, podPath: PodPath(name))
        let texts = SlicedTexts(bytes: objects.extended(json) ?? json, images: objects.images)
        return WorkloadReading(reading, kind: name.kind, texts)
    }

    init(_ fields: ObjectFields, kind: String, _ texts: SlicedTexts) {
        let own = fields.own
        let name = own.map { texts[$0.name.isEmpty ? $0.generateName : $0.name] } ?? ""
        let pointer = "\(fields.podPath.pointer)"
        var images: [ImageField] = []
        for list in 0..<ObjectFields.Pod.places.count {
            for slot in texts.images[fields.pod.lists[list]] {
                let key = slot.place == .volume ? "image/reference" : "image"
                images.append(
                    ImageField(
                        place: slot.place, name: texts[slot.name],
                        pointer: "\(pointer)/spec/\(slot.place.listKey)/\(slot.index)/\(key)", text: texts[slot.text]))
            }
        }
        self.init(
            kind: kind, namespace: own?.namespace.map { texts[$0] }, name: name, podPointer: pointer,
            labels: texts.map(at: fields.pod.metadata?.labels),
            annotations: texts.map(at: fields.pod.metadata?.annotations),
            hasMetadata: fields.pod.metadata != nil, images: images)
    }
}
