import Engine
import RuleLang
import Testing

@Suite("Coverage of random rule sets by random tests")
struct CoveragePropertyTests {
    /// A test of one image, as text and as the evaluator takes it.
    private struct RandomTest {
        let text: String
        let workload: Workload
        let context: EvaluationContext

        init(_ index: Int, using random: inout SeededGenerator) {
            let place = random.pick(Place.allCases)
            let operation: Operation = place == .ephemeral ? .update : random.pick([.create, .update])
            let image = RandomRuleSet.reference(using: &random)
            let namespace = random.pick(RandomRuleSet.namespaces)
            let (env, app) = (random.pick(["", "prod", "dev"]), random.pick(["", "x", "y"]))
            var lines = ["given namespace \(namespace)", "given image in \(place.rawValue)"]
            lines.append("given operation \(operation.rawValue)")
            if !env.isEmpty { lines.append("given namespace labels env = \(env)") }
            if !app.isEmpty { lines.append("given pod labels app = \(app)") }
            lines.append("expect \"\(image)\" unchanged")
            text = "test \"\(index)\" {\n" + lines.map { "    \($0)\n" }.joined() + "}\n"
            workload = Workload(
                kind: "Pod", labels: app.isEmpty ? [:] : ["app": app],
                images: [ImageField(place: place, name: "test", pointer: "/image", text: image)])
            context = EvaluationContext(
                namespace: namespace, namespaceLabels: env.isEmpty ? [:] : ["env": env], operation: operation)
        }
    }

    @Test("says of every decision what made it, and nothing that cannot be")
    func agreesWithDecisions() throws {
        var random = SeededGenerator(seed: testSeed("coverage"))
        var measured = 0
        for _ in 0..<600 {
            let rules = RandomRuleSet(using: &random).text
            let tests = (0..<12).map { RandomTest($0, using: &random) }
            let text = rules + tests.map(\.text).joined()
            guard let ruleSet = RuleSet.load([SourceFile(name: "a.rules", text: text)]).ruleSet else { continue }
            measured += 1
            let coverage = ruleSet.coverage()
            let decisions = tests.compactMap { ruleSet.program.decide($0.workload, in: $0.context).images.first }
            let observers = Set(coverage.rules.filter { rules.observes($0.name) }.map(\.name))
            let decided = coverage.rules.filter { !observers.contains($0.name) }.flatMap(\.actions)
            #expect(decided.reduce(0) { $0 + $1.expectations } == decisions.count { $0.by != nil }, "\(text)")
            let ignored = decisions.count { $0.outcome == .ignored }
            let byIgnores = coverage.ignores.reduce(0) { $0 + $1.expectations }
            #expect(
                byIgnores >= ignored
                    && (ignored > 0 || decisions.contains { $0.outcome == .bypassed } || byIgnores == 0), "\(text)")
            let stripped = decisions.count { $0.outcome == .bypassed && $0.to != nil }
            #expect(coverage.bypasses.reduce(0) { $0 + $1.expectations } >= stripped, "\(text)")
            for rule in coverage.rules {
                let most = rule.actions.reduce(0) { $0 + $1.expectations }
                for condition in rule.conditions {
                    #expect(
                        condition.holding >= most && condition.holding + condition.failing <= tests.count, "\(text)")
                    #expect(condition.canFail || condition.failing == 0, "\(condition.text)\n\(text)")
                }
            }
            #expect(coverage.gaps.isEmpty == (coverage.count.percent == 100), "\(text)")
        }
        #expect(measured > 100)
    }
}

extension String {
    /// Whether the rule of a name observes; the name of each random rule stands on a line of its own.
    fileprivate func observes(_ rule: String) -> Bool {
        let lines = split(separator: "\n").drop { $0 != "rule \(rule) {" }.prefix { $0 != "}" }
        return lines.contains("    observe")
    }
}
