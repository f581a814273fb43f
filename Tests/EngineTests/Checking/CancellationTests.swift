import Engine
import RuleLang
import Testing

@Suite("A check that is cancelled")
struct CancellationTests {
    /// Rules of one pattern with a label key each: all pairs of them overlap, which is compared pair by pair.
    private static func slowRules(_ count: Int) -> SourceFile {
        let rules = (0..<count).map { "rule r\($0) {\n    when pod where key-\($0)\n    allow \"a.example/*\"\n}\n" }
        return SourceFile(name: "a.rules", bytes: Array(("language 1\n" + rules.joined()).utf8))
    }

    @Test("ends early, and says that nothing is known")
    func cancelled() async {
        let load = Task.detached { () -> RuleSetLoad in
            while !Task.isCancelled { await Task.yield() }
            return RuleSet.load([Self.slowRules(20_000)])
        }
        load.cancel()
        let result = await load.value
        #expect(result.isCancelled)
        #expect(result.ruleSet == nil && result.diagnostics.isEmpty)
    }

    @Test("is as any other if it is not cancelled")
    func notCancelled() async {
        let result = await Task.detached { RuleSet.load([Self.slowRules(20)]) }.value
        #expect(!result.isCancelled)
        #expect(result.ruleSet != nil)
    }
}
