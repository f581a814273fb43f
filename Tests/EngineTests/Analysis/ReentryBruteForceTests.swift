import RuleLang
import Testing

@testable import Engine

/// What is written and comes back in, decided by writing every image of a small universe.
@Suite("Outputs that come back in, held against counting")
struct ReentryBruteForceTests {
    private static let rounds = testRounds(1_500)

    private struct Key: Hashable {
        let action: Int
        let source: UInt32
        let sourceIgnores: UInt32
        let output: UInt32
        let outputIgnores: UInt32
    }

    /// The actions some of whose outputs a rewrite or a denial wins.
    private static func reentering(_ set: SmallRuleSet) -> UInt32 {
        let meaning = SmallRuleSetMeaning(set)
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
        let situations = SmallRuleSetMeaning.situations.map(meaning.matching)
        for key in keys where found >> key.action & 1 == 0 {
            for (index, one) in SmallRuleSetMeaning.situations.enumerated() {
                guard situations[index].ignores & key.sourceIgnores == 0 else { continue }
                for live in [true, false] {
                    let acting = live ? ~meaning.observed : ~0
                    guard meaning.best(key.source & situations[index].actions & acting) >> key.action & 1 == 1 else {
                        continue
                    }
                    for (later, other) in SmallRuleSetMeaning.situations.enumerated() {
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
            #expect(!codes.contains("E0302"), "seed \(seed)\n\(set.text)")
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
