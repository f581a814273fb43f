import RuleLang

/// Actions that never decide: everything they claim is claimed by others that beat them, or ignored.
struct DeadActionAnalysis {
    let model: ActionModel

    /// Reports them; false where it could not be decided of some action.
    func run(diagnostics: inout [Diagnostic]) -> Bool {
        var isDecided = true
        for action in model.actions.indices where !Task.isCancelled {
            let isLive = !model.rule(action).isObserved
            let beaters = model.beaters(of: action, live: isLive).map { (box: model.boxes[$0], span: model.spans[$0]) }
            let covers = beaters + model.holes(in: action).map { ($0.box, $0.span) }
            guard !covers.isEmpty else { continue }
            switch Box.search([model.boxes[action]], outside: covers.map(\.box), { _ in true }) {
            case .found: break
            case .nothing: diagnostics.append(dead(action, needed(covers, for: model.boxes[action])))
            case .undecided:
                isDecided = false
                diagnostics.append(undecided(action))
            }
        }
        return isDecided
    }

    /// The cover that takes everything, or those that take something that the ones before them leave.
    private func needed(_ covers: [(box: Box, span: Span)], for box: Box) -> [Span] {
        if let alone = covers.first(where: { box.isSubset(of: $0.box) }) { return [alone.span] }
        var remaining = [box]
        var spans: [Span] = []
        for cover in covers where remaining.contains(where: { !$0.intersection(cover.box).isEmpty }) {
            spans.append(cover.span)
            remaining = remaining.flatMap { $0.subtracting(cover.box) }
            // More would not be shown one by one.
            if remaining.count > Box.budget { return covers.map(\.span) }
        }
        return spans
    }

    private func dead(_ action: Int, _ covers: [Span]) -> Diagnostic {
        let isOne = covers.count == 1
        return Diagnostic(
            .deadAction, "`\(model.actions[action].pattern.text)` in `\(model.name(action))` never decides",
            at: model.spans[action], label: isOne ? "all of it is taken" : "all of it is taken by several",
            secondary: covers.prefix(4).map { .init(span: $0, text: isOne ? "takes all of it" : "takes some of it") },
            notes: covers.count > 4 ? ["and \(covers.count - 4) more take some of it"] : [],
            help: ["remove it, or remove what takes its images"])
    }

    private func undecided(_ action: Int) -> Diagnostic {
        .notDecided(
            "whether `\(model.actions[action].pattern.text)` in `\(model.name(action))` ever decides",
            at: model.spans[action], help: "merge the narrower rules that lie within it")
    }
}
