import RuleLang
import Testing

@testable import Engine

/// Every finding is true and every fact is found: decided by going through all points of a universe that holds each
/// value that some rule names, and one that none does.
@Suite("The analyses, held against counting")
struct AnalysisBruteForceTests {
    private static let rounds = testRounds(1_000)

    /// What is so of a rule set.
    struct Facts: Equatable {
        /// Whether actions beat each other in a circle; then nothing else is looked at.
        var hasCycle = false
        /// Whether no image is left that is not ignored; then neither.
        var isAllIgnored = false
        /// Whether two actions that nothing beats answer some image differently.
        var hasConflict = false
        /// The actions that never decide, as `rule pattern`.
        var dead: [String] = []
        /// The overrides that settle nothing, as `rule other`.
        var idle: [String] = []
        /// The overrides of images that have two answers with them.
        var openOverrides: Set<String> = []
    }

    /// An image, by the numbers of its registry, path and end, and what claims it in some situation.
    private struct Leaf: Hashable {
        let mask: UInt64
        let image: [Int]
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
        let isInside = boxes.map { inner in
            boxes.map { SlowEvaluator.isInside(inner, $0) && !SlowEvaluator.isInside($0, inner) }
        }
        let hasOverrides = actions.contains { !$0.rule.overrides.isEmpty }
        var facts = Facts()
        facts.hasCycle = hasCycle(beats)
        if facts.hasCycle { return facts }
        let isOfficial = SlowEvaluator.paths.map { $0.count == 2 && $0[0] == "library" }
        let isSingle = SlowEvaluator.paths.map { $0.count == 1 }
        let distinguished: [[[Bool]]] = [
            [SlowEvaluator.registries.map { $0 == "docker.io" }, SlowEvaluator.registries.map { $0.contains(":") }],
            [isOfficial, isSingle], [SlowEvaluator.parts.map { $0.digest != nil }], [], [], [], [],
        ]
        let ignored = slow.ignoreBoxes
        let values = (0..<7).map { dimension in
            classes((boxes + ignored).map { $0[dimension] }, distinguished[dimension])
        }
        // For each dimension and value, the actions and then the `ignore`s that allow it, as bits.
        let columns: [[UInt64]] = (0..<7).map { dimension in
            (boxes + ignored).first.map {
                $0[dimension].indices.map { value in
                    var mask: UInt64 = 0
                    for (index, box) in (boxes + ignored).enumerated() where box[dimension][value] {
                        mask |= 1 << index
                    }
                    return mask
                }
            } ?? []
        }
        let acting: UInt64 = (1 << actions.count) - 1
        func isSomethingLeft(_ dimension: Int, _ mask: UInt64) -> Bool {
            if mask & ~acting == 0 { return true }
            guard dimension < 7 else { return false }
            return columns[dimension].contains { isSomethingLeft(dimension + 1, mask & $0) }
        }
        facts.isAllIgnored = !isSomethingLeft(0, (1 << (actions.count + ignored.count)) - 1)
        if facts.isAllIgnored { return facts }
        var deciding: Set<Int> = []
        var settling: Set<String> = []
        var seen: Set<Leaf> = []
        func visit(_ dimension: Int, _ image: [Int], _ mask: UInt64) {
            if mask & acting == 0 { return }
            guard dimension < 7 else {
                if mask & ~acting == 0, seen.insert(Leaf(mask: mask, image: image)).inserted { look(image, mask) }
                return
            }
            for value in values[dimension] {
                visit(dimension + 1, dimension < 3 ? image + [value] : image, mask & columns[dimension][value])
            }
        }
        func look(_ image: [Int], _ mask: UInt64) {
            let reference = SlowEvaluator.reference(image[0], image[1], image[2])
            if reference.registry == "docker.io", SlowEvaluator.paths[image[1]].count == 1 { return }
            let claiming = actions.indices.filter { mask >> $0 & 1 == 1 }
            for live in [true, false] {
                let taking = claiming.filter { !live || !observed[$0] }
                let best = taking.filter { index in !taking.contains { beats[$0][index] } }
                // An action decides where nothing that beats it does; for a live one, nothing live.
                deciding.formUnion(best.filter { observed[$0] != live })
                if best.count > 1 {
                    let answers = best.map { slow.fullAnswer(actions[$0], reference) }
                    if Set(answers.map { $0.hasPrefix("deny") ? "deny" : $0 }).count > 1 { facts.hasConflict = true }
                }
                if hasOverrides {
                    let (certain, open) = settled(taking, beats, isInside, slow, reference)
                    settling.formUnion(certain)
                    facts.openOverrides.formUnion(open)
                }
            }
        }
        visit(0, [], ~0)
        func name(_ index: Int) -> String { "\(actions[index].rule.name.plainText ?? "") \(actions[index].pattern)" }
        facts.dead = actions.indices.filter { !deciding.contains($0) }.map(name).sorted()
        for case .rule(let rule) in slow.statements {
            for other in rule.overrides {
                let override = "\(rule.name.plainText ?? "") \(other.plainText ?? "")"
                if settling.contains(override) {
                    facts.openOverrides.remove(override)
                } else if !facts.openOverrides.contains(override) {
                    facts.idle.append(override)
                }
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

    /// The overrides without which another answer would be given for an image, or two; and those of an image that has
    /// two answers anyway, of which nothing can be said.
    private static func settled(
        _ taking: [Int], _ beats: [[Bool]], _ isInside: [[Bool]], _ slow: SlowEvaluator, _ reference: Reference
    ) -> (settling: [String], open: [String]) {
        func answers(_ beats: (Int, Int) -> Bool) -> Set<String> {
            let best = taking.filter { index in !taking.contains { beats($0, index) } }
            return Set(best.map { slow.fullAnswer(slow.actions[$0], reference) })
        }
        func name(_ index: Int) -> String { slow.actions[index].rule.name.plainText ?? "" }
        let actual = answers { beats[$0][$1] }
        let overrides = Set(
            taking.flatMap { winner in
                taking.filter { beats[winner][$0] && !isInside[winner][$0] }.map { [name(winner), name($0)] }
            })
        if Set(actual.map { $0.hasPrefix("deny") ? "deny" : $0 }).count > 1 {
            return ([], overrides.map { $0.joined(separator: " ") })
        }
        let settling = overrides.filter { override in
            actual
                != answers { winner, loser in
                    beats[winner][loser]
                        && (isInside[winner][loser] || [name(winner), name(loser)] != override)
                }
        }
        return (settling.map { $0.joined(separator: " ") }, [])
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
            // Other errors keep patterns from being looked at under their conditions, and these a rule set from
            // being analysed.
            guard !errors.contains(where: { !$0.code.rawValue.hasPrefix("E03") }) else { continue }
            let slow = SlowEvaluator([SyntaxTree.parse(file).tree])
            let contradictions = Self.contradictions(slow)
            let reported = errors.count { $0.code.rawValue == "E0303" }
            counts["contradiction", default: 0] += contradictions
            #expect(contradictions == reported, "seed \(seed)\n\(source.text)\n\(diagnostics.map(\.message))")
            if contradictions != reported { return }
            #expect(!errors.contains { $0.code == .undecided }, "seed \(seed)\n\(source.text)")
            guard Set(errors.map(\.code.rawValue)).isSubset(of: ["E0301", "E0305", "E0307", "E0308", "E0309"]) else {
                continue
            }
            var found = Facts()
            for diagnostic in errors {
                let text = diagnostic.primary.map { file.text($0.span.range) } ?? ""
                switch diagnostic.code.rawValue {
                case "E0301": found.hasConflict = true
                case "E0307": found.dead.append(Self.rule(at: diagnostic, file) + " " + text.dropFirst().dropLast())
                case "E0308": found.hasCycle = true
                case "E0305": break
                default: found.idle.append(Self.rule(at: diagnostic, file) + " " + text)
                }
            }
            found.isAllIgnored = diagnostics.contains { $0.code.rawValue == "W0306" }
            found.dead.sort()
            found.idle.sort()
            let facts = Self.facts(slow)
            found.idle.removeAll { facts.openOverrides.contains($0) }
            found.openOverrides = facts.openOverrides
            counts["rule sets", default: 0] += 1
            counts["cycle", default: 0] += facts.hasCycle ? 1 : 0
            counts["conflict", default: 0] += facts.hasConflict ? 1 : 0
            counts["dead", default: 0] += facts.dead.count
            counts["idle override", default: 0] += facts.idle.count
            counts["valid", default: 0] += errors.isEmpty ? 1 : 0
            #expect(facts == found, "seed \(seed)\n\(source.text)\n\(diagnostics.map(\.message))")
            if facts != found { return }
        }
        print("analyses: \(counts)")
        for fact in ["contradiction", "cycle", "conflict", "dead", "idle override", "valid"] {
            #expect(counts[fact, default: 0] > Self.rounds / 500, "\(fact)")
        }
    }

    /// How many conditions that nothing satisfies there are: of rules, and if there are none, of patterns in them.
    private static func contradictions(_ slow: SlowEvaluator) -> Int {
        var rules: Set<String> = []
        for action in slow.actions {
            let anything = SlowEvaluator.Action(rule: action.rule, statement: action.statement, pattern: "*/*")
            if slow.box(anything).contains(where: { !$0.contains(true) }) {
                rules.insert(action.rule.name.plainText ?? "")
            }
        }
        return rules.isEmpty
            ? slow.actions.count { slow.box($0).contains { !$0.contains(true) } } : rules.count
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
