import Engine
import RuleLang
import Testing

@Suite("What the tests of a rule set reach")
struct CoverageTests {
    private func coverage(_ rules: String, filter: (String) -> Bool = { _ in true }) throws -> Coverage {
        let load = RuleSet.load([SourceFile(name: "a.rules", text: "language 1\n" + rules)])
        return try #require(load.ruleSet, "\(load.diagnostics)").coverage(filter: filter)
    }

    private func gaps(_ rules: String) throws -> [String] {
        try coverage(rules).gaps.map { "\($0.line): \($0.text)" }
    }

    @Test("an action counts where it decides, not where another one wins")
    func actions() throws {
        let coverage = try coverage(
            """
            rule hub {
                rewrite "docker.io/*", "quay.io/*" to "m.corp/*"
                allow "docker.io/library/nginx"
                accept W0501
            }
            test "t" {
                expect "nginx" unchanged by hub
                expect "nginx:1" unchanged by hub
                expect "ghcr.io/a/b" unchanged
            }
            """)
        #expect(coverage.rules.first?.actions.map(\.expectations) == [0, 0, 2])
        #expect(coverage.rules.first?.actions.map(\.line) == [3, 3, 4])
        #expect(coverage.count.reached == 1 && coverage.count.total == 3)
        #expect(
            coverage.gaps.map(\.text) == [
                "`docker.io/*` of rule `hub` decides in no test", "`quay.io/*` of rule `hub` decides in no test",
            ])
    }

    @Test("each requirement of a selector is a condition of its own, to be seen both ways")
    func conditions() throws {
        let rules = """
            rule hub {
                when namespace where mirror = on, !legacy
                when image in container, init
                when image has tag
                allow "docker.io/*"
            }
            test "t" {
                given namespace labels mirror = on
                expect "nginx:1" unchanged by hub
                expect "nginx" unchanged
            }
            test "off" {
                given image in volume
                expect "nginx:1" unchanged
                expect "quay.io/a" unchanged
            }
            """
        let conditions = try #require(try coverage(rules).rules.first).conditions
        #expect(
            conditions.map { "\($0.line): \($0.text) \($0.holding) \($0.failing)" } == [
                "3: namespace where mirror = on 2 1", "3: namespace where !legacy 3 0",
                "4: image in container, init 2 1", "5: image has tag 2 1",
            ])
        #expect(
            try gaps(rules) == [
                "3: `namespace where !legacy` of rule `hub` holds in every test that asks for it"
            ])
    }

    @Test("a condition is asked for only where a pattern of its rule holds the image")
    func conditionsOfOtherImages() throws {
        #expect(
            try gaps(
                """
                rule hub {
                    when namespace shop
                    allow "docker.io/library/nginx:1"
                }
                test "t" {
                    given namespace shop
                    expect "redis" unchanged
                    expect "nginx:2" unchanged
                }
                """) == [
                    "3: `namespace shop` of rule `hub` is asked for in no test",
                    "4: `docker.io/library/nginx:1` of rule `hub` decides in no test",
                ])
    }

    @Test("what cannot fail for the rule's patterns need not be seen to fail")
    func conditionsThatCannotFail() throws {
        let coverage = try coverage(
            """
            rule pinned {
                when image has tag
                when image in container, init, ephemeral, volume
                allow "docker.io/library/nginx:1"
            }
            test "t" {
                expect "nginx:1" unchanged by pinned
            }
            """)
        #expect(coverage.rules.first?.conditions.map(\.canFail) == [false, false])
        #expect(coverage.count.total == 3 && coverage.gaps.isEmpty && coverage.count.percent == 100)
    }

    @Test("a rule that observes counts where it would decide")
    func observers() throws {
        let coverage = try coverage(
            """
            rule later {
                observe
                deny "docker.io/*" because "soon"
                deny "docker.io/library/nginx" because "sooner"
            }
            rule now {
                allow "docker.io/bitnami/*"
            }
            test "t" {
                expect "redis" warns "soon"
                expect "bitnami/redis" unchanged by now
            }
            """)
        let counts = coverage.rules.map { "\($0.name) \($0.actions.map(\.expectations))" }
        #expect(counts == ["later [1, 0]", "now [1]"])
    }

    @Test("ignores and bypass prefixes count where they apply; `ignore self` is left out")
    func exceptions() throws {
        let coverage = try coverage(
            """
            ignore self
            ignore namespace kube-system, kube-public
            ignore pod where rewrite = off
            ignore image "quay.io/a/*", "quay.io/b/*"
            ignore image has no tag
            bypass "direct.to/", "past.to/", "by.to/"
            rule hub {
                deny "docker.io/library/evil" because "no"
                allow "docker.io/*"
            }
            test "ignored" {
                given namespace kube-public
                expect "nginx:1" ignored
                expect "Nginx" ignored
            }
            test "t" {
                expect "quay.io/b/c:1" ignored
                expect "nginx" ignored
                expect "direct.to/past.to/nginx:1" bypassed becomes "nginx:1"
                expect "past.to/evil:1" denied
                expect "by.to/Nginx" unparsed
            }
            """)
        #expect(
            coverage.ignores.map { "\($0.text) \($0.expectations)" } == [
                "ignore namespace kube-system, kube-public 2", "ignore pod where rewrite = off 0",
                "ignore image \"quay.io/a/*\" 0", "ignore image \"quay.io/b/*\" 1", "ignore image has no tag 1",
            ])
        #expect(
            coverage.bypasses.map { "\($0.text) \($0.expectations)" } == [
                "bypass \"direct.to/\" 1", "bypass \"past.to/\" 2", "bypass \"by.to/\" 0",
            ])
    }

    @Test("what is ignored, unchanged by an update or of a mirror pod asks no rule")
    func withoutRules() throws {
        let coverage = try coverage(
            """
            ignore pod where rewrite = off
            rule hub {
                when namespace shop
                allow "docker.io/*"
            }
            test "ignored" {
                given pod labels rewrite = off
                expect "nginx" ignored
            }
            test "unchanged by an update" {
                given image was "nginx"
                expect "nginx" unchanged
            }
            test "mirror pod" {
                given pod annotations kubernetes.io/config.mirror = x
                given pod labels rewrite = off
                expect "nginx" ignored
            }
            """)
        #expect(coverage.rules.first?.conditions.map { $0.holding + $0.failing } == [0])
        #expect(coverage.ignores.map(\.expectations) == [1])
    }

    @Test("only the tests that a filter lets through are measured")
    func filter() throws {
        let rules = """
            rule hub { allow "docker.io/*" }
            test "one" { expect "nginx" unchanged }
            test "two" { expect "redis" unchanged }
            """
        #expect(try coverage(rules) { $0 == "one" }.rules.first?.actions.first?.expectations == 1)
        #expect(try coverage(rules) { _ in false }.count.reached == 0)
    }

    @Test("where there is nothing to reach, everything is reached")
    func nothing() throws {
        #expect(try coverage("").count.percent == 100)
    }

    @Test("an expectation without an outcome takes any")
    func anyOutcome() throws {
        let load = RuleSet.load([
            SourceFile(
                name: "a.rules",
                text: """
                    language 1
                    rule hub { rewrite "docker.io/*" to "m.corp/*" warn "moved" }
                    test "t" {
                        expect "nginx" by hub
                        expect "nginx" warns "moved"
                        expect "quay.io/a" by hub
                    }
                    """)
        ])
        let failures = try #require(load.ruleSet).runTests().flatMap(\.failures)
        #expect(failures.map(\.line) == [6])
        #expect(failures.first?.expected == "by hub")
        #expect(failures.first?.note == "no pattern of rule `hub` names `quay.io/a`")
    }
}
