/// A program as the evaluator looks at it for every image: the code, and beside it what is made of the code, laid out
/// flat. A class, so that it is handed on as one reference and not as its twenty arrays.
final class Matcher: Sendable {
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

    let code: Program.Code
    /// In step with the code's actions.
    let actions: [Action]
    let tags: [String]
    let rules: [Rule]
    /// Conditions on namespace and pod, each once. The first always holds.
    let situations: [ConditionSet]
    let ignoredSituations: [Ignore]
    let ignoredParts: [Ignore]
    /// Finds the actions.
    let trie: PatternTrie
    /// Finds `ignore image` patterns.
    let ignoredTrie: PatternTrie
    /// The keys of pods' labels that conditions ask for; the n-th has the number n, from 1.
    let podLabelKeys: ByteTable
    /// For each condition, in the order of `situations`, the numbers of the keys it asks for.
    let podLabelNumbers: [[UInt32]]
    /// Whether some rule or `ignore` looks at the labels of namespaces.
    let asksForNamespaceLabels: Bool

    init(_ code: Program.Code) {
        self.code = code
        trie = PatternTrie(code.actions.lazy.map(\.pattern))
        ignoredTrie = PatternTrie(code.ignoredImages)
        var numbers = Numbers<ConditionSet>()
        _ = numbers.number(of: ConditionSet())
        rules = code.rules.map { rule in
            Rule(
                situation: numbers.number(of: rule.conditions.situation),
                placesAndOperations: rule.conditions.placesAndOperations, writtenParts: rule.conditions.writtenParts,
                isObserved: rule.isObserved)
        }
        func ignore(_ conditions: ConditionSet) -> Ignore {
            Ignore(
                situation: numbers.number(of: conditions.situation),
                placesAndOperations: conditions.placesAndOperations, writtenParts: conditions.writtenParts)
        }
        ignoredSituations = code.ignoredSituations.map(ignore)
        ignoredParts = code.ignoredParts.map(ignore)
        situations = numbers.values
        var tagNumbers = Numbers<String>()
        actions = code.actions.map { action in
            Action(
                rule: Int32(truncatingIfNeeded: action.rule),
                tag: action.pattern.tag.map { tagNumbers.number(of: $0) } ?? -1,
                isSilent: action.warning == nil && code.rules[action.rule].marks.isEmpty)
        }
        tags = tagNumbers.values
        var keys = ByteTable()
        podLabelNumbers = numbers.values.map { conditions in
            conditions.podLabels.entries.map { keys.insert($0.key) }
        }
        podLabelKeys = keys
        asksForNamespaceLabels = numbers.values.contains(where: \.asksForNamespaceLabels)
    }

    /// Gives equal values one number, from 0 in the order in which they come.
    private struct Numbers<Value: Hashable> {
        private(set) var values: [Value] = []
        private var known: [Value: Int32] = [:]

        mutating func number(of value: Value) -> Int32 {
            if let number = known[value] { return number }
            let number = Int32(truncatingIfNeeded: values.count)
            known[value] = number
            values.append(value)
            return number
        }
    }
}

extension ConditionSet {
    /// The conditions on namespace and pod alone.
    fileprivate var situation: ConditionSet {
        var conditions = self
        conditions.placesAndOperations = .all
        conditions.writtenParts = .all
        return conditions
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
