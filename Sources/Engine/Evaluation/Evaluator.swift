import RuleLang

/// What the evaluator is told of an object: where its parts stand in some bytes.
struct EvaluatedObject {
    var namespace = TextSlice.empty
    var operation = Operation.create
    var isMirrorPod = false
    /// Where the images are in the list of fields, in the order in which they are decided.
    var lists = InlineArray<4, Range<Int>>(repeating: 0..<0)
    /// The images before an update, likewise.
    var oldLists = InlineArray<4, Range<Int>>(repeating: 0..<0)
    /// The annotation that remembers bypasses.
    var bypassed: TextSlice?
}

/// Decides what becomes of an object's images, by the bytes: the steps of the language's reference, in its order. It
/// keeps its working memory for the next object.
struct Evaluator {
    /// For each image, in the order of the object's lists.
    private(set) var verdicts: [Verdict] = []
    /// The values of the labels that the rules ask for, by the key's number.
    private(set) var labels: [TextSlice?] = []
    /// The images, the images before an update, and the entries of the annotation that remembers bypasses.
    private(set) var fields: [FieldSlot] = []
    private var old = FieldTable(comparesTexts: false)
    private var remembered = FieldTable(comparesTexts: true)
    /// What rewrites made, one after another.
    private(set) var output: [UInt8] = []
    /// Whether conditions on namespace and pod hold, by their number's last bits: that number and the answer.
    private var memo = InlineArray<64, Int>(repeating: 0)
    /// For each bit of a place and operation, the `ignore` that covers it, or -1.
    private var ignored = InlineArray<8, Int>(repeating: -1)

    /// Forgets the last object, and keeps the memory unless it is far more than an object needs.
    mutating func reset(for matcher: Matcher) {
        if output.capacity > 65_536 { output = [] }
        output.removeAll(keepingCapacity: true)
        if verdicts.capacity > 4_096 { verdicts = [] }
        verdicts.removeAll(keepingCapacity: true)
        if fields.capacity > 8_192 { fields = [] }
        fields.removeAll(keepingCapacity: true)
        labels.removeAll(keepingCapacity: true)
        for _ in 0...matcher.podLabelKeys.count { labels.append(nil) }
        memo = InlineArray<64, Int>(repeating: 0)
    }

    /// Notes a label of the pod, if the rules ask for it.
    mutating func add(label key: TextSlice, _ keyBytes: ByteSpan, value: TextSlice, for matcher: Matcher) {
        let number = Int(matcher.podLabelKeys.find(key, keyBytes))
        if number > 0 { labels[number] = value }
    }

    /// Sets the fields that the object's lists are ranges of.
    mutating func set(_ fields: [FieldSlot]) { self.fields = fields }

    /// Decides every image; `verdicts` says how. Returns whether the namespace's labels are missing.
    mutating func decide(
        _ object: EvaluatedObject, _ bytes: ByteSpan, _ matcher: Matcher, _ situation: Situation
    ) -> Bool {
        if object.isMirrorPod {
            forEachImage(object) { evaluator, _ in evaluator.verdicts.append(Verdict(.ignored, .mirrorPod)) }
            return false
        }
        findIgnored(object, bytes, matcher, situation)
        if situation.namespaceLabels == nil, matcher.asksForNamespaceLabels {
            forEachImage(object) { evaluator, index in
                evaluator.verdicts.append(evaluator.leaveAlone(evaluator.fields[index], object, bytes))
            }
            return true
        }
        prepareTables(object, bytes, matcher)
        forEachImage(object) { evaluator, index in
            let verdict = evaluator.decide(evaluator.fields[index], object, bytes, matcher, situation)
            evaluator.verdicts.append(verdict)
        }
        return false
    }

    /// Whether the bypass of an image is remembered.
    func isRemembered(_ field: FieldSlot, _ bytes: ByteSpan) -> Bool {
        remembered.find(field, fields, bytes) != nil
    }

    @inline(__always)
    private mutating func forEachImage(_ object: EvaluatedObject, _ body: (inout Evaluator, Int) -> Void) {
        for list in 0..<4 { for index in object.lists[list] { body(&self, index) } }
    }

    private mutating func prepareTables(_ object: EvaluatedObject, _ bytes: ByteSpan, _ matcher: Matcher) {
        var count = 0
        if object.operation == .update { for list in 0..<4 { count &+= object.oldLists[list].count } }
        old.reset(for: count)
        if count > 0 {
            for list in 0..<4 { for index in object.oldLists[list] { old.insert(index, fields, bytes) } }
        }
        let start = fields.count
        if let annotation = object.bypassed, !matcher.code.bypassPrefixes.isEmpty {
            BypassMemory.read(annotation, bytes) { fields.append($0) }
        }
        remembered.reset(for: fields.count &- start)
        for index in start..<fields.count { remembered.insert(index, fields, bytes) }
    }

    // MARK: One image

    private mutating func decide(
        _ field: FieldSlot, _ object: EvaluatedObject, _ bytes: ByteSpan, _ matcher: Matcher, _ situation: Situation
    ) -> Verdict {
        if let before = old.find(field, fields, bytes), fields[before].text.isEqual(bytes, to: field.text, bytes) {
            return Verdict(.unchanged, .unchangedByUpdate)
        }
        let placeAndOperation = PlacesAndOperations(field.place, object.operation)
        if let index = ignoredSituation(placeAndOperation) { return Verdict(.ignored, .ignoredSituation(index)) }
        let prefixes = matcher.code.bypassPrefixes
        let stripped = prefixes.isEmpty ? nil : Self.strip(prefixes, field.text, bytes)
        let isBypassed =
            stripped != nil || isRemembered(field, bytes)
        let parts: ReferenceParts
        do throws(ReferenceFault) {
            parts = try ReferenceParts.parse(bytes, stripped ?? field.text)
        } catch {
            return Verdict(.unparsed, .unparsed(error))
        }
        let image = EvaluatedImage(parts, bytes, placeAndOperation)
        if let reason = ignoredImage(image, object, bytes, matcher, situation) {
            return Verdict(isBypassed ? .bypassed : .ignored, reason, stripped: stripped)
        }
        let (winner, observed) = winners(image, object, bytes, matcher, situation)
        var verdict = apply(winner, to: field, image, bytes, matcher, isBypassed: isBypassed)
        verdict.stripped = stripped
        verdict.observed = observed
        return verdict
    }

    private mutating func apply(
        _ winner: Int?, to field: FieldSlot, _ image: EvaluatedImage, _ bytes: ByteSpan, _ matcher: Matcher,
        isBypassed: Bool
    ) -> Verdict {
        guard let winner else {
            return isBypassed ? Verdict(.bypassed, .bypassed) : Verdict(.unchanged, .noWinner)
        }
        switch matcher.code.actions[winner].effect {
        case .deny: return Verdict(.denied, .denied, winner: winner)
        case _ where isBypassed: return Verdict(.bypassed, .bypassed, winner: winner)
        case .allow: return Verdict(.unchanged, .allowed, winner: winner)
        case .rewrite(let target, let options):
            let start = output.count
            do throws(RewriteFault) {
                try target.append(
                    image.parts, image.name, bytes, pattern: matcher.code.actions[winner].pattern.path,
                    options: options, to: &output)
            } catch {
                output.removeLast(output.count &- start)
                return Verdict(.declined, .declined, winner: winner)
            }
            let made = TextSlice(start: start, count: output.count &- start)
            guard !field.text.isEqual(bytes, to: made, output.span) else {
                output.removeLast(made.count)
                return Verdict(.unchanged, .rewrittenToItself, winner: winner)
            }
            var verdict = Verdict(.rewritten, .rewritten, winner: winner)
            verdict.made = made
            return verdict
        }
    }

    /// Where namespace labels are asked for and not known, an unknown is not an empty: nothing is touched.
    private func leaveAlone(_ field: FieldSlot, _ object: EvaluatedObject, _ bytes: ByteSpan) -> Verdict {
        if let index = ignoredSituation(PlacesAndOperations(field.place, object.operation)) {
            return Verdict(.ignored, .ignoredSituation(index))
        }
        do throws(ReferenceFault) {
            _ = try ReferenceParts.parse(bytes, field.text)
            return Verdict(.unchanged, .unknownNamespaceLabels)
        } catch {
            return Verdict(.unparsed, .unparsed(error))
        }
    }

    /// An image without leading bypass prefixes, if it has some and what remains is a reference.
    private static func strip(_ prefixes: [String], _ text: TextSlice, _ bytes: ByteSpan) -> TextSlice? {
        var rest = text
        while let prefix = prefixes.first(where: { rest.hasPrefix($0, bytes) }), !prefix.isEmpty {
            rest = TextSlice(start: rest.start &+ prefix.utf8.count, count: rest.count &- prefix.utf8.count)
        }
        guard rest.count < text.count else { return nil }
        do throws(ReferenceFault) { _ = try ReferenceParts.parse(bytes, rest) } catch { return nil }
        return rest
    }

    // MARK: Ignoring

    /// Finds which places and operations are ignored in this pod; of several `ignore`s the first is named.
    private mutating func findIgnored(
        _ object: EvaluatedObject, _ bytes: ByteSpan, _ matcher: Matcher, _ situation: Situation
    ) {
        ignored = InlineArray<8, Int>(repeating: -1)
        for (index, ignore) in matcher.ignoredSituations.enumerated()
        where holds(ignore.situation, object, bytes, matcher, situation) {
            for bit in 0..<8 where ignored[bit] < 0 && ignore.placesAndOperations.rawValue >> bit & 1 == 1 {
                ignored[bit] = index
            }
        }
    }

    private func ignoredSituation(_ placeAndOperation: PlacesAndOperations) -> Int? {
        let index = ignored[placeAndOperation.rawValue.trailingZeroBitCount & 7]
        return index < 0 ? nil : index
    }

    private mutating func ignoredImage(
        _ image: EvaluatedImage, _ object: EvaluatedObject, _ bytes: ByteSpan, _ matcher: Matcher,
        _ situation: Situation
    ) -> Verdict.Reason? {
        if matcher.code.ignoresSelf, let own = situation.selfImage, image.isRepository(of: own, bytes) {
            return .ignoredSelf
        }
        var found: Int?
        matcher.ignoredTrie.forEachMatch(bytes, image.name) { list in
            for index in list.lazy.map(Int.init)
            where image.hasTag(matcher.code.ignoredImages[index].tag, bytes) {
                found = min(found ?? index, index)
                return
            }
        }
        if let found { return .ignoredImage(found) }
        for (index, ignore) in matcher.ignoredParts.enumerated()
        where ignore.placesAndOperations.contains(image.placeAndOperation)
            && ignore.writtenParts.contains(image.writtenParts)
            && holds(ignore.situation, object, bytes, matcher, situation)
        {
            return .ignoredPart(index)
        }
        return nil
    }

    // MARK: Matching

    /// The action that decides over an image; and, where a rule that observes beats it there, that rule's action. Lists
    /// come in order of rank, and an action that beats another has a smaller rank than it.
    private mutating func winners(
        _ image: EvaluatedImage, _ object: EvaluatedObject, _ bytes: ByteSpan, _ matcher: Matcher,
        _ situation: Situation
    ) -> (acting: Int?, observing: Int?) {
        var acting = Int32.max
        var all = Int32.max
        matcher.trie.forEachMatch(bytes, image.name) { list in
            for action in list {
                guard action < acting else { return }
                let rule = Int(matcher.actions[Int(action)].rule)
                guard claims(action, image, object, bytes, matcher, situation) else { continue }
                all = min(all, action)
                if !matcher.rules[rule].isObserved {
                    acting = action
                    return
                }
            }
        }
        return (acting == Int32.max ? nil : Int(acting), all < acting ? Int(all) : nil)
    }

    /// Whether an action whose registry and path hold an image claims it.
    @inline(__always)
    private mutating func claims(
        _ index: Int32, _ image: EvaluatedImage, _ object: EvaluatedObject, _ bytes: ByteSpan, _ matcher: Matcher,
        _ situation: Situation
    ) -> Bool {
        let action = matcher.actions[Int(index)]
        if action.tag >= 0, !image.hasTag(matcher.tags[Int(action.tag)], bytes) { return false }
        let rule = matcher.rules[Int(action.rule)]
        return rule.placesAndOperations.contains(image.placeAndOperation)
            && rule.writtenParts.contains(image.writtenParts)
            && holds(rule.situation, object, bytes, matcher, situation)
    }

    /// Whether conditions on namespace and pod hold.
    @inline(__always)
    private mutating func holds(
        _ number: Int32, _ object: EvaluatedObject, _ bytes: ByteSpan, _ matcher: Matcher, _ situation: Situation
    ) -> Bool {
        guard number > 0 else { return true }
        let place = Int(number) & 63
        if memo[place] >> 1 == Int(number) { return memo[place] & 1 == 1 }
        let result = situationHolds(Int(number), object, bytes, matcher, situation)
        memo[place] = Int(number) << 1 | (result ? 1 : 0)
        return result
    }

    private func situationHolds(
        _ number: Int, _ object: EvaluatedObject, _ bytes: ByteSpan, _ matcher: Matcher, _ situation: Situation
    ) -> Bool {
        let conditions = matcher.situations[number]
        guard conditions.namespaces.contains(object.namespace, bytes) else { return false }
        for (entry, key) in zip(conditions.podLabels.entries, matcher.podLabelNumbers[number])
        where !entry.requirement.holds(for: labels[Int(key)], bytes) {
            return false
        }
        return conditions.namespaceLabels.isUnconstrained
            || situation.namespaceLabels.map(conditions.namespaceLabels.hold) ?? false
    }

    // MARK: Denials

    /// The denials that speak when one of them wins: those that nothing beats which claims the image too.
    mutating func speakers(
        of winner: Int, for field: FieldSlot, stripped: TextSlice?, _ object: EvaluatedObject, _ bytes: ByteSpan,
        _ matcher: Matcher, _ situation: Situation
    ) -> [Int] {
        guard matcher.code.sharedDenials[winner] != nil else { return [winner] }
        do throws(ReferenceFault) {
            let parts = try ReferenceParts.parse(bytes, stripped ?? field.text)
            let image = EvaluatedImage(parts, bytes, PlacesAndOperations(field.place, object.operation))
            var candidates: [Int32] = []
            matcher.trie.forEachMatch(bytes, image.name) { candidates += $0 }
            let claiming = candidates.filter {
                claims($0, image, object, bytes, matcher, situation)
                    && !matcher.rules[Int(matcher.actions[Int($0)].rule)].isObserved
            }.map(Int.init)
            return claiming.filter { action in
                guard let beaters = matcher.code.sharedDenials[action] else { return false }
                return beaters.isDisjoint(with: claiming)
            }.sorted()
        } catch {
            return [winner]
        }
    }
}

/// What the evaluator has to know besides the object.
struct Situation {
    /// Nil where they are not known.
    let namespaceLabels: [String: String]?
    let selfImage: Reference?
}

/// An image while its action is looked for.
struct EvaluatedImage {
    let parts: ReferenceParts
    let name: MatchedName
    let placeAndOperation: PlacesAndOperations
    let writtenParts: WrittenParts

    init(_ parts: ReferenceParts, _ bytes: ByteSpan, _ placeAndOperation: PlacesAndOperations) {
        self.parts = parts
        name = MatchedName(parts, bytes)
        self.placeAndOperation = placeAndOperation
        writtenParts = WrittenParts(hasTag: parts.tag != nil, hasDigest: parts.digest != nil)
    }

    /// Whether the image has the tag of a pattern; without tag and digest it counts as `latest`.
    func hasTag(_ tag: String?, _ bytes: ByteSpan) -> Bool {
        guard let tag else { return true }
        if let written = parts.tag { return written.isEqual(bytes, to: tag) }
        return parts.digest == nil && tag == "latest"
    }

    /// Whether registry and path are those of a reference.
    func isRepository(of other: Reference, _ bytes: ByteSpan) -> Bool {
        guard parts.isDockerHub else {
            return parts.registry.isEqual(bytes, to: other.registry) && parts.path.isEqual(bytes, to: other.path)
        }
        guard other.registry == "docker.io" else { return false }
        return parts.isOfficial
            ? other.path.utf8.count == parts.path.count + 8 && other.path.hasPrefix("library/")
                && zip(other.path.utf8.dropFirst(8), parts.path.range).allSatisfy { $0 == bytes[$1] }
            : parts.path.isEqual(bytes, to: other.path)
    }
}

extension Place {
    /// A number for each place.
    var number: UInt8 {
        switch self {
        case .container: 0
        case .initContainer: 1
        case .volume: 2
        case .ephemeral: 3
        }
    }
}
