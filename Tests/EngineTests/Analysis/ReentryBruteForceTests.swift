import RuleLang
import Testing

@testable import Engine

/// What is written and comes back in, decided by writing every image of a small universe.
@Suite("Outputs that come back in, held against counting")
struct ReentryBruteForceTests {
    private static let rounds = testRounds(1_500)

    /// Sets of actions as bits.
    private struct Meaning {
        let set: SmallRuleSet
        let images: [SmallRuleSet.Image]
        /// For each action, those that beat it.
        var beaters: [UInt32]
        let observed: UInt32
        let allowing: UInt32

        init(_ set: SmallRuleSet) {
            self.set = set
            var observed: UInt32 = 0
            var allowing: UInt32 = 0
            for (index, action) in set.actions.enumerated() {
                if set.rules[action.rule].isObserved { observed |= 1 << index }
                if action.effect == .allow { allowing |= 1 << index }
            }
            self.observed = observed
            self.allowing = allowing
            // What lies inside what is counted over all images and situations.
            let all = set.images
            self.images = all
            let images = set.actions.map { action in Set(all.indices.filter { Self.holds(action, all[$0], set) }) }
            let situations = set.actions.map { action in
                Set(
                    Self.situations.indices.filter {
                        Self.holds(set.rules[action.rule].conditions, Self.situations[$0])
                    })
            }
            func isInside(_ left: Int, _ right: Int) -> Bool {
                images[left].isSubset(of: images[right]) && situations[left].isSubset(of: situations[right])
            }
            beaters = set.actions.indices.map { loser in
                var mask: UInt32 = 0
                for winner in set.actions.indices where winner != loser {
                    let isIn = isInside(winner, loser)
                    let isAround = isInside(loser, winner)
                    let overrides = set.rules[set.actions[winner].rule].overrides.contains(set.actions[loser].rule)
                    let overlaps =
                        !images[winner].isDisjoint(with: images[loser])
                        && !situations[winner].isDisjoint(with: situations[loser])
                    if isIn != isAround ? isIn : overrides && overlaps { mask |= 1 << winner }
                }
                return mask
            }
        }

        static let situations: [(namespace: Int, labelled: Int, place: Int)] = (0..<2).flatMap { namespace in
            (0..<2).flatMap { labelled in (0..<SmallRuleSet.places).map { (namespace, labelled, $0) } }
        }

        static func holds(_ conditions: SmallRuleSet.Conditions, _ s: (namespace: Int, labelled: Int, place: Int))
            -> Bool
        {
            conditions.namespaces >> s.namespace & 1 == 1 && conditions.labelled >> s.labelled & 1 == 1
                && conditions.places >> s.place & 1 == 1
        }

        static func holds(_ action: SmallRuleSet.Action, _ image: SmallRuleSet.Image, _ set: SmallRuleSet) -> Bool {
            action.pattern.matches(image)
                && set.rules[action.rule].conditions.digests >> (image.hasDigest ? 1 : 0) & 1 == 1
        }

        /// The actions that an image's name, tag and digest are in, and the `ignore`s.
        func matching(_ image: SmallRuleSet.Image) -> (actions: UInt32, ignores: UInt32) {
            var actions: UInt32 = 0
            var ignores: UInt32 = 0
            for (index, action) in set.actions.enumerated() where Self.holds(action, image, set) {
                actions |= 1 << index
            }
            for (index, ignore) in set.ignores.enumerated()
            where ignore.pattern.matches(image) && ignore.conditions.digests >> (image.hasDigest ? 1 : 0) & 1 == 1 {
                ignores |= 1 << index
            }
            return (actions, ignores)
        }

        /// The actions and `ignore`s that a situation is in.
        func matching(_ s: (namespace: Int, labelled: Int, place: Int)) -> (actions: UInt32, ignores: UInt32) {
            var actions: UInt32 = 0
            var ignores: UInt32 = 0
            for (index, action) in set.actions.enumerated() where Self.holds(set.rules[action.rule].conditions, s) {
                actions |= 1 << index
            }
            for (index, ignore) in set.ignores.enumerated() where Self.holds(ignore.conditions, s) {
                ignores |= 1 << index
            }
            return (actions, ignores)
        }

        /// Those of some claiming actions that none of them beats.
        func best(_ claiming: UInt32) -> UInt32 {
            var best: UInt32 = 0
            var left = claiming
            while left != 0 {
                let index = left.trailingZeroBitCount
                left &= left - 1
                if beaters[index] & claiming == 0 { best |= 1 << index }
            }
            return best
        }
    }

    private struct Key: Hashable {
        let action: Int
        let source: UInt32
        let sourceIgnores: UInt32
        let output: UInt32
        let outputIgnores: UInt32
    }

    /// The actions some of whose outputs a rewrite or a denial wins.
    private static func reentering(_ set: SmallRuleSet) -> UInt32 {
        let meaning = Meaning(set)
        var keys: Set<Key> = []
        for image in meaning.images {
            let source = meaning.matching(image)
            for (index, action) in set.actions.enumerated() where source.actions >> index & 1 == 1 {
                guard let output = SmallRuleSet.output(action, image) else { continue }
                let taken = meaning.matching(output)
                guard taken.actions & ~meaning.allowing != 0 else { continue }
                keys.insert(
                    Key(
                        action: index, source: source.actions, sourceIgnores: source.ignores, output: taken.actions,
                        outputIgnores: taken.ignores))
            }
        }
        var found: UInt32 = 0
        let situations = Meaning.situations.map(meaning.matching)
        for key in keys where found >> key.action & 1 == 0 {
            for (index, one) in Meaning.situations.enumerated() {
                guard situations[index].ignores & key.sourceIgnores == 0 else { continue }
                for live in [true, false] {
                    let acting = live ? ~meaning.observed : ~0
                    guard meaning.best(key.source & situations[index].actions & acting) >> key.action & 1 == 1 else {
                        continue
                    }
                    for (later, other) in Meaning.situations.enumerated() {
                        // The same pod and place, on creation or on an update.
                        guard other.namespace == one.namespace, other.labelled == one.labelled,
                            (other.place == 2) == (one.place == 2),
                            situations[later].ignores & key.outputIgnores == 0
                        else { continue }
                        var takers =
                            meaning.best(key.output & situations[later].actions & acting) & ~meaning.allowing
                        // Two that act are looked at without those that observe, and all others with them.
                        if !live, meaning.observed >> key.action & 1 == 0 { takers &= meaning.observed }
                        if takers != 0 { found |= 1 << key.action }
                    }
                }
            }
        }
        return found
    }

    @Test("each that is reported does, and each that does is reported")
    func exact() {
        let seed = testSeed("re-entry")
        var random = SeededGenerator(seed: seed)
        var looked = 0
        var outputs = 0
        for _ in 0..<Self.rounds {
            let set = SmallRuleSet(using: &random)
            let file = SourceFile(name: "f", text: set.text)
            let diagnostics = RuleSet.load([file]).diagnostics
            let codes = Set(diagnostics.filter { $0.severity == .error }.map(\.code.rawValue))
            guard codes.isSubset(of: ["E0301", "E0305", "E0307", "E0309"]) else { continue }
            looked += 1
            let lines = diagnostics.filter { $0.code.rawValue == "E0305" }.compactMap { diagnostic in
                diagnostic.primary.map { file.lineIndex(at: $0.span.start) }
            }.sorted()
            let bits = Self.reentering(set)
            outputs += bits.nonzeroBitCount
            let wanted = set.actions.indices.filter { bits >> $0 & 1 == 1 }.map { set.line(of: $0) }.sorted()
            #expect(lines == wanted, "seed \(seed)\n\(set.text)\n\(diagnostics.map { "\($0.message) \($0.notes)" })")
            if lines != wanted { return }
        }
        print("re-entry: \(looked) rule sets, \(outputs) outputs that come back in")
        #expect(looked > Self.rounds / 2 && outputs > Self.rounds / 20)
    }
}

extension SmallRuleSet {
    /// The line of an action in the text, from 0.
    fileprivate func line(of action: Int) -> Int {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let start = lines.firstIndex { $0.hasPrefix("rule r\(actions[action].rule) ") } ?? 0
        let pattern = "\"\(actions[action].pattern.text)\""
        return (start..<lines.count).first { line in
            ["rewrite", "allow", "deny"].contains { lines[line].hasPrefix("    \($0) \(pattern)") }
        } ?? 0
    }
}
