import RuleLang
import Testing

@testable import Engine

/// Every conflict and every dead action is found, and each that is reported exists: decided by going through all points of a
/// universe that holds each value that some rule names, and one that none does.
@Suite("Conflicts and dead actions, held against counting")
struct AnalysisBruteForceTests {
    /// The values of one dimension that all actions treat alike, as one column of answers.
    private static func classes(_ columns: [[Bool]], _ distinguished: [[Bool]]) -> [Int] {
        guard let count = (columns + distinguished).first?.count else { return [] }
        var seen: Set<[Bool]> = []
        return (0..<count).filter { value in seen.insert((columns + distinguished).map { $0[value] }).inserted }
    }

    /// Whether two actions that nothing beats answer some image differently, and which actions never decide.
    private static func facts(_ slow: SlowEvaluator) -> (hasConflict: Bool, deadActions: Int) {
        let actions = slow.actions
        let boxes = actions.map(slow.box)
        let observed = actions.map { action in
            action.rule.statements.contains { if case .observe = $0 { true } else { false } }
        }
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
        let isInside = boxes.map { inner in
            boxes.map { SlowEvaluator.isInside(inner, $0) && !SlowEvaluator.isInside($0, inner) }
        }
        var found = false
        var deciding: Set<Int> = []
        func visit(_ dimension: Int, _ point: [Int], _ claiming: [Int]) {
            if claiming.isEmpty { return }
            guard dimension < 7 else {
                let reference = SlowEvaluator.reference(point[0], point[1], point[2])
                if reference.registry == "docker.io", SlowEvaluator.paths[point[1]].count == 1 { return }
                if slow.isIgnored(point, reference) { return }
                for live in [true, false] {
                    let taking = claiming.filter { !live || !observed[$0] }
                    let best = taking.filter { index in !taking.contains { isInside[$0][index] } }
                    // An action decides where nothing within it does; for a live one, nothing live.
                    deciding.formUnion(best.filter { observed[$0] != live })
                    let answers = best.map { slow.fullAnswer(actions[$0], reference) }
                    if Set(answers.filter { !$0.hasPrefix("deny") }).count > 1
                        || (answers.contains { $0.hasPrefix("deny") } && answers.contains { !$0.hasPrefix("deny") })
                    {
                        found = true
                    }
                }
                return
            }
            for value in values[dimension] {
                visit(dimension + 1, point + [value], claiming.filter { boxes[$0][dimension][value] })
            }
        }
        visit(0, [], Array(actions.indices))
        return (found, actions.count - deciding.count)
    }

    @Test("a rule set has conflicts and dead actions exactly where they are reported, and conflicts have witnesses")
    func exact() {
        let seed = testSeed("conflicts")
        var random = SeededGenerator(seed: seed)
        var counts = [true: 0, false: 0]
        var dead = 0
        for _ in 0..<1_500 {
            let source = RandomRuleSet(using: &random)
            let file = SourceFile(name: "f", text: source.text)
            let diagnostics = RuleSet.load([file]).diagnostics
            let codes = Set(diagnostics.filter { $0.severity == .error }.map(\.code.rawValue))
            // Other errors keep a rule set from being analysed.
            guard codes.isSubset(of: ["E0301", "E0305", "E0307"]) else { continue }
            let facts = Self.facts(SlowEvaluator([SyntaxTree.parse(file).tree]))
            counts[facts.hasConflict, default: 0] += 1
            dead += facts.deadActions
            let isSame =
                codes.contains("E0301") == facts.hasConflict
                && diagnostics.count { $0.code.rawValue == "E0307" } == facts.deadActions
            #expect(isSame, "seed \(seed): expected \(facts)\n\(source.text)\n\(diagnostics.map(\.message))")
            for diagnostic in diagnostics where diagnostic.code.rawValue == "E0301" {
                #expect(
                    diagnostic.notes.contains { $0.hasPrefix("witness: ") },
                    "seed \(seed)\n\(HumanRenderer(files: [file], color: false).render([diagnostic]))")
            }
            if !isSame { return }
        }
        print("conflicts: \(counts), dead actions: \(dead)")
        #expect(dead > 20)
        #expect(counts[true, default: 0] > 50 && counts[false, default: 0] > 50)
    }
}
