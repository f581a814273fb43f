import RuleLang

/// Denials that are got around: by a pod that has itself ignored, or by another registry.
struct DenialAnalysis {
    let model: ActionModel

    private var denials: [Int] {
        model.actions.indices.filter { model.actions[$0].effect.isDenial }
    }

    // MARK: Ignored on request

    /// Reports once a rule that pods get around its denials by an `ignore` that asks for what is in the hands of
    /// whoever writes the pod: its labels, where an image stands, what is done, and what is written of tag and digest.
    func reportOptOuts(diagnostics: inout [Diagnostic]) {
        let optOuts = model.holes.filter { hole in
            guard let conditions = hole.conditions else { return false }
            return !conditions.podLabels.isUnconstrained || conditions.placesAndOperations != .all
                || conditions.writtenParts != .all
        }
        guard !optOuts.isEmpty else { return }
        let others = model.holes.filter { hole in !optOuts.contains { $0.span == hole.span } }.map(\.box)
        var reported: Set<Int> = []
        for denial in denials where !reported.contains(model.actions[denial].rule) && !Task.isCancelled {
            let live = !model.rule(denial).isObserved
            let beaters = model.beaters(of: denial, live: live)
            for optOut in optOuts {
                let overlap = model.boxes[denial].intersection(optOut.box)
                guard !overlap.isEmpty else { continue }
                let search = Box.search([overlap], outside: beaters.map { model.boxes[$0] } + others) { box in
                    box.witnesses().first { isGotAround($0, denial, beaters) }
                }
                switch search {
                case .nothing: continue
                case .found(let witness): diagnostics.append(optedOut(denial, optOut, witness))
                case .undecided:
                    diagnostics.append(
                        .notDecided(
                            "whether a pod gets around what `\(model.name(denial))` denies", at: model.spans[denial],
                            secondary: [.init(span: optOut.span, text: "by this")],
                            help: "merge the narrower rules that lie within it"))
                }
                reported.insert(model.actions[denial].rule)
                break
            }
        }
    }

    private func isGotAround(_ witness: Witness, _ denial: Int, _ beaters: [Int]) -> Bool {
        model.replay.decision(on: witness, among: [denial])?.outcome == .ignored
            && model.replay.withoutIgnores.decision(on: witness, of: denial, unlessClaimedBy: beaters)?.outcome
                == .denied
    }

    private func optedOut(_ denial: Int, _ optOut: ActionModel.Hole, _ witness: Witness) -> Diagnostic {
        var help: [String] = []
        if let entries = optOut.conditions?.podLabels.entries, entries.count == 1, let entry = entries.first,
            let selector = LabelRequirement.anything.subtracting(entry.requirement).selector(key: entry.key)
        {
            help.append("ask for the label where images are rewritten: `when pod where \(selector)`")
        } else {
            help.append("ask for this with `when` in the rules that rewrite, not with `ignore`")
        }
        help.append("if whoever writes a pod may do that, say that it is meant: `accept W0304`")
        return Diagnostic(
            .denialGotAround, "pods can get around what `\(model.name(denial))` denies", at: model.spans[denial],
            label: "this denial", secondary: [.init(span: optOut.span, text: "gets around it")],
            notes: ["witness: \(witness.text) is ignored, and so not denied"], help: help)
    }

    // MARK: Lists of registries

    /// Reports once a rule that what it denies of whole registries can be had from others.
    func reportDenyLists(diagnostics: inout [Diagnostic]) {
        let denials = denials.filter { !model.rule($0).isObserved }
        let closed = denials.map { model.boxes[$0] } + model.holes.map(\.box)
        // A registry that no pattern names stays open as long as no denial names every registry.
        let other = Self.other(closed)
        let closedThere = closed.filter { $0.registries.contains(other) }
        let denialsThere = denials.filter { model.boxes[$0].registries.contains(other) }
        var reported: Set<Int> = []
        for denial in denials where !reported.contains(model.actions[denial].rule) && !Task.isCancelled {
            let pattern = model.actions[denial].pattern
            // Who denies Docker Hub mostly has a mirror of it, and no list of what is bad.
            guard pattern.registry != .any, pattern.registry != .host("docker.io"),
                pattern.path == ImagePattern.everything.path, pattern.tag == nil
            else { continue }
            let elsewhere = Box(
                pattern: ImagePattern(registry: other, path: ImagePattern.everything.path),
                conditions: model.rule(denial).conditions)
            switch Box.search([elsewhere], outside: closedThere, { $0.witnesses().first { isOpen($0, denialsThere) } })
            {
            case .nothing: continue
            case .found(let witness): diagnostics.append(denyList(denial, witness))
            case .undecided:
                diagnostics.append(
                    .notDecided(
                        "whether other registries stay open", at: model.spans[denial],
                        help: "deny what is not allowed: `deny \"*/*\" because \"…\"`"))
            }
            reported.insert(model.actions[denial].rule)
        }
    }

    private func denyList(_ denial: Int, _ witness: Witness) -> Diagnostic {
        Diagnostic(
            .denyList, "`\(model.name(denial))` denies a registry, and those that no rule names stay open",
            at: model.spans[denial], label: "closes no more than it names",
            notes: ["witness: \(witness.text) is not denied"],
            help: [
                "deny everything, and allow what may be used: `deny \"*/*\" because \"…\"`, `allow \"…\"`",
                "if no more is meant, say so: `accept W0305`",
            ])
    }

    private func isOpen(_ witness: Witness, _ denials: [Int]) -> Bool {
        guard let decision = model.replay.decision(on: witness, among: denials) else { return false }
        return decision.by == nil && decision.outcome == .unchanged
    }

    /// A registry that no pattern of some boxes names.
    private static func other(_ boxes: [Box]) -> RegistryPattern {
        let named = boxes.flatMap { $0.registries.regions.map(\.include) }.filter { $0 != .any }
        return RegistryPattern.any.witness(avoiding: Set(named).sorted()) ?? .any
    }
}
