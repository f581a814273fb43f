import RuleLang

/// Two sources that land on one target: in the mirror they would be one image.
struct CollisionAnalysis {
    let model: ActionModel

    private enum Verdict {
        case apart
        case collide(Reference, Reference, Reference)
        case undecided
    }

    /// Reports a collision once a rule, with one other action: where one of its targets takes two sources, most do.
    func run(diagnostics: inout [Diagnostic]) {
        var index = PatternIndex(capacity: model.actions.count)
        for number in model.actions.indices {
            if let written = written(number) { index.insert(written, number) }
        }
        var reported: Set<Int> = []
        for number in model.actions.indices where !Task.isCancelled {
            let rule = model.actions[number].rule
            // Made once more: to keep it for all of many actions takes more memory than making it takes time.
            guard !reported.contains(rule), let written = written(number) else { continue }
            index.forEachRelated(to: written) { other, hasSamePath in
                // What lies within another is found from the inner one; of two alike the later one speaks.
                guard other != number, !hasSamePath || other < number, !reported.contains(rule) else { return }
                switch verdict(other, number) {
                case .apart:
                    return
                case .collide(let left, let right, let output):
                    diagnostics.append(collision(other, number, left, right, output))
                case .undecided:
                    diagnostics.append(
                        .notDecided(
                            "whether two sources land on one target", at: model.spans[number],
                            secondary: [.init(span: model.spans[other], text: "with this one")],
                            help: "keep the sources apart in the target, as with `${registry}`"))
                }
                reported.insert(rule)
            }
        }
    }

    private func collision(
        _ first: Int, _ second: Int, _ left: Reference, _ right: Reference, _ output: Reference
    ) -> Diagnostic {
        Diagnostic(
            .collision, "two sources land on one target: `\(left.text)` and `\(right.text)`",
            at: model.spans[second], label: "this one",
            secondary: [.init(span: model.spans[first], text: "and this one")],
            notes: ["witness: both become `\(output.text)`"],
            help: [
                "keep the sources apart in the target, as with `${registry}`",
                "if both sources hold the same images, say that it is meant: `accept W0501`",
            ])
    }

    private func verdict(_ first: Int, _ second: Int) -> Verdict {
        guard let left = Preimage(model.actions[first], model.boxes[first]),
            let right = Preimage(model.actions[second], model.boxes[second]), left.pattern != right.pattern
        else { return .apart }
        guard let written = written(second) else { return .apart }
        let search = Box.search(sources(left, written), outside: model.lost(by: first, live: false)) { box in
            box.witnesses().lazy.compactMap { self.collision(of: $0, first, second, right) }.first { _ in true }
        }
        switch search {
        case .found(let verdict): return verdict
        case .nothing: return .apart
        case .undecided: return .undecided
        }
    }

    /// Whether the second action writes what the first one writes for a witness; nil where it does not.
    private func collision(of witness: Witness, _ first: Int, _ second: Int, _ right: Preimage) -> Verdict? {
        guard let output = output(of: witness, witness.reference, by: first) else { return nil }
        let exact = ImagePattern(
            registry: .host(output.registry),
            path: PathPattern(components: ImageName(output).components, hasWildcard: false))
        let search = Box.search(sources(right, exact), outside: model.lost(by: second, live: false)) { box in
            box.witnesses().lazy.compactMap { source -> Verdict? in
                let reference = Reference(
                    registry: source.reference.registry, path: source.reference.path, tag: witness.reference.tag,
                    digest: witness.reference.digest)
                guard ImageName(reference) != ImageName(witness.reference),
                    self.output(of: source, reference, by: second) == output
                else { return nil }
                return .collide(witness.reference, reference, output)
            }.first { _ in true }
        }
        switch search {
        case .found(let verdict): return verdict
        case .nothing: return nil
        case .undecided: return .undecided
        }
    }

    /// What is turned into images of a pattern.
    private func sources(_ preimage: Preimage, _ pattern: ImagePattern) -> [Box] {
        let everything = Box(pattern: .everything, conditions: ConditionSet())
        return preimage.shapes.compactMap { preimage.of(pattern, everything, through: $0) }
    }

    /// What the evaluator makes of an image that an action wins.
    private func output(of witness: Witness, _ reference: Reference, by action: Int) -> Reference? {
        let decision = model.replay.decision(
            on: witness, of: action, unlessClaimedBy: model.beaters(of: action, live: false), text: reference.text)
        guard let text = decision?.to else { return nil }
        return try? Reference.parse(text).get()
    }

    /// What holds all that an action writes; nil where it writes nothing.
    private func written(_ action: Int) -> ImagePattern? {
        guard case .rewrite(let target, _) = model.actions[action].effect else { return nil }
        let path = model.narrowestOutput(of: action)
        let hasWildcard = target.hasWildcard || path.components.count < target.components.count
        return ImagePattern(
            registry: .host(target.host), path: PathPattern(components: path.components, hasWildcard: hasWildcard))
    }
}
