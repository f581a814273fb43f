import RuleLang

extension Program {
    /// What this program would rewrite of what another has written before: pods that were rewritten by the one are
    /// seen again under the other.
    ///
    /// Each finding is shown by an image, so none is wrong; where the only images lie where narrower actions of this
    /// program decide, one may be missing.
    ///
    /// - Parameters:
    ///   - earlier: the program that decided before.
    ///   - limit: the most findings, and a hundred times as many pairs of actions that are looked at.
    /// - Returns: one line each.
    public func rewritesAgain(after earlier: Program, limit: Int = 10) -> [String] {
        var findings: [String] = []
        var looked = 0
        let index = RegistryIndex(code.actions.map(\.pattern))
        for (number, action) in earlier.code.actions.enumerated() where !earlier.code.rules[action.rule].isObserved {
            guard let preimage = Preimage(action, Box.of(number, earlier)) else { continue }
            for second in index.actions(at: preimage.target.host) {
                guard case .rewrite = code.actions[second].effect, !code.rules[code.actions[second].rule].isObserved
                else { continue }
                looked += 1
                guard looked <= limit * 100, findings.count < limit else { return findings }
                guard let chain = chain(earlier, preimage, second) else { continue }
                let line =
                    "what the live rules write would be rewritten again: \(chain) (rule `\(locations[second].rule)`)"
                if !findings.contains(line) { findings.append(line) }
            }
        }
        return findings
    }

    /// An image, what it became and what it would become now; nil where none was found.
    private func chain(_ earlier: Program, _ preimage: Preimage, _ second: Int) -> String? {
        for operation in [Operation.create, .update] {
            for region in preimage.of(code.actions[second].pattern, Box.of(second, self).on(operation)) {
                guard let witness = region.witness,
                    let written = earlier.output(witness.reference.text, witness, witness.operation),
                    let again = output(written, witness, operation)
                else { continue }
                return "\(witness.reference.text) -> \(written) -> \(again)"
            }
        }
        return nil
    }

    /// What becomes of an image; nil where it is not rewritten.
    private func output(_ image: String, _ witness: Witness, _ operation: Operation) -> String? {
        let field = ImageField(place: witness.place, name: "c", pointer: "", text: image)
        let context = EvaluationContext(
            namespace: witness.namespace,
            namespaceLabels: witness.namespaceLabels.merging(["kubernetes.io/metadata.name": witness.namespace]) { $1 },
            operation: operation)
        let decision = decide(Workload(kind: "Pod", labels: witness.podLabels, images: [field]), in: context)
        guard let image = decision.images.first, image.outcome == .rewritten else { return nil }
        return image.to
    }
}
