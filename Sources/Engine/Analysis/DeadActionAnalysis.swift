import RuleLang

/// Actions that never decide: everything they claim is claimed by others that beat them, or ignored.
struct DeadActionAnalysis {
    let model: ActionModel

    /// Reports them; false where it could not be decided of some action.
    func run(diagnostics: inout [Diagnostic]) -> Bool {
        var isDecided = true
        for action in model.actions.indices {
            let isLive = !model.rule(action).isObserved
            var covers = model.beaters(of: action, live: isLive).map { (model.boxes[$0], model.spans[$0]) }
            covers += model.holes.map { ($0.box, $0.span) }
            var remaining = [model.boxes[action]]
            var used: [Span] = []
            for (box, span) in covers {
                guard let next = Box.subtract([box], from: remaining) else {
                    isDecided = false
                    diagnostics.append(undecided(action))
                    remaining = [box]
                    break
                }
                if next != remaining { used.append(span) }
                remaining = next
                if remaining.isEmpty { break }
            }
            if remaining.isEmpty { diagnostics.append(dead(action, used)) }
        }
        return isDecided
    }

    private func dead(_ action: Int, _ covers: [Span]) -> Diagnostic {
        Diagnostic(
            .deadAction, "`\(model.actions[action].pattern.text)` in `\(model.name(action))` never decides",
            at: model.spans[action], label: "all of it is taken by others",
            secondary: covers.prefix(4).map { .init(span: $0, text: "takes some of it") },
            notes: covers.count > 4 ? ["and \(covers.count - 4) more take some of it"] : [],
            help: ["remove it, or remove what takes its images"])
    }

    private func undecided(_ action: Int) -> Diagnostic {
        .notDecided(
            "whether `\(model.actions[action].pattern.text)` in `\(model.name(action))` ever decides",
            at: model.spans[action], help: "merge the narrower rules that lie within it")
    }
}
