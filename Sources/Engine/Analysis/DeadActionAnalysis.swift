import RuleLang

/// Actions that never decide: everything they claim is claimed by more specific ones, or ignored.
struct DeadActionAnalysis {
    let rules: [CompiledRule]
    let actions: [CompiledAction]
    let spans: [Span]
    let boxes: [Box]
    let order: ActionOrder
    /// What is ignored, with where that is said.
    let ignored: [(box: Box, span: Span)]

    func run(diagnostics: inout [Diagnostic]) {
        for action in actions.indices {
            let isLive = !isObserved(action)
            // A rule that only observes takes nothing away from one that acts.
            var covers = order.inside[action].filter { !isLive || !isObserved($0) }.map { (boxes[$0], spans[$0]) }
            covers += ignored.map { ($0.box, $0.span) }
            var remaining = [boxes[action]]
            var used: [Span] = []
            for (box, span) in covers {
                let before = remaining
                remaining = remaining.flatMap { $0.intersection(box).isEmpty ? [$0] : $0.subtracting(box) }
                if remaining != before { used.append(span) }
                if remaining.isEmpty || remaining.count > Box.budget { break }
            }
            if remaining.isEmpty {
                diagnostics.append(dead(action, used))
            } else if remaining.count > Box.budget {
                diagnostics.append(
                    Diagnostic(
                        .undecided, "it could not be decided whether `\(actions[action].pattern.text)` ever decides",
                        at: spans[action], notes: ["not decided: more than \(Box.budget) cases"],
                        help: ["merge the narrower rules that lie within it"]))
            }
        }
    }

    private func dead(_ action: Int, _ covers: [Span]) -> Diagnostic {
        let name = rules[actions[action].rule].name
        return Diagnostic(
            .deadAction, "`\(actions[action].pattern.text)` in `\(name)` never decides", at: spans[action],
            label: "all of it is taken by others",
            secondary: covers.prefix(4).map { .init(span: $0, text: "takes some of it") },
            notes: covers.count > 4 ? ["and \(covers.count - 4) more take some of it"] : [],
            help: ["remove it, or remove what takes its images"])
    }

    private func isObserved(_ action: Int) -> Bool { rules[actions[action].rule].isObserved }
}
