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
        observation = image.observation
        // A rewrite that declines names its rule in the warning; the reason is what counts.
        let warnings =
            image.outcome == .declined ? [image.reason] : image.warnings.dropLast(observation == nil ? 0 : 1)
        // Denials speak in the order of their rules' names, which says nothing.
        self.warnings = pod.warnings + (image.outcome == .denied ? warnings.sorted() : warnings)
    }

    /// Whether two answers are the same but for what rules that observe say.
    func isSameAct(as other: ImageAnswer) -> Bool {
        to == other.to && additions == other.additions && denials == other.denials && warnings == other.warnings
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
