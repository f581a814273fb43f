import RuleLang
import Testing

@testable import Engine

/// What new rules make of what old ones wrote.
@Suite struct SuccessionTests {
    private func program(_ text: String) throws -> Program {
        let load = RuleSet.load([SourceFile(name: "a.rules", text: "language 1\n" + text)])
        return try #require(load.ruleSet?.program, "\(load.diagnostics)")
    }

    private let live = "rule r {\n rewrite \"quay.io/*\" to \"m.corp/quay/*\"\n}\n"

    @Test("rules that take up what the live ones wrote are named, with an image that shows it")
    func again() throws {
        let next = try program("rule next {\n rewrite \"m.corp/*\" to \"n.corp/*\"\n}\n")
        let findings = next.rewritesAgain(after: try program(live))
        #expect(findings.count == 1)
        #expect(findings.first?.contains("-> m.corp/quay/") == true)
        #expect(findings.first?.contains("-> n.corp/quay/") == true)
        #expect(findings.first?.contains("rule `next`") == true)
    }

    @Test(
        "rules that leave it alone are not",
        arguments: [
            "rule r {\n rewrite \"quay.io/*\" to \"m.corp/quay/*\"\n}\n",
            "rule r {\n rewrite \"quay.io/*\" to \"n.corp/*\"\n}\n",
            "rule r {\n rewrite \"m.corp/other/*\" to \"n.corp/*\"\n}\n",
            "rule r {\n rewrite \"m.corp/*\" to \"n.corp/*\"\n}\nrule s {\n allow \"m.corp/quay/*\"\n}\n",
            "rule r {\n observe\n rewrite \"m.corp/*\" to \"n.corp/*\"\n}\n",
            "ignore image \"m.corp/*\"\nrule r {\n rewrite \"ghcr.io/*\" to \"m.corp/gh/*\"\n}\n",
        ])
    func leftAlone(next: String) throws {
        #expect(try program(next).rewritesAgain(after: try program(live)) == [])
    }

    @Test("conditions that exclude each other are no succession")
    func conditions() throws {
        let one = try program("rule r {\n when namespace a\n rewrite \"quay.io/*\" to \"m.corp/*\"\n}\n")
        let other = try program("rule r {\n when namespace b\n rewrite \"m.corp/*\" to \"n.corp/*\"\n}\n")
        #expect(other.rewritesAgain(after: one) == [])
    }

    @Test("the rules and ignores that look at labels of namespaces are named with their places")
    func readers() throws {
        let text =
            "ignore namespace where x = y\nrule q {\n rewrite \"ghcr.io/*\" to \"m.corp/gh/*\"\n}\n"
            + "rule r {\n when namespace where a\n rewrite \"quay.io/*\" to \"m.corp/quay/*\"\n}\n"
        #expect(try program(text).namespaceLabelReaders == ["rule `r` at a.rules:8", "`ignore` at a.rules:2"])
    }
}
