import RuleLang
import Testing

@testable import Engine

@Suite("Differences of two rule sets")
struct DifferenceTests {
    private func program(_ text: String) throws -> Program {
        let load = RuleSet.load([SourceFile(name: "f", text: "language 1\n" + text)])
        return try #require(load.ruleSet?.program, "\(load.diagnostics.map(\.message))")
    }

    private func difference(_ old: String, _ new: String) throws -> Difference {
        Difference(from: try program(old), to: try program(new))
    }

    @Test("an `ignore self` of one of them is a difference for pods that neither ignores otherwise")
    func ownImageBesideIgnores() throws {
        let rules = """
            ignore pod where !app
            rule a {
                when image in init
                rewrite "a.example/*" to "m.corp/*"
            }
            """
        let difference = try difference(rules, "ignore self\n" + rules)
        #expect(difference.regions.map(\.kind) == [.ownImage])
        #expect(difference.regions.first?.witness.podLabels == ["app": "a"])
    }

    @Test("however many denials speak together, what one more or less says is found, with all that is said there")
    func manyDenials() throws {
        let rules = (0..<40).map { number in
            """
            rule r\(number) {
                when pod where l\(number)
                deny "*/*" because "reason \(number)"
            }

            """
        }
        #expect(try difference(rules.joined(), rules.reversed().joined()).isEmpty)
        let difference = try difference(rules.dropLast().joined(), rules.joined())
        #expect(difference.undecided.isEmpty && !difference.regions.isEmpty)
        for region in difference.regions {
            #expect(region.witness.podLabels["l39"] != nil)
            #expect(region.new.detail?.contains("reason 39") == true)
        }
    }

    @Test("what a denial warns of is a difference, also where another one wins")
    func warningOfDenials() throws {
        func rules(_ warning: String) -> String {
            """
            rule a {
                when pod where x
                deny "*/*" because "a"
            }
            rule b {
                when pod where y
                deny "*/*" because "b"\(warning)
            }
            """
        }
        let difference = try difference(rules(""), rules(" warn \"mind this\""))
        #expect(difference.regions.map(\.new.warning) == ["mind this", "mind this"])
        #expect(Set(difference.regions.map(\.new.detail)) == ["b", "a; b"])
    }

    @Test(
        "a bypass of one of them is a difference wherever something but the same denial comes of an image under it",
        arguments: [
            ("ignore image \"quay.io/*\"", "ignore image \"quay.io/*\"", "direct.to/quay.io/a/app"),
            ("", "rule b { allow \"direct.to/foo/*\" }", "direct.to/foo/a"),
            ("", "ignore image \"direct.to/foo/*\"", "direct.to/foo/a"),
            ("", "ignore pod where skip", "direct.to/a/app"),
            ("rule b {\n when pod where app\n allow \"*/*\"\n}", "", "direct.to/registry.example.com/a/app"),
            ("rule b { deny \"a.example/*\" because \"b\" }", "", "direct.to/a.example/a/app"),
        ])
    func bypassOfOne(old: String, new: String, image: String) throws {
        let denial = "\nignore self\nrule a { deny \"*/*\" because \"no\" }\n"
        let difference = try difference("bypass \"direct.to/\"" + denial + old, denial + new)
        let regions = difference.regions.filter { $0.kind == .bypassed }
        #expect(regions.map(\.witness.image) == [image], "\(difference)")
        #expect(difference.undecided.isEmpty)
    }

    @Test("a bypass of one of them is none where all is denied or ignored alike")
    func bypassOfNone() throws {
        for rest in ["rule a { deny \"*/*\" because \"no\" }", "ignore namespace \"*\""] {
            let difference = try difference("bypass \"direct.to/\"\nignore self\n" + rest, "ignore self\n" + rest)
            #expect(difference.isEmpty, "\(rest) \(difference)")
        }
    }

    @Test("what one ignores with its prefix, and another one denies, is told as images of a registry")
    func ignoredBeforeBypass() throws {
        let difference = try difference(
            "bypass \"direct.to/\"\nignore pod where skip", "rule a { deny \"direct.to/*\" because \"no\" }")
        let skipped = DifferenceSet(pattern: "direct.to/*", conditions: ["pod where skip"])
        #expect(difference.regions.contains { $0.kind == .images && $0.parts == [skipped] }, "\(difference)")
        #expect(difference.regions.contains { $0.kind == .bypassed })
        #expect(
            try self.difference(
                "accept W0306\nbypass \"direct.to/\"\nignore namespace \"*\"",
                "ignore self\nrule a { deny \"direct.to/*\" because \"no\" }"
            ).regions.allSatisfy { !$0.parts.isEmpty })
    }

    @Test(
        "the same said in another way is no difference",
        arguments: [
            (
                "rule a { rewrite \"docker.io/*\" to \"m.corp/hub/*\" }",
                """
                rule a { rewrite "docker.io/*" to "m.corp/hub/*" }
                rule b { rewrite "docker.io/library/*" to "m.corp/hub/library/*" }
                rule c { rewrite "docker.io/library/nginx" to "m.corp/hub/library/nginx" }
                """
            ),
            (
                "rule a { rewrite \"a.example/*\", \"b.example/*\" to \"m.corp/${registry}/*\" }",
                """
                let m = "m.corp"
                rule x { rewrite "a.example/*" to "${m}/a.example/*" }
                rule y { rewrite "b.example/*" to "${m}/b.example/*" }
                """
            ),
            (
                "rule a { deny \"a.example/*\" because \"no\" }",
                """
                rule a {
                    when namespace x
                    deny "a.example/*" because "no"
                }
                rule b {
                    when namespace where kubernetes.io/metadata.name != x
                    deny "a.example/*" because "no"
                }
                """
            ),
            (
                "ignore namespace a, b\nrule d { deny \"*/*\" because \"no\" }",
                "ignore namespace b\nignore namespace a\nrule d { deny \"*/*\" because \"no\" }"
            ),
            ("rule a { allow \"a.example/*\" }", ""),
        ])
    func equivalent(old: String, new: String) throws {
        for difference in [try difference(old, new), try difference(new, old)] {
            #expect(difference.isEmpty && difference.reentries.isEmpty, "\(difference)")
        }
    }

    @Test("only the part for which two rewrites differ is told")
    func parts() throws {
        let old = "rule a { rewrite \"docker.io/*\" to \"m.corp/*\" }"
        let dropped = try difference(old, "rule a { rewrite \"docker.io/*\" to \"m.corp/*\" drop library }")
        #expect(dropped.regions.map(\.parts) == [[DifferenceSet(pattern: "docker.io/library/*")]])
        let retagged = try difference(
            old, "rule a {\n rewrite \"docker.io/*\" to \"m.corp/*\" digest to tag\n}")
        #expect(
            retagged.regions.map(\.parts) == [[DifferenceSet(pattern: "docker.io/*", conditions: ["image has digest"])]]
        )
    }

    @Test(
        "ten thousand patterns of which three differ are compared without comparing all with all",
        .timeLimit(.minutes(2)))
    func large() throws {
        func rules(_ changed: Set<Int>) -> String {
            (0..<100).map { rule in
                let actions = (0..<100).map { action in
                    let number = rule * 100 + action
                    let target = changed.contains(number) ? "n.corp" : "m.corp"
                    return "    rewrite \"reg\(rule).example/org\(action)/*\" to \"\(target)/\(number)/*\"\n"
                }
                return "rule r\(rule) {\n\(actions.joined())}\n"
            }.joined()
        }
        let difference = try difference(rules([]), rules([7, 5_000, 9_999]))
        #expect(
            difference.regions.flatMap(\.parts).map(\.pattern) == [
                "reg0.example/org7/*", "reg50.example/org0/*", "reg99.example/org99/*",
            ])
        #expect(difference.undecided.isEmpty)
    }

    @Test("a rule that leads many patterns elsewhere is one region for people")
    func condensed() throws {
        func rules(_ host: String) -> String {
            let lines = (0..<20).map { "rewrite \"r\($0).example/*\" to \"\(host)/\($0)/*\"" }
            return "rule all {\n\(lines.joined(separator: "\n"))\n}"
        }
        let difference = try difference(rules("m.corp"), rules("n.corp"))
        #expect(difference.regions.count == 20)
        #expect(difference.condensedRegions.map(\.parts.count) == [20])
    }
}
