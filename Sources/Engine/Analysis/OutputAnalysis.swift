import RuleLang

/// What rewrites write must not come back in.
struct OutputAnalysis {
    let model: ActionModel

    func run(diagnostics: inout [Diagnostic]) {
        // Mostly what is written to a mirror is taken up by nobody, and there is nothing to be found.
        let hosts = Set(model.actions.indices.compactMap { model.target(of: $0)?.host })
        var takers = PatternIndex()
        for (number, action) in model.actions.enumerated() where action.effect != .allow {
            if case .host(let host) = action.pattern.registry, !hosts.contains(host) { continue }
            takers.insert(action.pattern, number, box: model.boxes[number])
        }
        takers.sortPaths()
        for (source, action) in model.actions.enumerated() where !Task.isCancelled {
            guard let preimage = Preimage(action, model.boxes[source]) else { continue }
            if !model.bypassPrefixes.isEmpty, model.bypassPrefixes.contains(preimage.target.host + "/") {
                diagnostics.append(
                    Diagnostic(
                        .outputUnderBypass,
                        "`\(model.name(source))` writes images under the bypass prefix `\(preimage.target.host)/`",
                        at: model.spans[source], help: ["choose a host for `bypass` that is no registry"]))
                continue
            }
            var found: Set<Int> = []
            if !takers.isEmpty, let outputs = model.outputs(of: source) {
                takers.forEachOverlapping(outputs) { found.insert($0) }
            }
            for second in found.sorted() {
                if let diagnostic = reentry(source, preimage, second) {
                    diagnostics.append(diagnostic)
                    break
                }
            }
        }
    }

    /// What one action writes must not be won by another in any later request, whatever its operation.
    private func reentry(_ first: Int, _ preimage: Preimage, _ second: Int) -> Diagnostic? {
        let isLive = !model.rule(first).isObserved && !model.rule(second).isObserved
        // Most digests are named by no tag of a pattern; the one that the second names is looked at apart.
        let named = preimage.options.turnsDigestIntoTag ? model.actions[second].pattern.digestInTag : nil
        for hex in named == nil ? [nil] : [nil, named] {
            // Updates first: they reach every place, so that their witnesses need say nothing of it.
            for operation in [Operation.update, .create] {
                for shape in preimage.shapes {
                    // Whether each part in which something would come back in has shown it.
                    var isShown = true
                    let search = regions(first, preimage, second, operation, shape, hex, live: isLive) { box in
                        let diagnostic = box.witnesses(hex: hex).lazy.compactMap {
                            confirm($0, first, second, operation, live: isLive)
                        }.first { _ in true }
                        let isWritten =
                            shape.isExact && !(preimage.options.turnsDigestIntoTag && box.tags.isTooLongForDigests)
                        if isWritten, diagnostic == nil { isShown = false }
                        return diagnostic
                    }
                    switch search {
                    case .found(let diagnostic): return diagnostic
                    case .undecided: return undecided(first, second)
                    case .nothing where !isShown: return undecided(first, second)
                    case .nothing: break
                    }
                }
            }
        }
        return nil
    }

    /// Looks through the images that the first action wins and whose outputs the second wins.
    private func regions<Found>(
        _ first: Int, _ preimage: Preimage, _ second: Int, _ operation: Operation, _ shape: Preimage.Shape,
        _ hex: String?, live: Bool, _ show: (Box) -> Found?
    ) -> BoxSearch<Found> {
        func source(_ pattern: ImagePattern, _ box: Box) -> Box? {
            preimage.of(pattern, box.on(operation), through: shape, hex: hex)
        }
        guard var region = source(model.actions[second].pattern, model.boxes[second]) else { return .nothing }
        if hex != nil { region.tags = region.tags.onlyWithDigest }
        guard !region.isEmpty else { return .nothing }
        // What the second action does not win of what the first one writes.
        let taken = model.outputs(of: first).map { model.lost(by: second, live: live, near: $0) } ?? []
        let holes = model.lost(by: first, live: live, near: region).map(\.box) + taken.compactMap(source)
        return Box.search([region], outside: holes, show)
    }

    private func undecided(_ first: Int, _ second: Int) -> Diagnostic {
        Diagnostic(
            .undecided,
            "it could not be decided whether what `\(model.name(first))` writes is taken up by `\(model.name(second))`",
            at: model.spans[first], secondary: [.init(span: model.spans[second], text: "by this")],
            notes: ["not decided within \(Box.budget) cases"], help: ["write to a path that no pattern names"])
    }

    /// The finding of a witness, if the evaluator takes up what it wrote for it.
    private func confirm(
        _ witness: Witness, _ first: Int, _ second: Int, _ operation: Operation, live: Bool
    ) -> Diagnostic? {
        let written = model.replay.decision(
            on: witness, of: first,
            unlessClaimedBy: model.beaters(of: first, live: live, at: witness.reference, in: witness))
        // What a rewrite leaves as it is was written by it all the same.
        guard let written, [.rewritten, .unchanged].contains(written.outcome) else { return nil }
        let text = written.to ?? witness.reference.text
        guard let output = try? Reference.parse(text).get(),
            let taken = model.replay.decision(
                on: witness, of: second,
                unlessClaimedBy: model.beaters(of: second, live: live, at: output, in: witness), text: text,
                operation: operation)
        else { return nil }
        return diagnostic(first, second, witness, output, taken, operation)
    }

    private func diagnostic(
        _ first: Int, _ second: Int, _ witness: Witness, _ output: Reference, _ taken: ImageDecision,
        _ operation: Operation
    ) -> Diagnostic {
        let name = model.name(first)
        let other = model.name(second)
        let wildcard = model.actions[first].pattern.path.hasWildcard
        let taking = model.actions[second].pattern
        let allow = ImagePattern(
            registry: .host(output.registry),
            path: wildcard
                ? model.narrowestOutput(of: first)
                : PathPattern(components: ImageName(output).components, hasWildcard: false),
            tag: taking.tag)
        var chain = "`\(witness.reference.text)` -> `\(output.text)`"
        var help: [String] = []
        if taking.registry.contains(allow.registry), taking.path.contains(allow.path), taking.text != allow.text {
            // Under other conditions it would not lie within what takes the output up.
            let place = model.rule(second).conditions == ConditionSet() ? "" : ", in `\(other)`"
            help.append("let what is written pass\(place): `allow \"\(allow.text)\"`")
        }
        let what: String
        switch taken.outcome {
        case .rewritten:
            what = "rewritten again"
            chain += " -> `\(taken.to ?? "")`"
            if name != other {
                help.append("let `\(name)` write straight to where `\(other)` leads")
            } else if first != second {
                help.append("let this action write straight to where the other leads")
            }
        case .denied:
            what = "denied"
            chain += " -> denied"
        default:
            what = "taken up again"
        }
        if help.isEmpty { help.append("write to a path that no pattern names") }
        let isEveryOperation =
            model.boxes[second].placesAndOperations.withAnyOperation
            == model.boxes[second].placesAndOperations
        if !isEveryOperation { chain += " on \(operation.rawValue)" }
        return Diagnostic(
            .reentry,
            first == second
                ? "what `\(name)` writes is \(what) by itself" : "what `\(name)` writes is \(what) by `\(other)`",
            at: model.spans[first], label: "this writes it",
            secondary: first == second ? [] : [.init(span: model.spans[second], text: "this takes it up")],
            notes: ["witness: \(chain)\(witness.situation)"], help: help)
    }
}
