import RuleLang

/// An image of an object, by where its parts stand.
struct FieldSlot {
    let place: Place
    /// Its place in its list, from 0.
    let index: Int
    var name: TextSlice
    var text: TextSlice
}

/// What is read of an object, by where it stands: slices of the text, or, from the text's end on, of what was decoded.
struct ObjectFields {
    struct Metadata {
        var name = TextSlice.empty
        var generateName = TextSlice.empty
        var namespace: TextSlice?
        /// Where `labels` begins; nil where it is missing or null.
        var labels: Int?
        /// Where `annotations` begins; nil where it is missing or null.
        var annotations: Int?
        /// The annotation that remembers bypasses.
        var bypassed: TextSlice?
        /// Whether the annotation of mirror pods is there.
        var isMirrorPod = false
    }

    struct Pod {
        var metadata: Metadata?
        /// For each place, in the order of `places`, where its images are in the reader's list.
        var lists = InlineArray<4, Range<Int>>(repeating: 0..<0)

        /// The order of a workload's images.
        static let places: [Place] = [.initContainer, .container, .ephemeral, .volume]

        var imageCount: Int { lists[0].count &+ lists[1].count &+ lists[2].count &+ lists[3].count }
    }

    let podPath: PodPath
    var own: Metadata?
    var pod = Pod()
}

/// What reading an object gave.
enum ObjectReading {
    case workload(ObjectFields)
    case notAWorkload
    case malformed(reason: String)
}

/// Where the pod stands in an object of a kind.
enum PodPath {
    case pod
    case template
    case jobTemplate

    /// Nil for a kind that holds no pod; `isKind` says whether group and kind are the kind's.
    init?(_ isKind: (_ group: StaticString, _ kind: StaticString) -> Bool) {
        if isKind("", "Pod") {
            self = .pod
        } else if isKind("apps", "ReplicaSet") || isKind("apps", "Deployment") || isKind("apps", "StatefulSet")
            || isKind("apps", "DaemonSet") || isKind("batch", "Job") || isKind("", "ReplicationController")
        {
            self = .template
        } else if isKind("batch", "CronJob") {
            self = .jobTemplate
        } else {
            return nil
        }
    }

    /// Nil for a kind that holds no pod.
    init?(_ kind: GroupKind) {
        self.init { kind.group == "\($0)" && kind.kind == "\($1)" }
    }

    /// The key that leads on from a level, 0 being the object itself; nil where the pod is reached.
    func step(_ level: Int) -> FieldKey? {
        switch (self, level) {
        case (.template, 0), (.jobTemplate, 0), (.jobTemplate, 2): .spec
        case (.template, 1), (.jobTemplate, 3): .template
        case (.jobTemplate, 1): .jobTemplate
        default: nil
        }
    }

    /// The JSON Pointer of a level.
    func pointer(_ level: Int) -> StaticString {
        switch (self, level) {
        case (_, 0), (.pod, _): ""
        case (_, 1): "/spec"
        case (.template, _): "/spec/template"
        case (_, 2): "/spec/jobTemplate"
        case (_, 3): "/spec/jobTemplate/spec"
        default: "/spec/jobTemplate/spec/template"
        }
    }

    /// The JSON Pointer of the pod or its template.
    var pointer: StaticString { pointer(4) }
}

extension Place {
    /// The key of the list that images of this place stand in.
    var listKey: StaticString {
        switch self {
        case .initContainer: "initContainers"
        case .container: "containers"
        case .ephemeral: "ephemeralContainers"
        case .volume: "volumes"
        }
    }
}
