import RuleLang

/// One answer for every image: where two actions overlap, neither is more specific, and their answers differ, the
/// images that no third action settles are an error.
struct ConflictAnalysis {
    let rules: [CompiledRule]
    let actions: [CompiledAction]
    let spans: [Span]
    let boxes: [Box]
    let order: ActionOrder
    /// What is ignored: no action claims it.
    let ignored: [Box]

    private enum Verdict {
        case settled
        case conflict(Witness)
        case undecided
    }

    func run(diagnostics: inout [Diagnostic]) {
        // One finding an action: whoever mends it sees the next one.
        var reported: Set<Int> = []
        for (first, second) in order.unordered where !reported.contains(second) {
            switch verdict(first, second) {
            case .settled:
                break
            case .conflict(let witness):
                reported.insert(second)
                diagnostics.append(conflict(first, second, witness))
            case .undecided:
                diagnostics.append(
                    Diagnostic(
                        .undecided,
                        "it could not be decided whether \(names(first, second)) claim an image between them",
                        at: spans[second],
                        label: "this one", secondary: [.init(span: spans[first], text: "and this one")],
                        notes: ["not decided: more than \(Box.budget) cases"],
                        help: ["let one pattern stand inside the other, or merge the narrower rules that both hold"]))
            }
        }
    }

    private func verdict(_ first: Int, _ second: Int) -> Verdict {
        let comparison = AnswerComparison(
            first: actions[first], second: actions[second], firstMarks: rules[actions[first].rule].marks,
            secondMarks: rules[actions[second].rule].marks)
        let overlap = boxes[first].intersection(boxes[second])
        if comparison.agrees(on: overlap) { return .settled }
        // A rule that only observes settles nothing between two that act.
        let isLive = !rules[actions[first].rule].isObserved && !rules[actions[second].rule].isObserved
        let narrower = Set(order.inside[first] + order.inside[second]).sorted()
            .filter { !isLive || !rules[actions[$0].rule].isObserved }
        guard let remaining = Box.subtract(narrower.map { boxes[$0] } + ignored, from: [overlap]) else {
            return .undecided
        }
        let differing = remaining.filter { !comparison.agrees(on: $0) }
        guard let piece = differing.first else { return .settled }
        let witness = differing.lazy.compactMap(\.witness).first { comparison.differs(for: $0.reference) }
        return (witness ?? special(in: piece, comparison)).map { .conflict($0) } ?? .undecided
    }

    /// A witness where the general one shows nothing: among official Docker Hub images, among images below
    /// `library/` that are none, and among images with a digest.
    private func special(in box: Box, _ comparison: AnswerComparison) -> Witness? {
        let official = ["library"]
        let deeper = ["library", "a"]
        var narrower = [official, deeper].map { components in
            Box(
                pattern: ImagePattern(
                    registry: .host("docker.io"), path: PathPattern(components: components, hasWildcard: true)),
                conditions: ConditionSet())
        }
        var pinned = ConditionSet()
        pinned.writtenParts = .with(.digest, written: true)
        narrower.append(Box(pattern: .everything, conditions: pinned))
        return narrower.lazy.map(box.intersection).filter { !$0.isEmpty }.compactMap(\.witness).first {
            comparison.differs(for: $0.reference)
        }
    }

    private func names(_ first: Int, _ second: Int) -> String {
        let left = rules[actions[first].rule].name
        let right = rules[actions[second].rule].name
        return left == right ? "two actions of `\(left)`" : "`\(left)` and `\(right)`"
    }

    private func conflict(_ first: Int, _ second: Int, _ witness: Witness) -> Diagnostic {
        let overlap = boxes[first].intersection(boxes[second])
        var help: [String] = []
        if boxes[first] == boxes[second] {
            help.append("remove one of them, or give them conditions that exclude each other")
        } else if let registry = overlap.registries.singleAtom, let path = overlap.paths.singleAtom {
            let tag = actions[first].pattern.tag ?? actions[second].pattern.tag
            let both = ImagePattern(registry: registry, path: path, tag: tag)
            if both == actions[first].pattern || both == actions[second].pattern {
                help.append("make the conditions of one rule part of the other's, or let them exclude each other")
            } else {
                help.append("add a rule for `\(both.text)`, under the conditions of both, that says what happens there")
            }
        }
        return Diagnostic(
            .conflict,
            "\(names(second, first)) both claim some images, and neither is more specific", at: spans[second],
            label: "this one", secondary: [.init(span: spans[first], text: "and this one")],
            notes: ["witness: \(witness.text)"], help: help)
    }
}
