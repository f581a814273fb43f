/// What a program looks at for every image, laid out flat: made of the program's code, and nothing in it is new.
struct Matcher: Sendable {
    struct Action: Sendable {
        let rule: Int32
        /// The tag, as an index into `tags`; -1 where the pattern has none.
        let tag: Int32
        /// Whether nothing is to be said or written besides the image: no warning and no mark.
        let isSilent: Bool
    }

    struct Rule: Sendable {
        /// The rule's conditions on namespace and pod, as an index into `situations`.
        let situation: Int32
        let placesAndOperations: PlacesAndOperations
        let writtenParts: WrittenParts
        let isObserved: Bool
    }

    /// A condition of an `ignore`.
    struct Ignore: Sendable {
        let situation: Int32
        let placesAndOperations: PlacesAndOperations
        let writtenParts: WrittenParts
    }

    /// In step with the program's actions.
    private(set) var actions: [Action] = []
    private(set) var tags: [String] = []
    private(set) var rules: [Rule] = []
    /// Conditions on namespace and pod, each once. The first always holds.
    private(set) var situations: [ConditionSet] = [ConditionSet()]
    private(set) var ignoredSituations: [Ignore] = []
    private(set) var ignoredParts: [Ignore] = []
    /// Finds the actions.
    let trie: PatternTrie
    /// Finds `ignore image` patterns.
    let ignoredTrie: PatternTrie
    /// The keys of pods' labels that conditions ask for; the n-th has the number n, from 1.
    private(set) var podLabelKeys = ByteTable()
    /// For each condition, in the order of `situations`, the numbers of the keys it asks for.
    private(set) var podLabelNumbers: [[UInt32]] = []

    init(_ code: Program.Code) {
        trie = PatternTrie(code.actions.lazy.map(\.pattern))
        ignoredTrie = PatternTrie(code.ignoredImages)
        var known: [ConditionSet: Int32] = [ConditionSet(): 0]
        rules.reserveCapacity(code.rules.count)
        for rule in code.rules {
            rules.append(
                Rule(
                    situation: situation(of: rule.conditions, &known),
                    placesAndOperations: rule.conditions.placesAndOperations,
                    writtenParts: rule.conditions.writtenParts, isObserved: rule.isObserved))
        }
        ignoredSituations = code.ignoredSituations.map { ignore($0, &known) }
        ignoredParts = code.ignoredParts.map { ignore($0, &known) }
        var tagNumbers: [String: Int32] = [:]
        actions.reserveCapacity(code.actions.count)
        for action in code.actions {
            var tag: Int32 = -1
            if let text = action.pattern.tag {
                tag = tagNumbers[text] ?? Int32(truncatingIfNeeded: tags.count)
                if Int(tag) == tags.count {
                    tagNumbers[text] = tag
                    tags.append(text)
                }
            }
            actions.append(
                Action(
                    rule: Int32(truncatingIfNeeded: action.rule), tag: tag,
                    isSilent: action.warning == nil && code.rules[action.rule].marks.isEmpty))
        }
        for situation in situations {
            podLabelNumbers.append(situation.podLabels.entries.map { podLabelKeys.insert($0.key) })
        }
    }

    private mutating func situation(of conditions: ConditionSet, _ known: inout [ConditionSet: Int32]) -> Int32 {
        var conditions = conditions
        conditions.placesAndOperations = .all
        conditions.writtenParts = .all
        if let number = known[conditions] { return number }
        let number = Int32(truncatingIfNeeded: situations.count)
        known[conditions] = number
        situations.append(conditions)
        return number
    }

    private mutating func ignore(_ conditions: ConditionSet, _ known: inout [ConditionSet: Int32]) -> Ignore {
        Ignore(
            situation: situation(of: conditions, &known), placesAndOperations: conditions.placesAndOperations,
            writtenParts: conditions.writtenParts)
    }
}

extension LabelRequirement {
    /// Whether a value satisfies the requirement, byte by byte; nil where there is no such label.
    func holds(for value: TextSlice?, _ bytes: ByteSpan) -> Bool {
        guard let value else { return allowsAbsent }
        for text in values.listed where value.isEqual(bytes, to: text) { return !values.isComplement }
        return values.isComplement
    }
}

extension AtomSet where A == NamespacePattern {
    /// Whether a name is in the set.
    func contains(_ name: TextSlice, _ bytes: ByteSpan) -> Bool {
        func holds(_ pattern: NamespacePattern) -> Bool {
            pattern.isPrefix ? name.hasPrefix(pattern.stem, bytes) : name.isEqual(bytes, to: pattern.stem)
        }
        for region in regions where holds(region.include) {
            // The regions are disjoint.
            return !region.exclude.contains(where: holds)
        }
        return false
    }
}
