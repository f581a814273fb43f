import Foundation
import RuleLang
import Testing

@testable import Engine

/// Every finding is true and every fact is found: decided by going through all points of a universe that holds each
/// value that some rule names, and one that none does.
@Suite("The analyses, held against counting")
struct AnalysisBruteForceTests {
    /// The number of rule sets of a run: `RULED_TEST_ROUNDS`, or 3,000.
    private static let rounds =
        ProcessInfo.processInfo.environment["RULED_TEST_ROUNDS"].flatMap(Int.init) ?? 3_000

    /// What is so of a rule set.
    struct Facts: Equatable {
        /// Whether actions beat each other in a circle; then nothing else is looked at.
        var hasCycle = false
        /// Whether two actions that nothing beats answer some image differently.
        var hasConflict = false
        /// The actions that never decide, as `rule pattern`.
        var dead: [String] = []
        /// The actions some of whose outputs are won by a rewrite or a denial.
        var reentering: [String] = []
        /// The overrides that settle nothing, as `rule other`.
        var idle: [String] = []
    }

    /// The values of one dimension that all actions treat alike, as one column of answers.
    private static func classes(_ columns: [[Bool]], _ distinguished: [[Bool]]) -> [Int] {
        guard let count = (columns + distinguished).first?.count else { return [] }
        var seen: Set<[Bool]> = []
        return (0..<count).filter { value in seen.insert((columns + distinguished).map { $0[value] }).inserted }
    }

    private static func facts(_ slow: SlowEvaluator) -> Facts {
        let actions = slow.actions
        let boxes = actions.map(slow.box)
        let observed = actions.map { action in
            action.rule.statements.contains { if case .observe = $0 { true } else { false } }
        }
        let beats = actions.indices.map { left in
            actions.indices.map { right in
                left != right && SlowEvaluator.beats(actions[left], boxes[left], actions[right], boxes[right])
            }
        }
        var facts = Facts()
        facts.hasCycle = hasCycle(beats)
        if facts.hasCycle { return facts }
        let isOfficial = SlowEvaluator.paths.map { $0.count == 2 && $0[0] == "library" }
        let isSingle = SlowEvaluator.paths.map { $0.count == 1 }
        var distinguished: [[[Bool]]] = [
            [SlowEvaluator.registries.map { $0 == "docker.io" }, SlowEvaluator.registries.map { $0.contains(":") }],
            [isOfficial, isSingle], [SlowEvaluator.parts.map { $0.digest != nil }], [], [], [], [],
        ]
        // What an output is taken up by depends on more of the image than what claims it.
        let hasRewrites = actions.contains { if case .rewrite = $0.statement.kind { true } else { false } }
        if hasRewrites {
            distinguished[0] += SlowEvaluator.registries.indices.map { one in
                SlowEvaluator.registries.indices.map { $0 == one }
            }
            distinguished[1] += SlowEvaluator.paths.indices.map { one in SlowEvaluator.paths.indices.map { $0 == one } }
            distinguished[2] += SlowEvaluator.parts.indices.map { one in SlowEvaluator.parts.indices.map { $0 == one } }
        }
        let ignored = slow.ignoreBoxes
        let values = (0..<7).map { dimension in
            classes((boxes + ignored).map { $0[dimension] }, distinguished[dimension])
        }
        var deciding: Set<Int> = []
        var reentering: Set<Int> = []
        var settling: Set<String> = []
        func visit(_ dimension: Int, _ point: [Int], _ claiming: [Int]) {
            if claiming.isEmpty { return }
            guard dimension < 7 else {
                let reference = SlowEvaluator.reference(point[0], point[1], point[2])
                if reference.registry == "docker.io", SlowEvaluator.paths[point[1]].count == 1 { return }
                if slow.isIgnored(point, reference) { return }
                for live in [true, false] {
                    let taking = claiming.filter { !live || !observed[$0] }
                    let best = taking.filter { index in !taking.contains { beats[$0][index] } }
                    // An action decides where nothing that beats it does; for a live one, nothing live.
                    deciding.formUnion(best.filter { observed[$0] != live })
                    let answers = best.map { slow.fullAnswer(actions[$0], reference) }
                    if Set(answers.map { $0.hasPrefix("deny") ? "deny" : $0 }).count > 1 { facts.hasConflict = true }
                    settling.formUnion(settled(taking, beats, slow, reference, observed, live: live))
                    for index in best where !reentering.contains(index) {
                        if reenters(index, point, reference, slow, boxes, beats, observed, live: live) {
                            reentering.insert(index)
                        }
                    }
                }
                return
            }
            for value in values[dimension] {
                visit(dimension + 1, point + [value], claiming.filter { boxes[$0][dimension][value] })
            }
        }
        visit(0, [], Array(actions.indices))
        func name(_ index: Int) -> String { "\(actions[index].rule.name.plainText ?? "") \(actions[index].pattern)" }
        facts.dead = actions.indices.filter { !deciding.contains($0) }.map(name).sorted()
        facts.reentering = reentering.map(name).sorted()
        for case .rule(let rule) in slow.statements {
            for other in rule.overrides {
                let override = "\(rule.name.plainText ?? "") \(other.plainText ?? "")"
                if !settling.contains(override) { facts.idle.append(override) }
            }
        }
        facts.idle.sort()
        return facts
    }

    private static func hasCycle(_ beats: [[Bool]]) -> Bool {
        var left = Set(beats.indices)
        while let free = left.first(where: { action in !left.contains { beats[action][$0] } }) { left.remove(free) }
        return !left.isEmpty
    }

    /// The overrides without which two actions would answer an image differently.
    private static func settled(
        _ taking: [Int], _ beats: [[Bool]], _ slow: SlowEvaluator, _ reference: Reference, _ observed: [Bool], live: Bool
    ) -> [String] {
        var found: [String] = []
        for winner in taking {
            let rule = slow.actions[winner].rule
            for loser in taking where beats[winner][loser] {
                let other = slow.actions[loser].rule.name.plainText
                // Two that act are looked at without those that observe, and all others with them.
                guard (observed[winner] || observed[loser]) != live,
                    rule.overrides.contains(where: { $0.plainText == other }),
                    !SlowEvaluator.isInside(slow.box(slow.actions[winner]), slow.box(slow.actions[loser]))
                        || SlowEvaluator.isInside(slow.box(slow.actions[loser]), slow.box(slow.actions[winner]))
                else { continue }
                let isElsewhereSettled = taking.contains { third in
                    if beats[third][winner] { return true }
                    guard third != winner, beats[third][loser] else { return false }
                    let isSameOverride =
                        slow.actions[third].rule.name.plainText == rule.name.plainText
                        && !(SlowEvaluator.isInside(slow.box(slow.actions[third]), slow.box(slow.actions[loser]))
                            && !SlowEvaluator.isInside(slow.box(slow.actions[loser]), slow.box(slow.actions[third])))
                    return !isSameOverride
                }
                let answers = [winner, loser].map { slow.fullAnswer(slow.actions[$0], reference) }
                if !isElsewhereSettled, answers[0] != answers[1], !answers.allSatisfy({ $0.hasPrefix("deny") }) {
                    found.append("\(rule.name.plainText ?? "") \(other ?? "")")
                }
            }
        }
        return found
    }

    /// Whether what an action writes is won by a rewrite or a denial, on creation or on an update.
    private static func reenters(
        _ index: Int, _ point: [Int], _ reference: Reference, _ slow: SlowEvaluator, _ boxes: [[[Bool]]],
        _ beats: [[Bool]], _ observed: [Bool], live: Bool
    ) -> Bool {
        let action = slow.actions[index]
        guard case .rewrite = action.statement.kind else { return false }
        let answer = slow.answer(action, "", reference, isBypassed: false, .init(outcome: .bypassed))
        guard let text = answer.to, let output = try? Reference.parse(text).get() else { return false }
        let place = SlowEvaluator.places[point[6]].0
        return SlowEvaluator.places.indices.contains { other in
            guard SlowEvaluator.places[other].0 == place else { return false }
            let later = Array(point.dropLast()) + [other]
            if slow.isIgnored(later, output) { return false }
            let claiming = slow.actions.indices.filter { candidate in
                slow.matches(slow.actions[candidate].pattern, output)
                    // What conditions say of tag and digest is asked of the output.
                    && slow.holdsWrittenParts(slow.actions[candidate], output)
                    && (3..<7).allSatisfy { boxes[candidate][$0][later[$0]] } && (!live || !observed[candidate])
            }
            return claiming.contains { taker in
                if case .allow = slow.actions[taker].statement.kind { return false }
                return !claiming.contains { beats[$0][taker] } && (observed[index] || observed[taker]) != live
            }
        }
    }

    @Test("what is reported is so, and what is so is reported")
    func exact() {
        let seed = testSeed("analyses")
        var random = SeededGenerator(seed: seed)
        var counts = ["rule sets": 0]
        for _ in 0..<Self.rounds {
            let source = RandomRuleSet(using: &random)
            let file = SourceFile(name: "f", text: source.text)
            let diagnostics = RuleSet.load([file]).diagnostics
            let errors = diagnostics.filter { $0.severity == .error }
            // Other errors keep a rule set from being analysed.
            guard Set(errors.map(\.code.rawValue)).isSubset(of: ["E0301", "E0305", "E0307", "E0308", "E0309"]) else {
                continue
            }
            var found = Facts()
            for diagnostic in errors {
                let text = diagnostic.primary.map { file.text($0.span.range) } ?? ""
                switch diagnostic.code.rawValue {
                case "E0301": found.hasConflict = true
                case "E0305": found.reentering.append(Self.rule(at: diagnostic, file) + " " + text.dropFirst().dropLast())
                case "E0307": found.dead.append(Self.rule(at: diagnostic, file) + " " + text.dropFirst().dropLast())
                case "E0308": found.hasCycle = true
                default: found.idle.append(Self.rule(at: diagnostic, file) + " " + text)
                }
            }
            found.dead.sort()
            found.reentering.sort()
            found.idle.sort()
            let facts = Self.facts(SlowEvaluator([SyntaxTree.parse(file).tree]))
            counts["rule sets", default: 0] += 1
            counts["cycle", default: 0] += facts.hasCycle ? 1 : 0
            counts["conflict", default: 0] += facts.hasConflict ? 1 : 0
            counts["dead", default: 0] += facts.dead.count
            counts["reentry", default: 0] += facts.reentering.count
            counts["idle override", default: 0] += facts.idle.count
            counts["valid", default: 0] += errors.isEmpty ? 1 : 0
            #expect(facts == found, "seed \(seed)\n\(source.text)\n\(diagnostics.map(\.message))")
            if facts != found { return }
        }
        print("analyses: \(counts)")
        for fact in ["cycle", "conflict", "dead", "reentry", "idle override", "valid"] {
            #expect(counts[fact, default: 0] > Self.rounds / 200, "\(fact)")
        }
    }

    /// The name of the rule that a finding stands in.
    private static func rule(at diagnostic: Diagnostic, _ file: SourceFile) -> String {
        guard let span = diagnostic.primary?.span else { return "" }
        for case .rule(let rule) in SyntaxTree.parse(file).tree.statements
        where rule.span.start <= span.start && span.end <= rule.span.end {
            return rule.name.plainText ?? ""
        }
        return ""
    }
}
