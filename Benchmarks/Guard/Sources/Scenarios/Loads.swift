import Engine
import RuleLang

extension Scenario {
    static let loads = [
        load("load-10", "loads 10 patterns", actions: 10, countedIterations: 10) { RuleTexts.rewrites(10) },
        load("load-100000", "loads 100,000 patterns", actions: 100_000, countedIterations: 1) {
            RuleTexts.rewrites(100_000)
        },
        load(
            "validate-10000", "loads 10,000 actions that lie inside one another, with conditions", actions: 10_000,
            countedIterations: 1
        ) { RuleTexts.nested(10_000) },
        load(
            "validate-exceptions", "loads 10,000 actions that lie inside one for everything", actions: 10_000,
            countedIterations: 1
        ) { RuleTexts.exceptions(10_000) },
    ]

    /// From bytes to a program, with every proof.
    private static func load(
        _ name: String, _ summary: String, actions: Int, countedIterations: Int,
        _ text: @escaping @Sendable () -> String
    ) -> Scenario {
        Scenario(name, summary, countedIterations: countedIterations) {
            let file = SourceFile(name: "benchmark.rules", text: text())
            return {
                let load = RuleSet.load([file])
                guard let ruleSet = load.ruleSet, load.diagnostics.isEmpty, ruleSet.statistics.actions == actions else {
                    fatalError("the rule set is not as it should be: \(load.diagnostics.prefix(3))")
                }
                return ruleSet.statistics.rules
            }
        }
    }
}
