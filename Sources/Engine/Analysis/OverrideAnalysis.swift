import RuleLang

/// What is wrong with `overrides`: actions that beat each other in a circle, and overrides that settle nothing.
struct OverrideAnalysis {
    let model: ActionModel
    /// For each rule, what stands after its `overrides`.
    let overrides: [[CheckedOverride]]

    /// Reports actions of which each beats the next and the last one the first; false where there are none.
    func reportCycle(diagnostics: inout [Diagnostic]) -> Bool {
        guard let cycle = model.order.cycle, let last = cycle.last else { return false }
        var notes: [String] = []
        var spans: [Span] = []
        var rules: [String] = []
        for (winner, loser) in zip([last] + cycle, cycle) {
            let isOverride = model.order.overriders[loser].contains(winner)
            notes.append(
                "\(describe(winner)) \(isOverride ? "overrides" : "lies within") \(describe(loser))")
            if isOverride,
                let override = overrides[model.actions[winner].rule].first(where: { $0.rule == model.name(loser) }),
                !spans.contains(override.span)
            {
                spans.append(override.span)
                rules.append(model.name(winner))
            }
        }
        guard let first = spans.first, let rule = rules.first else { return false }
        diagnostics.append(
            Diagnostic(
                .overrideCycle, "`\(rule)` overrides what goes before it", at: first, label: "this",
                secondary: spans.dropFirst().map { .init(span: $0, text: "and this") }, notes: notes,
                help: [
                    spans.count > 1 ? "remove one of these overrides" : "remove this override",
                    "or make the patterns of one rule narrower: what lies within another goes before it",
                ]))
        return true
    }

    private func describe(_ action: Int) -> String {
        "`\(model.actions[action].pattern.text)` of `\(model.name(action))`"
    }

    /// Reports overrides without which every image would have one answer too.
    func reportIdle(diagnostics: inout [Diagnostic]) {
        guard overrides.contains(where: { !$0.isEmpty }) else { return }
        // The pairs of actions that are ordered by each override, by the rules that it names.
        var pairs: [[String]: [(Int, Int)]] = [:]
        for (loser, winners) in model.order.overriders.enumerated() {
            for winner in winners {
                pairs[[model.name(winner), model.name(loser)], default: []].append((winner, loser))
            }
        }
        var unordered: [Int: [Int]] = [:]
        for (first, second) in model.order.unordered {
            unordered[first, default: []].append(second)
            unordered[second, default: []].append(first)
        }
        for (index, rule) in model.rules.enumerated() {
            for override in overrides[index] {
                report(
                    override, of: rule.name, pairs[[rule.name, override.rule]] ?? [], unordered,
                    diagnostics: &diagnostics)
            }
        }
    }

    private func report(
        _ override: CheckedOverride, of rule: String, _ pairs: [(Int, Int)], _ unordered: [Int: [Int]],
        diagnostics: inout [Diagnostic]
    ) {
        let conflicts = ConflictAnalysis(model: model)
        var isUndecided = false
        for (winner, loser) in pairs {
            // Without it the loser would decide beside the winner, and where something goes before that, beside what
            // decides there.
            var places = [(other: winner, inside: [winner])]
            let others = Set(pairs.filter { $0.1 == loser }.map(\.0) + (unordered[loser] ?? [])).subtracting([winner])
            for other in others.sorted() {
                places += model.order.beaters(of: winner).map { (other, [winner, $0]) }
            }
            for place in places {
                switch conflicts.verdict(place.other, loser, without: winner, inside: place.inside) {
                case .conflict: return
                case .undecided: isUndecided = true
                case .settled: break
                }
            }
        }
        guard !isUndecided else {
            diagnostics.append(
                .notDecided(
                    "whether `\(rule)` has to override `\(override.rule)`", at: override.span,
                    help: "try without it: what it settles is then reported"))
            return
        }
        diagnostics.append(
            Diagnostic(
                .idleOverride, "`\(rule)` overrides `\(override.rule)`, and that settles nothing", at: override.span,
                label: pairs.isEmpty
                    ? "no two actions of them overlap but where one lies within the other"
                    : "every image has one answer without it",
                help: ["remove it"]))
    }
}

extension Diagnostic {
    /// What is not wrong as far as is known, and too hard to prove.
    static func notDecided(_ question: String, at span: Span, secondary: [Label] = [], help: String) -> Diagnostic {
        Diagnostic(
            .notDecided, "it could not be decided \(question)", at: span, secondary: secondary,
            notes: ["not decided within \(Box.budget) cases"], help: [help])
    }
}
