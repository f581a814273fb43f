import RuleLang

extension Program {
    /// Decides what becomes of a pod or a workload: of each image, and of the object as a whole.
    public func decide(_ workload: Workload, in context: EvaluationContext) -> PodDecision {
        Evaluation(program: self, workload: workload, context: context).decide()
    }
}

/// One evaluation of one object that is there as values: it has the evaluator decide, and puts into words what comes
/// of it.
struct Evaluation {
    let program: Program
    let workload: Workload
    let context: EvaluationContext
    let labels: [String: String]
    private let object: EvaluatedObject
    private let fields: [FieldSlot]
    private let bytes: [UInt8]
    private let packedLabels: [(key: TextSlice, value: TextSlice)]
    private let situation: Situation

    init(program: Program, workload: Workload, context: EvaluationContext) {
        self.program = program
        self.workload = workload
        self.context = context
        labels = workload.labels ?? [:]
        situation = Situation(namespaceLabels: context.namespaceLabels, selfImage: context.selfImage)
        var bytes: [UInt8] = []
        func add(_ text: String) -> TextSlice {
            let slice = TextSlice(start: bytes.count, count: text.utf8.count)
            bytes.append(contentsOf: text.utf8)
            return slice
        }
        func slot(_ field: ImageField, _ index: Int) -> FieldSlot {
            FieldSlot(place: field.place, index: index, name: add(field.name), text: add(field.text))
        }
        var object = EvaluatedObject()
        object.namespace = add(context.namespace)
        object.operation = context.operation
        object.isMirrorPod = workload.annotations?[ReservedAnnotation.mirrorPod] != nil
        object.bypassed = workload.annotations?[ReservedAnnotation.bypassed].map(add)
        var fields = workload.images.enumerated().map { slot($1, $0) }
        object.lists[0] = 0..<fields.count
        if context.operation == .update, let old = context.old {
            fields += old.images.enumerated().map { slot($1, $0) }
            object.oldLists[0] = workload.images.count..<fields.count
        }
        packedLabels = labels.map { (add($0.key), add($0.value)) }
        self.object = object
        self.fields = fields
        self.bytes = bytes
    }

    private func evaluate() -> (evaluator: Evaluator, isMissingLabels: Bool) {
        var evaluator = Evaluator()
        evaluator.reset(for: program.matcher)
        evaluator.set(fields)
        for label in packedLabels {
            evaluator.add(label: label.key, bytes.span, value: label.value, for: program.matcher)
        }
        let isMissingLabels = evaluator.decide(object, bytes.span, program.matcher, situation)
        return (evaluator, isMissingLabels)
    }

    func decide() -> PodDecision {
        var (evaluator, isMissingLabels) = evaluate()
        let decisions = workload.images.indices.map { decision($0, &evaluator) }
        if isMissingLabels {
            let isIgnored = decisions.allSatisfy { $0.outcome == .ignored }
            return PodDecision(
                images: decisions, warnings: isIgnored ? [] : ["nothing is rewritten: \(unknownLabels)"])
        }
        let isDenied = decisions.contains { $0.outcome == .denied }
        return PodDecision(images: decisions, patch: isDenied ? [] : patch(decisions, evaluator))
    }

    /// What becomes of one of the workload's images, whatever the others are.
    func decision(of field: ImageField) -> ImageDecision {
        let alone = Workload(
            kind: workload.kind, podPointer: workload.podPointer, labels: workload.labels,
            annotations: workload.annotations, hasMetadata: workload.hasMetadata, images: [field])
        let evaluation = Evaluation(program: program, workload: alone, context: context)
        var evaluator = evaluation.evaluate().evaluator
        return evaluation.decision(0, &evaluator)
    }

    // MARK: Words

    private func decision(_ index: Int, _ evaluator: inout Evaluator) -> ImageDecision {
        let verdict = evaluator.verdicts[index]
        let field = workload.images[index]
        let stripped = verdict.stripped.map { String(decoding: bytes[$0.range], as: UTF8.self) }
        let reference = Reference(parsing: stripped ?? field.text)
        func made(
            to: String? = nil, by: Int? = nil, reason: String, warnings: [String] = [], denials: [String] = []
        ) -> ImageDecision {
            ImageDecision(
                field: field, to: to, outcome: verdict.outcome, by: by.map { program.locations[$0] }, reason: reason,
                warnings: warnings, denials: denials, reference: reference)
        }
        switch verdict.reason {
        case .mirrorPod:
            return ImageDecision(
                field: field, outcome: .ignored,
                reason: "a mirror pod, which the kubelet made of a file on its node")
        case .unknownNamespaceLabels: return made(reason: unknownLabels)
        case .unchangedByUpdate: return made(reason: "the update does not change it")
        case .ignoredSituation(let ignore):
            return made(reason: "`ignore` at \(program.ignoreLocations.situations[ignore])")
        case .ignoredSelf: return made(to: stripped, reason: "`ignore` at \(program.ignoreLocations.selfImage)")
        case .ignoredImage(let ignore):
            return made(to: stripped, reason: "`ignore` at \(program.ignoreLocations.images[ignore])")
        case .ignoredPart(let ignore):
            return made(to: stripped, reason: "`ignore` at \(program.ignoreLocations.parts[ignore])")
        case .unparsed(let fault):
            let reason = "not a valid image reference: \(fault.reason)"
            return made(
                reason: reason,
                warnings: isLeftAlone ? [] : ["\(Self.title(field)): `\(field.text)` is \(reason); it is left alone"])
        case .bypassed, .noWinner, .denied, .allowed, .declined, .rewrittenToItself, .rewritten:
            break
        }
        guard let reference else { return made(reason: "") }
        let image = MatchedImage(
            reference: reference, name: ImageName(reference),
            placeAndOperation: PlacesAndOperations(field.place, context.operation))
        let decided = decision(verdict, field, image, stripped, made, &evaluator, fields[index])
        guard let observed = verdict.observed,
            let observation = observation(observed, field, image, decided, isBypassed: verdict.outcome == .bypassed)
        else { return decided }
        let rule = program.code.rules[program.code.actions[observed].rule].name
        return decided.adding(observation, of: rule)
    }

    /// The words of what an action decided, or would have.
    private func decision(
        _ verdict: Verdict, _ field: ImageField, _ image: MatchedImage, _ stripped: String?,
        _ made: (String?, Int?, String, [String], [String]) -> ImageDecision, _ evaluator: inout Evaluator,
        _ slot: FieldSlot
    ) -> ImageDecision {
        guard let winner = verdict.winner else {
            return verdict.outcome == .bypassed
                ? made(stripped, nil, Self.bypassReason(stripped), [], [])
                : made(nil, nil, reasonWithoutWinner(image), [], [])
        }
        let action = program.code.actions[winner]
        let rule = "rule `\(program.code.rules[action.rule].name)`"
        let warnings = action.warning.map { ["\(Self.title(field)): \($0)"] } ?? []
        switch (verdict.reason, action.effect) {
        case (.bypassed, .rewrite): return made(stripped, nil, Self.bypassReason(stripped), [], [])
        case (.bypassed, _): return made(stripped, nil, Self.bypassReason(stripped), warnings, [])
        case (.allowed, _): return made(nil, winner, "\(rule) allows it", warnings, [])
        case (.rewrittenToItself, _): return made(nil, winner, "\(rule) makes the same of it", warnings, [])
        case (_, .rewrite(let target, let options)):
            if let slice = verdict.made {
                return made(
                    String(decoding: evaluator.output[slice.range], as: UTF8.self), winner, rule, warnings, [])
            }
            let result = target.apply(
                to: image.reference, name: image.name, pattern: action.pattern.path, options: options)
            let reason = if case .declined(let reason) = result { reason } else { "" }
            return made(
                nil, winner, reason,
                ["\(Self.title(field)): `\(field.text)` is left alone by \(rule): \(reason)"], [])
        default:
            let speakers = evaluator.speakers(
                of: winner, for: slot, stripped: verdict.stripped, object, bytes.span, program.matcher, situation)
            let denials = speakers.compactMap { speaker -> String? in
                if case .deny(let reason) = program.code.actions[speaker].effect { reason } else { nil }
            }
            let said = speakers.compactMap { program.code.actions[$0].warning }.map { "\(Self.title(field)): \($0)" }
            var seen: Set<String> = []
            return made(nil, winner, "denied by \(rule)", said.filter { seen.insert($0).inserted }, denials)
        }
    }

    private static func bypassReason(_ stripped: String?) -> String {
        stripped == nil ? "its bypass is remembered" : "it asks for a bypass"
    }

    /// What a rule that observes would do, if that is something else than what happens.
    private func observation(
        _ observed: Int, _ field: ImageField, _ image: MatchedImage, _ actual: ImageDecision, isBypassed: Bool
    ) -> String? {
        let action = program.code.actions[observed]
        switch action.effect {
        case .deny(let reason):
            return "deny `\(field.text)`: \(reason)"
        case .allow:
            return actual.outcome == .rewritten || actual.outcome == .denied
                ? "leave `\(field.text)` as it is" : nil
        case .rewrite(let target, let options):
            guard !isBypassed else { return nil }
            switch target.apply(
                to: image.reference, name: image.name, pattern: action.pattern.path, options: options)
            {
            case .declined(let reason): return "leave `\(field.text)` alone: \(reason)"
            case .rewritten(let text):
                return text == (actual.to ?? field.text) ? nil : "rewrite `\(field.text)` to `\(text)`"
            }
        }
    }

    /// Whether namespace labels are asked for and not known, so that nothing is touched.
    private var isLeftAlone: Bool { context.namespaceLabels == nil && program.asksForNamespaceLabels }

    private var unknownLabels: String {
        "the labels of namespace `\(context.namespace)` are not known, and the rules ask for them"
    }

    static func title(_ field: ImageField) -> String {
        let kind =
            switch field.place {
            case .container: "container"
            case .initContainer: "init container"
            case .ephemeral: "ephemeral container"
            case .volume: "volume"
            }
        return field.name.isEmpty ? kind : "\(kind) `\(field.name)`"
    }

    // MARK: The patch

    private func patch(_ decisions: [ImageDecision], _ evaluator: Evaluator) -> [PatchOperation] {
        var operations: [PatchOperation] = decisions.compactMap { decision in
            decision.to.map { .replace(pointer: decision.field.pointer, value: $0) }
        }
        var annotations: [String: String] = [:]
        var labels: [String: String] = [:]
        // The API server drops all but the containers from an update of `pods/ephemeralcontainers`. Marks would be
        // lost there. The memory of a bypass is lost too, but only after the webhooks have run: until then it keeps
        // a reinvocation from rewriting what was bypassed.
        if !context.isEphemeralContainersUpdate {
            let rules = Set(
                evaluator.verdicts.lazy.filter { $0.outcome == .rewritten }.compactMap(\.winner).map {
                    program.code.actions[$0].rule
                })
            for mark in rules.flatMap({ program.code.rules[$0].marks }) {
                switch mark.kind {
                case .label: labels[mark.key] = mark.value
                case .annotation: annotations[mark.key] = mark.value
                }
            }
        }
        if decisions.contains(where: { $0.outcome == .bypassed && $0.to != nil }) {
            let bypassed = decisions.enumerated().filter { index, decision in
                // Remembered bypasses of images that this evaluation did not look at stay, such as those an update
                // left as they were.
                decision.outcome == .bypassed || evaluator.isRemembered(fields[index], bytes.span)
            }
            annotations[ReservedAnnotation.bypassed] = BypassMemory.write(
                bypassed.map { _, decision in
                    .init(
                        place: decision.field.place, name: decision.field.name,
                        text: decision.outcome == .bypassed ? decision.to ?? decision.field.text : decision.field.text)
                })
        }
        operations += PatchBuilder.operations(setting: labels, annotations: annotations, on: workload)
        return operations
    }
}

/// An image while its action is explained.
struct MatchedImage {
    let reference: Reference
    let name: ImageName
    let placeAndOperation: PlacesAndOperations

    /// Whether conditions on the image itself hold: place, operation, and what is written.
    func satisfies(_ conditions: ConditionSet) -> Bool {
        conditions.placesAndOperations.contains(placeAndOperation)
            && conditions.writtenParts.contains(
                WrittenParts(hasTag: reference.tag != nil, hasDigest: reference.digest != nil))
    }
}

extension ImageDecision {
    /// The decision with what a rule that observes would do.
    fileprivate func adding(_ observation: String, of rule: String) -> ImageDecision {
        let warning = "\(Evaluation.title(field)): rule `\(rule)` observes: it would \(observation)"
        return ImageDecision(
            field: field, to: to, outcome: outcome, by: by, reason: reason, warnings: warnings + [warning],
            observation: observation, denials: denials, reference: reference)
    }
}
