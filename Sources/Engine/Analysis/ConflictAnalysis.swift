import RuleLang

/// One answer for every image: where two actions overlap, neither beats the other, and their answers differ, the
/// images that no third action settles are an error.
struct ConflictAnalysis {
    let model: ActionModel

    /// Whether two actions answer some image differently that nothing settles.
    enum Verdict {
        case settled
        case conflict(Witness)
        case undecided
    }

    func run(diagnostics: inout [Diagnostic]) {
        // One finding an action: whoever mends it sees the next one.
        var reported: Set<Int> = []
        for (first, second) in model.order.unordered where !reported.contains(second) && !Task.isCancelled {
            switch verdict(first, second) {
            case .settled:
                break
            case .conflict(let witness):
                reported.insert(second)
                diagnostics.append(conflict(first, second, witness))
            case .undecided:
                reported.insert(second)
                diagnostics.append(
                    Diagnostic(
                        .undecided,
                        "it could not be decided whether \(names(first, second)) claim an image between them",
                        at: model.spans[second],
                        label: "this one", secondary: [.init(span: model.spans[first], text: "and this one")],
                        notes: ["not decided within \(Box.budget) cases"],
                        help: ["let one pattern stand inside the other, or merge the narrower rules that both hold"]))
            }
        }
    }

    /// Whether two actions that overlap are settled.
    ///
    /// - Parameters:
    ///   - overriding: an action that beats the second one by an override that then counts for nothing.
    ///   - holders: actions that claim the images that are looked at.
    func verdict(
        _ first: Int, _ second: Int, without overriding: Int? = nil, inside holders: [Int] = []
    ) -> Verdict {
        let left = model.rule(first)
        let right = model.rule(second)
        let comparison = AnswerComparison(
            first: model.actions[first], second: model.actions[second], firstMarks: left.marks,
            secondMarks: right.marks, distinguishesDenials: overriding != nil)
        if comparison.agreesEverywhere { return .settled }
        var overlap = model.boxes[first].intersection(model.boxes[second])
        for holder in holders { overlap = overlap.intersection(model.boxes[holder]) }
        if overlap.isEmpty || comparison.agrees(on: overlap) { return .settled }
        // A rule that only observes settles nothing between two that act.
        let isLive = ![first, second, overriding ?? first].contains { model.rule($0).isObserved }
        let beaters = model.beaters(of: second, live: isLive).filter { other in
            guard let overriding else { return true }
            // What the same override puts before the second one falls away with it.
            return model.order.inside[second].contains(other)
                || model.actions[other].rule != model.actions[overriding].rule
        }
        let settling = Set(model.beaters(of: first, live: isLive) + beaters).sorted()
        var outside = settling.map { model.boxes[$0] } + model.holes(in: first).map(\.box)
        if overriding != nil { outside += echoes(of: second, in: overlap, live: isLive) }
        var isDifferent = false
        let search = Box.search([overlap], outside: outside) { box -> Witness? in
            guard !comparison.agrees(on: box) else { return nil }
            // Targets may come to the same but for images with a digest.
            var pinned = box
            pinned.tags = box.tags.onlyWithDigest
            // What is written for an image at Docker Hub names it in full, where what is left alone may be short.
            let witnesses = [box, pinned].lazy.flatMap { $0.witnesses() }.flatMap {
                [$0, $0.short].compactMap(\.self)
            }
            let found = witnesses.first { isConfirmed($0, first, second, settling) }
            // Where both decline, whatever the forms of their targets are, they say the same.
            isDifferent = isDifferent || found == nil && !witnesses.allSatisfy { isDeclined($0, first, second) }
            return found
        }
        switch search {
        case .found(let witness): return .conflict(witness)
        case .nothing where !isDifferent: return .settled
        case .nothing, .undecided: return .undecided
        }
    }

    /// Where what a denial says is said by another one too, which nothing beats there: of denials all speak, so that
    /// it makes no difference there whether this one does.
    private func echoes(of denial: Int, in region: Box, live: Bool) -> [Box] {
        let own = model.actions[denial]
        guard own.effect.isDenial else { return [] }
        return model.actions.indices.flatMap { other -> [Box] in
            let action = model.actions[other]
            guard other != denial, action.effect == own.effect, action.warning == own.warning,
                !live || !model.rule(other).isObserved
            else { return [] }
            let beaters = model.beaters(of: other, live: live).map { model.boxes[$0] }
            return Box.remainder(of: [model.boxes[other].intersection(region)], without: beaters) ?? []
        }.filter { !$0.isEmpty }
    }

    /// Whether the evaluator answers a witness in two ways, as either of two actions decides.
    private func isConfirmed(_ witness: Witness, _ first: Int, _ second: Int, _ settling: [Int]) -> Bool {
        guard let left = model.replay.decision(on: witness, of: first, unlessClaimedBy: settling),
            let right = model.replay.decision(on: witness, among: [second]), right.by != nil
        else { return false }
        guard left.outcome == right.outcome, left.to == right.to, left.denials == right.denials else { return true }
        // What is declined names its rule in the warning.
        guard left.outcome != .declined else { return false }
        return left.warnings != right.warnings
            || (left.outcome == .rewritten && model.rule(first).marks != model.rule(second).marks)
    }

    private func isDeclined(_ witness: Witness, _ first: Int, _ second: Int) -> Bool {
        [first, second].allSatisfy { model.replay.decision(on: witness, among: [$0])?.outcome == .declined }
    }

    private func names(_ first: Int, _ second: Int) -> String {
        let left = model.name(first)
        let right = model.name(second)
        return left == right ? "two actions of `\(left)`" : "`\(left)` and `\(right)`"
    }

    private func conflict(_ first: Int, _ second: Int, _ witness: Witness) -> Diagnostic {
        let boxes = model.boxes
        let overlap = boxes[first].intersection(boxes[second])
        var help: [String] = []
        // What can be pasted comes first.
        if boxes[first] != boxes[second], model.actions[first].rule != model.actions[second].rule {
            help.append(orderHelp(first, second))
        }
        let otherwise = help.isEmpty ? "" : "or "
        if boxes[first] == boxes[second] {
            help.append("remove one of them, or give them conditions that exclude each other")
        } else if let registry = overlap.registries.singleAtom, let path = overlap.paths.singleAtom {
            let patterns = [model.actions[first].pattern, model.actions[second].pattern]
            let both = ImagePattern(registry: registry, path: path, tag: patterns[0].tag ?? patterns[1].tag)
            help.append(
                patterns.contains(both)
                    ? "\(otherwise)make the conditions of one rule part of the other's, or let them exclude each other"
                    : "\(otherwise)add a rule for `\(both.text)`, under the conditions of both, that says what happens there"
            )
        }
        return Diagnostic(
            .conflict,
            "\(names(second, first)) both claim some images, and neither is more specific", at: model.spans[second],
            label: "this one", secondary: [.init(span: model.spans[first], text: "and this one")],
            notes: ["witness: \(witness.text)"], help: help)
    }

    /// Which of two rules to let go first: of a denial and what would pierce it the denial, unless that closed a circle.
    private func orderHelp(_ first: Int, _ second: Int) -> String {
        let denials = [first, second].filter { if case .deny = model.actions[$0].effect { true } else { false } }
        var winner = model.order.height[first] > model.order.height[second] ? first : second
        var advice = "say which goes first"
        if denials.count == 1, !goesBefore(denials[0] == first ? second : first, denials[0]) {
            winner = denials[0]
            advice = "let the denial go first"
        }
        let loser = model.name(winner == first ? second : first)
        let overrides = (model.rule(winner).overrides + [loser]).map(\.asName).joined(separator: ", ")
        return "\(advice): `rule \(model.name(winner).asName) overrides \(overrides)`"
    }

    /// Whether an action beats another by way of others. What beats another stands higher.
    private func goesBefore(_ action: Int, _ other: Int) -> Bool {
        let height = model.order.height
        var seen: Set<Int> = []
        var reached = [other]
        while let next = reached.popLast() {
            if next == action { return true }
            reached += model.order.beaters(of: next).filter { height[$0] <= height[action] && seen.insert($0).inserted }
        }
        return false
    }
}

extension String {
    /// A name as it is written: in quotes where it is no bare word.
    fileprivate var asName: String {
        let isWord = utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "._/-".utf8.contains(byte)
            }
        }
        return isWord ? self : "\"" + replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
