import RuleLang

/// All conditions of a rule, or the one of an `ignore`, in normal form: one set of values for each thing that can be
/// asked. Two spellings of one condition give equal sets.
struct ConditionSet: Hashable, Sendable {
    var namespaces = AtomSet(NamespacePattern.any)
    /// Without `kubernetes.io/metadata.name`, which is the name and goes into `namespaces`.
    var namespaceLabels = LabelRequirements()
    var podLabels = LabelRequirements()
    var placesAndOperations = PlacesAndOperations.all
    var writtenParts = WrittenParts.all

    /// The label of every namespace that is its name.
    static let namespaceNameLabel = "kubernetes.io/metadata.name"

    /// Whether nothing can satisfy it.
    var isEmpty: Bool {
        namespaces.isEmpty || namespaceLabels.isEmptySet || podLabels.isEmptySet || placesAndOperations.isEmpty
            || writtenParts.isEmpty
    }

    var asksForNamespaceLabels: Bool { !namespaceLabels.isUnconstrained }

    mutating func require(namespaceLabel key: String, _ requirement: LabelRequirement) {
        guard key == Self.namespaceNameLabel else {
            namespaceLabels[key] = namespaceLabels[key].intersection(requirement)
            return
        }
        // The label is always there, so that a requirement is a set of names, or of names left out.
        let listed = AtomSet(anyOf: requirement.values.listed.map { NamespacePattern(stem: $0, isPrefix: false) })
        namespaces =
            requirement.values.isComplement
            ? namespaces.subtracting(listed)
            : namespaces.intersection(listed)
    }

    mutating func require(podLabel key: String, _ requirement: LabelRequirement) {
        podLabels[key] = podLabels[key].intersection(requirement)
    }

    func isSubset(of other: ConditionSet) -> Bool {
        placesAndOperations.isSubset(of: other.placesAndOperations)
            && podLabels.isSubset(of: other.podLabels)
            && namespaceLabels.isSubset(of: other.namespaceLabels)
            && namespaces.isSubset(of: other.namespaces)
    }
}
