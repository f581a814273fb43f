import RuleLang

extension Program {
    /// Decides what becomes of a pod or a workload: of each image, and of the object as a whole.
    public func decide(_ workload: Workload, in context: EvaluationContext) -> PodDecision {
        var evaluation = Evaluation(program: self, workload: workload, context: context)
        return evaluation.decide()
    }
}

/// One evaluation of one object. Conditions on the namespace and the pod are looked at once for all images.
struct Evaluation {
    let program: Program
    let workload: Workload
    let context: EvaluationContext
    let labels: [String: String]
    /// The image texts that count as bypassed, by place and name, from the annotation that remembers them.
    private let remembered: Set<FieldText>
    /// The texts before an update, by place and name; of two alike the first counts.
    private let oldTexts: [FieldName: [UInt8]]
    private var holds: [Bool?]

    init(program: Program, workload: Workload, context: EvaluationContext) {
        self.program = program
        self.workload = workload
        self.context = context
        labels = workload.labels ?? [:]
        let entries =
            program.code.bypassPrefixes.isEmpty
            ? [] : BypassMemory.read(workload.annotations?[ReservedAnnotation.bypassed])
        remembered = Set(entries.map { FieldText(place: $0.place, name: $0.name, text: $0.text) })
        let old = context.operation == .update ? context.old?.images ?? [] : []
        oldTexts = Dictionary(
            old.map { (FieldName(place: $0.place, name: $0.name), Array($0.text.utf8)) },
            uniquingKeysWith: { first, _ in first })
        holds = Array(repeating: nil, count: program.code.rules.count)
    }

    mutating func decide() -> PodDecision {
        if workload.annotations?[ReservedAnnotation.mirrorPod] != nil {
            return PodDecision(
                images: workload.images.map {
                    decision($0, .ignored, reason: "a mirror pod, which the kubelet made of a file on its node")
                })
        }
        if context.namespaceLabels == nil, program.asksForNamespaceLabels { return leaveAlone() }
        var decisions: [ImageDecision] = []
        var marking: Set<Int> = []
        for field in workload.images {
            let outcome = decide(field)
            if let rule = outcome.rewrittenBy { marking.insert(rule) }
            decisions.append(outcome.decision)
        }
        let isDenied = decisions.contains { $0.outcome == .denied }
        return PodDecision(
            images: decisions, warnings: [], patch: isDenied ? [] : patch(decisions, markedBy: marking))
    }

    // MARK: One image

    mutating func decision(of field: ImageField) -> ImageDecision { decide(field).decision }

    private struct Outcome {
        let decision: ImageDecision
        /// The rule that rewrote the image, for its marks.
        var rewrittenBy: Int?
    }

    /// The steps of the language's reference, in its order.
    private mutating func decide(_ field: ImageField) -> Outcome {
        if let old = oldTexts[FieldName(place: field.place, name: field.name)], old.elementsEqual(field.text.utf8) {
            return Outcome(
                decision: decision(
                    field, .unchanged, reason: "the update does not change it", Self.reference(field.text)))
        }
        let placeAndOperation = PlacesAndOperations(field.place, context.operation)
        if let location = ignoredSituation(placeAndOperation) {
            return Outcome(
                decision: decision(field, .ignored, reason: "`ignore` at \(location)", Self.reference(field.text)))
        }
        let bypass = bypassed(field)
        let text = bypass?.text ?? field.text
        let reference: Reference
        switch Reference.parse(text) {
        case .success(let parsed): reference = parsed
        case .failure(let error):
            let reason = "not a valid image reference: \(error.reason)"
            return Outcome(
                decision: ImageDecision(
                    field: field, outcome: .unparsed, reason: reason,
                    warnings: ["\(Self.title(field)): `\(field.text)` is \(reason); it is left alone"]))
        }
        let name = ImageName(reference)
        let stripped = bypass.flatMap { $0.isStripped ? $0.text : nil }
        if let location = ignoredImage(reference, name, placeAndOperation) {
            return Outcome(
                decision: ImageDecision(
                    field: field, to: stripped, outcome: bypass == nil ? .ignored : .bypassed,
                    reason: "`ignore` at \(location)", reference: reference))
        }
        let image = MatchedImage(reference: reference, name: name, placeAndOperation: placeAndOperation)
        let winner = winner(for: image, includingObservers: false)
        var result = apply(winner, to: field, image, stripped: stripped, isBypassed: bypass != nil)
        if program.hasObservers, let observed = self.winner(for: image, includingObservers: true), observed != winner,
            let warning = observation(observed, field, image, result.decision, isBypassed: bypass != nil)
        {
            result = Outcome(decision: result.decision.adding(warning: warning), rewrittenBy: result.rewrittenBy)
        }
        return result
    }

    private mutating func apply(
        _ winner: Int?, to field: ImageField, _ image: MatchedImage, stripped: String?, isBypassed: Bool
    ) -> Outcome {
        func made(
            _ outcome: ImageDecision.Outcome, to: String? = nil, reason: String, warnings: [String] = [],
            denials: [String] = []
        ) -> ImageDecision {
            ImageDecision(
                field: field, to: to, outcome: outcome,
                by: outcome == .bypassed ? nil : winner.map { program.locations[$0] }, reason: reason,
                warnings: warnings, denials: denials, reference: image.reference)
        }
        let bypassReason = stripped == nil ? "its bypass is remembered" : "it asks for a bypass"
        guard let winner else {
            return Outcome(
                decision: isBypassed
                    ? made(.bypassed, to: stripped, reason: bypassReason)
                    : made(.unchanged, reason: reasonWithoutWinner(image)))
        }
        let action = program.code.actions[winner]
        let rule = "rule `\(program.code.rules[action.rule].name)`"
        let warnings = action.warning.map { ["\(Self.title(field)): \($0)"] } ?? []
        switch action.effect {
        case .deny:
            let speakers = speakers(of: winner, image)
            return Outcome(
                decision: made(
                    .denied, reason: "denied by \(rule)", warnings: warnings,
                    denials: speakers.compactMap {
                        if case .deny(let reason) = program.code.actions[$0].effect { reason } else { nil }
                    }))
        case .allow:
            return Outcome(
                decision: isBypassed
                    ? made(.bypassed, to: stripped, reason: bypassReason, warnings: warnings)
                    : made(.unchanged, reason: "\(rule) allows it", warnings: warnings))
        case .rewrite(let target, let options):
            if isBypassed { return Outcome(decision: made(.bypassed, to: stripped, reason: bypassReason)) }
            switch target.apply(
                to: image.reference, name: image.name, pattern: action.pattern.path, options: options)
            {
            case .declined(let reason):
                return Outcome(
                    decision: made(
                        .declined, reason: reason,
                        warnings: ["\(Self.title(field)): `\(field.text)` is left alone by \(rule): \(reason)"]))
            case .rewritten(let text) where text == field.text:
                return Outcome(decision: made(.unchanged, reason: "\(rule) makes the same of it", warnings: warnings))
            case .rewritten(let text):
                return Outcome(
                    decision: made(.rewritten, to: text, reason: rule, warnings: warnings), rewrittenBy: action.rule)
            }
        }
    }

    /// What a rule that observes would do, if that is something else than what happens.
    private func observation(
        _ observed: Int, _ field: ImageField, _ image: MatchedImage, _ actual: ImageDecision, isBypassed: Bool
    ) -> String? {
        let action = program.code.actions[observed]
        let rule = program.code.rules[action.rule]
        guard rule.isObserved else { return nil }
        let prefix = "\(Self.title(field)): rule `\(rule.name)` observes: it would"
        switch action.effect {
        case .deny(let reason):
            return "\(prefix) deny `\(field.text)`: \(reason)"
        case .allow:
            return actual.outcome == .rewritten || actual.outcome == .denied
                ? "\(prefix) leave `\(field.text)` as it is" : nil
        case .rewrite(let target, let options):
            guard !isBypassed else { return nil }
            switch target.apply(
                to: image.reference, name: image.name, pattern: action.pattern.path, options: options)
            {
            case .declined(let reason): return "\(prefix) leave `\(field.text)` alone: \(reason)"
            case .rewritten(let text):
                return text == (actual.to ?? field.text) ? nil : "\(prefix) rewrite `\(field.text)` to `\(text)`"
            }
        }
    }

    // MARK: Matching

    /// The action that decides over an image, or nil. Lists come in order of rank, and an action that beats another
    /// has a smaller rank than it.
    private mutating func winner(for image: MatchedImage, includingObservers: Bool) -> Int? {
        var best = Int32.max
        // The closure may not hold `self`, which `ruleHolds` changes.
        var lists: [[Int32]] = []
        program.code.trie.forEachMatch(image.name) { lists.append($0) }
        for list in lists {
            for action in list {
                guard action < best else { break }
                if claims(Int(action), image), includingObservers || !isObserver(Int(action)) {
                    best = action
                    break
                }
            }
        }
        return best == Int32.max ? nil : Int(best)
    }

    /// Whether an action whose registry and path hold an image claims it.
    private mutating func claims(_ index: Int, _ image: MatchedImage) -> Bool {
        let action = program.code.actions[index]
        return action.pattern.matchesTag(image.reference.tag, hasDigest: image.reference.digest != nil)
            && image.satisfies(program.code.rules[action.rule].conditions)
            && ruleHolds(action.rule)
    }

    private func isObserver(_ action: Int) -> Bool {
        program.code.rules[program.code.actions[action].rule].isObserved
    }

    /// Whether a rule's conditions on namespace and pod hold.
    private mutating func ruleHolds(_ rule: Int) -> Bool {
        if let known = holds[rule] { return known }
        let result = situationHolds(program.code.rules[rule].conditions)
        holds[rule] = result
        return result
    }

    private func situationHolds(_ conditions: ConditionSet) -> Bool {
        conditions.namespaces.contains(NamespacePattern(stem: context.namespace, isPrefix: false))
            && conditions.podLabels.hold(for: labels)
            && (conditions.namespaceLabels.isUnconstrained
                || context.namespaceLabels.map(conditions.namespaceLabels.hold) ?? false)
    }

    /// The denials that speak when one of them wins: those that nothing beats which claims the image too.
    private mutating func speakers(of winner: Int, _ image: MatchedImage) -> [Int] {
        guard program.code.sharedDenials[winner] != nil else { return [winner] }
        var candidates: [Int] = []
        program.code.trie.forEachMatch(image.name) { candidates += $0.map(Int.init) }
        let claiming = candidates.filter { claims($0, image) && !isObserver($0) }
        return claiming.filter { action in
            guard let beaters = program.code.sharedDenials[action] else { return false }
            return beaters.isDisjoint(with: claiming)
        }.sorted()
    }

    private func ignoredSituation(_ placeAndOperation: PlacesAndOperations) -> String? {
        for (index, conditions) in program.code.ignoredSituations.enumerated()
        where conditions.placesAndOperations.contains(placeAndOperation) && situationHolds(conditions) {
            return program.ignoreLocations.situations[index]
        }
        return nil
    }

    private func ignoredImage(
        _ reference: Reference, _ name: ImageName, _ placeAndOperation: PlacesAndOperations
    ) -> String? {
        if program.code.ignoresSelf, let own = context.selfImage, own.registry == reference.registry,
            own.path == reference.path
        {
            return program.ignoreLocations.selfImage
        }
        var found: Int?
        program.code.ignoredTrie.forEachMatch(name) { list in
            for index in list.map(Int.init)
            where program.code.ignoredImages[index].matchesTag(reference.tag, hasDigest: reference.digest != nil) {
                found = min(found ?? index, index)
                return
            }
        }
        if let found { return program.ignoreLocations.images[found] }
        let image = MatchedImage(reference: reference, name: name, placeAndOperation: placeAndOperation)
        for (index, conditions) in program.code.ignoredParts.enumerated()
        where image.satisfies(conditions) && situationHolds(conditions) {
            return program.ignoreLocations.parts[index]
        }
        return nil
    }

    // MARK: Bypass and update

    private struct Bypass {
        /// The image without its prefixes.
        let text: String
        /// Whether prefixes were taken off, or the bypass is remembered from an earlier evaluation.
        let isStripped: Bool
    }

    /// Leading prefixes are taken off if what remains is a reference.
    private func bypassed(_ field: ImageField) -> Bypass? {
        guard !program.code.bypassPrefixes.isEmpty else { return nil }
        var rest = field.text[...]
        while let prefix = program.code.bypassPrefixes.first(where: { rest.utf8.starts(with: $0.utf8) }) {
            rest = Substring(rest.utf8.dropFirst(prefix.utf8.count))
        }
        if rest.startIndex != field.text.startIndex, case .success = Reference.parse(String(rest)) {
            return Bypass(text: String(rest), isStripped: true)
        }
        let isRemembered = remembered.contains(FieldText(place: field.place, name: field.name, text: field.text))
        return isRemembered ? Bypass(text: field.text, isStripped: false) : nil
    }

    /// Where namespace labels are asked for and not known, an unknown is not an empty: nothing is touched.
    private func leaveAlone() -> PodDecision {
        let reason = "the labels of namespace `\(context.namespace)` are not known, and the rules ask for them"
        let images = workload.images.map { field -> ImageDecision in
            if let location = ignoredSituation(PlacesAndOperations(field.place, context.operation)) {
                return decision(field, .ignored, reason: "`ignore` at \(location)", Self.reference(field.text))
            }
            switch Reference.parse(field.text) {
            case .success(let reference):
                return decision(field, .unchanged, reason: reason, reference)
            case .failure(let error):
                return ImageDecision(
                    field: field, outcome: .unparsed, reason: "not a valid image reference: \(error.reason)")
            }
        }
        let isIgnored = images.allSatisfy { $0.outcome == .ignored }
        return PodDecision(images: images, warnings: isIgnored ? [] : ["nothing is rewritten: \(reason)"])
    }

    // MARK: The patch

    private func patch(_ decisions: [ImageDecision], markedBy rules: Set<Int>) -> [PatchOperation] {
        var operations: [PatchOperation] = decisions.compactMap { decision in
            decision.to.map { .replace(pointer: decision.field.pointer, value: $0) }
        }
        var annotations: [String: String] = [:]
        var labels: [String: String] = [:]
        // The API server drops all but the containers from an update of `pods/ephemeralcontainers`. Marks would be
        // lost there. The memory of a bypass is lost too, but only after the webhooks have run: until then it keeps
        // a reinvocation from rewriting what was bypassed.
        if !context.isEphemeralContainersUpdate {
            for mark in rules.flatMap({ program.code.rules[$0].marks }) {
                switch mark.kind {
                case .label: labels[mark.key] = mark.value
                case .annotation: annotations[mark.key] = mark.value
                }
            }
        }
        if decisions.contains(where: { $0.outcome == .bypassed && $0.to != nil }) {
            annotations[ReservedAnnotation.bypassed] = BypassMemory.write(
                decisions.filter { $0.outcome == .bypassed }.map {
                    .init(place: $0.field.place, name: $0.field.name, text: $0.to ?? $0.field.text)
                } + kept(decisions))
        }
        operations += PatchBuilder.operations(setting: labels, annotations: annotations, on: workload)
        return operations
    }

    /// Remembered bypasses of images that this evaluation did not look at, such as those an update left as they were.
    private func kept(_ decisions: [ImageDecision]) -> [BypassMemory.Entry] {
        decisions.filter { $0.outcome != .bypassed }.map(\.field)
            .filter { remembered.contains(FieldText(place: $0.place, name: $0.name, text: $0.text)) }
            .map { BypassMemory.Entry(place: $0.place, name: $0.name, text: $0.text) }
    }

    // MARK: Words

    private func decision(
        _ field: ImageField, _ outcome: ImageDecision.Outcome, reason: String, _ reference: Reference? = nil
    ) -> ImageDecision {
        ImageDecision(field: field, outcome: outcome, reason: reason, reference: reference)
    }

    private static func reference(_ text: String) -> Reference? { try? Reference.parse(text).get() }

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
}

/// An image while its action is looked for.
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

/// A field of a pod by its place and name, compared byte by byte. `==` of strings takes characters for equal that
/// Unicode calls equivalent, such as K and the Kelvin sign, which an image's author could use to make one text pass
/// for another.
private struct FieldName: Hashable {
    let place: Place
    let name: [UInt8]

    init(place: Place, name: String) {
        self.place = place
        self.name = Array(name.utf8)
    }
}

/// What stands in a field, compared byte by byte.
private struct FieldText: Hashable {
    let field: FieldName
    let text: [UInt8]

    init(place: Place, name: String, text: String) {
        field = FieldName(place: place, name: name)
        self.text = Array(text.utf8)
    }
}

extension ImageDecision {
    func adding(warning: String) -> ImageDecision {
        ImageDecision(
            field: field, to: to, outcome: outcome, by: by, reason: reason, warnings: warnings + [warning],
            denials: denials, reference: reference)
    }
}
