import RuleLang

/// What a pod gets for one image: by this, and nothing else, programs are compared. Names of rules are left out.
public struct ImageAnswer: Sendable, Equatable {
    /// The image's new text; nil where it stays.
    public let to: String?
    /// What else the patch does: marks, and the memory of a bypass.
    public let additions: [PatchOperation]
    /// The messages of denials; empty unless denied.
    public let denials: Set<String>
    /// The warnings, without what rules that observe say.
    public let warnings: [String]
    /// What a rule that observes would do.
    public let observation: String?

    /// The answer about one image of a pod.
    ///
    /// - Parameters:
    ///   - image: the decision about the image.
    ///   - pod: the decision that it is part of, for what concerns the pod as a whole.
    public init(_ image: ImageDecision, of pod: PodDecision) {
        to = pod.isDenied ? nil : image.to
        additions = pod.patch.filter { if case .replace = $0 { false } else { true } }
        denials = Set(image.denials)
        var warnings = image.warnings
        let marker = "` observes: it would "
        var observation: String?
        if let last = warnings.last, let range = last.utf8.firstRange(of: marker.utf8),
            last.utf8[..<range.lowerBound].firstRange(of: ": rule `".utf8) != nil
        {
            observation = String(last[range.upperBound...])
            warnings.removeLast()
        }
        // A rewrite that declines names its rule in the warning; the reason is what counts.
        if image.outcome == .declined { warnings = [image.reason] }
        self.warnings = pod.warnings + warnings
        self.observation = observation
    }

    /// Whether two answers are the same but for what rules that observe say.
    func isSameAct(as other: ImageAnswer) -> Bool {
        to == other.to && additions == other.additions && denials == other.denials && warnings == other.warnings
    }
}

/// One image in one situation, ready to be decided.
struct ImagePoint: Hashable {
    var text: String
    var namespace = "default"
    var namespaceLabels: [String: String]? = [:]
    var podLabels: [String: String] = [:]
    var place = Place.container
    var operation = Operation.create
    var selfImage: Reference?

    init(text: String) { self.text = text }

    init(_ witness: Witness, text: String? = nil) {
        self.text = text ?? witness.reference.text
        namespace = witness.namespace
        namespaceLabels = witness.namespaceLabels
        podLabels = witness.podLabels
        place = witness.place
        operation = witness.operation
    }

    /// What a program makes of it.
    func decide(by program: Program) -> PodDecision {
        let field = ImageField(place: place, name: "", pointer: "/image", text: text)
        let workload = Workload(kind: "Pod", labels: podLabels, annotations: [:], images: [field])
        let context = EvaluationContext(
            namespace: namespace, namespaceLabels: namespaceLabels,
            operation: place == .ephemeral ? .update : operation, selfImage: selfImage)
        return program.decide(workload, in: context)
    }
}

extension PodDecision {
    /// The answer about the only image.
    var onlyAnswer: ImageAnswer? { images.first.map { ImageAnswer($0, of: self) } }
}

extension Box {
    /// Whether one image in one situation is in the box.
    func contains(_ witness: Witness) -> Bool {
        let name = ImageName(witness.reference)
        return registries.contains(.host(name.registry))
            && paths.contains(PathPattern(components: name.components, hasWildcard: false))
            && tags.contains(tag: witness.reference.tag, hasDigest: witness.reference.digest != nil)
            && placesAndOperations.contains(PlacesAndOperations(witness.place, witness.operation))
            && namespaces.contains(NamespacePattern(stem: witness.namespace, isPrefix: false))
            && namespaceLabels.hold(for: witness.namespaceLabels) && podLabels.hold(for: witness.podLabels)
    }

    /// What is left of some boxes without others; nil beyond the budget.
    static func remainder(of boxes: [Box], without holes: [Box]) -> [Box]? {
        var remaining = boxes
        for hole in holes {
            remaining = remaining.flatMap { $0.intersection(hole).isEmpty ? [$0] : $0.subtracting(hole) }
            if remaining.count > budget { return nil }
        }
        return remaining
    }

    /// Everything.
    static let everything = Box(pattern: .everything, conditions: ConditionSet())
}

extension TagSet {
    /// Whether images with this end are of the set.
    func contains(tag: String?, hasDigest: Bool) -> Bool {
        let tags = hasDigest ? withDigest : withoutDigest
        return tag.map(tags.tags.contains) ?? tags.allowsNone
    }
}
