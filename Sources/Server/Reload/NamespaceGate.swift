import Engine

/// Whether a rule set can be taken up, as far as the labels of namespaces are concerned.
struct NamespaceGate: Sendable {
    /// What to do with a rule set.
    enum Verdict: Equatable {
        case take
        /// Not before the namespaces are known; why they are not, in words.
        case wait(String)
        case refuse(RuleProblem)
    }

    private let source: (any NamespaceLabelSource)?
    private let refusal: String?

    init(_ configuration: ServerConfiguration) {
        source = configuration.namespaces
        refusal = configuration.namespaceLabelRefusal
    }

    /// A gate that takes everything.
    init() {
        source = nil
        refusal = nil
    }

    /// What to do with a rule set. One that asks for labels makes the source begin to follow the cluster.
    func verdict(_ program: Program) -> Verdict {
        guard program.asksForNamespaceLabels else { return .take }
        if let refusal {
            let places = program.namespaceLabelReaders
            return .refuse(
                RuleProblem(
                    summary: "the rules ask for labels of namespaces, which are not known here",
                    details: places.map { "\($0) asks for labels of the namespace" } + [refusal]))
        }
        guard let source else { return .take }
        source.follow()
        if source.isSynced { return .take }
        return .wait(
            source.problem.map { "the namespaces are not known yet: \($0)" } ?? "the namespaces are not known yet")
    }
}
