import RuleLang

extension Program {
    /// The actions whose pattern holds an image, the most specific first, and for each why it decided or did not.
    public func trace(
        _ field: ImageField, of workload: Workload, in context: EvaluationContext
    ) -> [ConsideredAction] {
        let evaluation = Evaluation(program: self, workload: workload, context: context)
        return evaluation.trace(field)
    }
}

extension Evaluation {
    func trace(_ field: ImageField) -> [ConsideredAction] {
        let decision = decision(of: field)
        guard let reference = decision.reference else { return [] }
        let name = ImageName(reference)
        let image = MatchedImage(
            reference: reference, name: name, placeAndOperation: PlacesAndOperations(field.place, context.operation))
        // The actions that claim the image, the winner first.
        var claiming: [Int] = []
        return candidates(reference).map { index in
            let location = program.locations[index]
            let action = program.code.actions[index]
            let rule = program.code.rules[action.rule]
            var verdict: String
            var standing = ConsideredAction.Standing.claims
            if let failure = failure(of: index, image) {
                verdict = failure
                let hasTag = action.pattern.matchesTag(reference.tag, hasDigest: reference.digest != nil)
                standing = hasTag ? .conditionFails : .otherTag
            } else if rule.isObserved {
                verdict = "observes only"
            } else if let winner = claiming.first {
                verdict = loss(of: index, to: claiming) ?? "says the same as \(program.describe(winner))"
                claiming.append(index)
            } else {
                claiming = [index]
                verdict = "wins"
                if decision.by == nil { verdict = "would win, but: \(decision.reason)" }
            }
            return ConsideredAction(
                location: location, pattern: action.pattern.text, action: action.effect.text,
                won: claiming == [index] && decision.by == location, verdict: verdict, standing: standing)
        }
    }

    /// Which of some actions beats another one, in words.
    private func loss(of index: Int, to claiming: [Int]) -> String? {
        let box = Box.of(index, program)
        let rule = program.code.rules[program.code.actions[index].rule]
        for other in claiming {
            let inner = Box.of(other, program)
            if inner.isStrictSubset(of: box) { return "less specific than \(program.describe(other))" }
            let overrides = program.code.rules[program.code.actions[other].rule].overrides
            if overrides.contains(rule.name), !box.isStrictSubset(of: inner) {
                return "overridden by \(program.describe(other))"
            }
        }
        return nil
    }

    /// Why an image that no action claims is left alone.
    func reasonWithoutWinner(_ image: MatchedImage) -> String {
        let candidates = candidates(image.reference)
        for index in candidates {
            guard let failure = failure(of: index, image) else { continue }
            let more = candidates.count > 1 ? " (and \(candidates.count - 1) more)" : ""
            return "\(program.describe(index)) names it, but \(failure)\(more)"
        }
        if candidates.contains(where: { program.code.rules[program.code.actions[$0].rule].isObserved }) {
            return "only rules that observe name it"
        }
        return "no rule names it"
    }

    private func candidates(_ reference: Reference) -> [Int] {
        var bytes: [UInt8] = []
        let parts = ReferenceParts(reference, &bytes)
        var found: [Int32] = []
        program.matcher.trie.forEachMatch(bytes.span, MatchedName(parts, bytes.span)) { found += $0 }
        return found.sorted().map(Int.init)
    }

    /// The first condition of an action that does not hold, in words; nil where all hold.
    private func failure(of index: Int, _ image: MatchedImage) -> String? {
        let action = program.code.actions[index]
        let conditions = program.code.rules[action.rule].conditions
        let reference = image.reference
        if let tag = action.pattern.tag, !action.pattern.matchesTag(reference.tag, hasDigest: reference.digest != nil) {
            return reference.tag.map { "the tag is `\($0)`, not `\(tag)`" } ?? "the tag is not `\(tag)`"
        }
        if !conditions.placesAndOperations.contains(image.placeAndOperation) {
            return placeFailure(conditions, image)
        }
        if !image.satisfies(conditions) {
            return
                "not for an image \(reference.tag == nil ? "without" : "with") tag and \(reference.digest == nil ? "without" : "with") digest"
        }
        if !conditions.namespaces.contains(NamespacePattern(stem: context.namespace, isPrefix: false)) {
            return "not in namespace `\(context.namespace)`"
        }
        if !conditions.namespaceLabels.isUnconstrained {
            guard let known = context.namespaceLabels else {
                return "the labels of namespace `\(context.namespace)` are not known"
            }
            if let entry = conditions.namespaceLabels.firstFailure(for: known) {
                return Self.text(entry, known[entry.key], of: "namespace `\(context.namespace)`")
            }
        }
        if let entry = conditions.podLabels.firstFailure(for: labels) {
            return Self.text(entry, labels[entry.key], of: "the pod")
        }
        return nil
    }

    /// Which of place and operation it is that a rule is not for.
    private func placeFailure(_ conditions: ConditionSet, _ image: MatchedImage) -> String {
        let place = Place.allCases.first { PlacesAndOperations($0, context.operation) == image.placeAndOperation }
        guard let place else { return "not for this place and operation" }
        let either = PlacesAndOperations(places: [place], operations: Operation.allCases)
        return conditions.placesAndOperations.isDisjoint(with: either)
            ? "not for `image in \(place.rawValue)`" : "not for `operation \(context.operation.rawValue)`"
    }

    private static func text(_ entry: LabelRequirements.Entry, _ value: String?, of owner: String) -> String {
        let wanted = "`\(entry.requirement.text(key: entry.key))` does not hold"
        return value.map { "\(wanted): the label of \(owner) is `\($0)`" }
            ?? "\(wanted): \(owner) has no label `\(entry.key)`"
    }
}

extension Program {
    /// A rule's action by name and place.
    func describe(_ action: Int) -> String {
        let location = locations[action]
        return "rule `\(location.rule)` (\(location.file):\(location.line))"
    }
}

extension Box {
    fileprivate static func of(_ index: Int, _ program: Program) -> Box {
        let action = program.code.actions[index]
        return Box(pattern: action.pattern, conditions: program.code.rules[action.rule].conditions)
    }
}
