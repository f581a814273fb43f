import RuleLang
import Testing

@testable import Engine

@Suite("What is proved of a rule set, case by case")
struct AnalysisTests {
    private static func codes(_ statements: String) -> [String] {
        RuleSet.load([SourceFile(name: "a.rules", text: "language 1\n" + statements)]).diagnostics
            .filter { $0.severity == .error }.map(\.code.rawValue)
    }

    @Test("an output that is let through on creation only comes back in on an update")
    func reentryByOperation() {
        let rules = """
            rule a {
                when image in container
                rewrite "docker.io/*" to "m.example.com/*"
            }
            rule b {
                when image in container
                rewrite "m.example.com/*" to "n.example.com/*"
            }
            rule c {
                when image in container
                when operation create
                allow "m.example.com/*"
            }
            """
        #expect(Self.codes(rules) == ["E0305"])
    }

    /// What stands in backticks in the first help of the only error.
    private static func firstHelp(_ statements: String) -> String? {
        let load = RuleSet.load([SourceFile(name: "a.rules", text: "language 1\n" + statements)])
        let errors = load.diagnostics.filter { $0.severity == .error }
        return errors.count == 1 ? errors[0].help.first : nil
    }

    @Test("the override that is offered for a conflict closes no circle")
    func offeredOverride() {
        func rules(_ head: String) -> String {
            """
            \(head) {
                when pod where app = x
                rewrite "quay.io/*" to "m.example.com/a/*"
            }
            rule b overrides c {
                when namespace n
                rewrite "quay.io/*" to "m.example.com/b/*"
            }
            rule c {
                when operation create
                rewrite "quay.io/*" to "m.example.com/c/*"
            }
            """
        }
        #expect(Self.firstHelp(rules("rule a overrides b")) == "say which goes first: `rule a overrides b, c`")
        #expect(Self.codes(rules("rule a overrides b, c")) == [])
    }

    @Test("an override settles nothing where an action that decides there anyway says the same as the other rule")
    func idleOverride() {
        let rules = """
            rule a overrides b {
                when namespace n
                rewrite "*/*" to "m.example.com/all/*"
                rewrite "quay.io/*" to "m.example.com/quay/*"
            }
            rule b {
                when pod where app = x
                rewrite "quay.io/*" to "m.example.com/quay/*"
            }
            ignore image "m.example.com/*"
            """
        #expect(Self.codes(rules) == ["E0309"])
        #expect(Self.codes(rules.replacing(" overrides b", with: "")) == [])
    }

    @Test("a rule may override another one's denial, to speak alone")
    func overriddenDenial() throws {
        func rules(_ reason: String) -> String {
            """
            rule a overrides b {
                when namespace n
                deny "*/*" because "\(reason)"
            }
            rule b {
                when pod where app = x
                deny "*/*" because "b"
            }
            """
        }
        #expect(Self.codes(rules("b")) == ["E0309"])
        let file = SourceFile(name: "f", text: "language 1\n" + rules("a"))
        let program = try #require(RuleSet.load([file]).ruleSet?.program)
        let context = EvaluationContext(namespace: "n")
        let field = ImageField(place: .container, name: "c", pointer: "/image", text: "nginx")
        let pod = Workload(kind: "Pod", labels: ["app": "x"], images: [field])
        #expect(program.decide(pod, in: context).images.map(\.denials) == [["a"]])
    }

    @Test("an override that only something settles which the winner itself loses to is not idle")
    func overrideBelowAnother() {
        let rules = """
            rule a overrides b {
                when namespace n
                rewrite "quay.io/*" to "m.example.com/a/*"
            }
            rule b {
                when pod where app = x
                rewrite "quay.io/team/*" to "m.example.com/b/*"
            }
            rule c {
                when namespace n
                rewrite "quay.io/team/*" to "m.example.com/c/*"
            }
            """
        #expect(Self.codes(rules) == [])
        #expect(Self.codes(rules.replacing(" overrides b", with: "")) == ["E0301"])
    }

    @Test("the allow that is offered for an output lies within what takes it up")
    func offeredAllow() {
        func rules(_ allow: String) -> String {
            """
            rule a {
                rewrite "quay.io/*" to "m.example.com/quay/*"
            }
            rule b {
                when operation update
                deny "*/*:1" because "no"
                \(allow)
            }
            """
        }
        let load = RuleSet.load([SourceFile(name: "a.rules", text: "language 1\n" + rules("allow \"quay.io/*:1\""))])
        let help = load.diagnostics.first { $0.code == .reentry }?.help.first
        #expect(help == "let what is written pass, in `b`: `allow \"m.example.com/quay/*:1\"`")
        #expect(Self.codes(rules("allow \"quay.io/*:1\", \"m.example.com/quay/*:1\"")) == [])
    }

    @Test("what is accepted stays silent beside an error, and is not said to be missing because of one")
    func acceptedBesideErrors() {
        let accepted = "rule a {\n    rewrite \"quay.io/*\" to \"m.example.com/*\" digest to tag\n    accept W0701\n}\n"
        let opposed =
            "rule b {\n    accept W0501\n    when namespace x\n    when namespace y\n    allow \"ghcr.io/*\"\n}\n"
        for (statements, error) in [(accepted + "rul b {\n}\n", "E0204"), (accepted + opposed, "E0303")] {
            let load = RuleSet.load([SourceFile(name: "a.rules", text: "language 1\n" + statements)])
            #expect(load.diagnostics.map(\.code.rawValue) == [error])
        }
    }

    @Test("a short name at Docker Hub is declined, and so comes back in nowhere")
    func shortNameAtDockerHub() throws {
        let rules = """
            rule a {
                rewrite "quay.io/*" to "docker.io/*"
            }
            rule b {
                allow "quay.io/library/*"
            }
            rule c {
                rewrite "docker.io/library/*" to "n.example.com/*"
            }
            """
        let load = RuleSet.load([SourceFile(name: "a.rules", text: "language 1\n" + rules)])
        let program = try #require(load.ruleSet?.program)
        let field = ImageField(place: .container, name: "c", pointer: "/spec/containers/0/image", text: "quay.io/nginx")
        let decision = program.decide(Workload(kind: "Pod", images: [field]), in: EvaluationContext())
        #expect(decision.images.map(\.outcome) == [.declined])
        #expect(Self.codes("rule a {\n    rewrite \"quay.io/foo\" to \"docker.io/${registry}\"\n}\n") == ["E0504"])
    }

    @Test("what is written at Docker Hub comes back in with longer names, where the shortest one is declined")
    func longerNameAtDockerHub() {
        let writer = """
            rule back {
                rewrite "old.example.com/hub/*" to "docker.io/*"
            }

            """
        #expect(Self.codes(writer + "rule on {\n    rewrite \"docker.io/*\" to \"m.example.com/*\"\n}\n") == ["E0305"])
        #expect(Self.codes(writer + "rule no {\n    deny \"docker.io/*\" because \"no\"\n}\n") == ["E0305"])
        let conflict = """
            rule a {
                accept W0701
                when namespace a
                rewrite "*.example.com/hub/*" to "docker.io/*" digest to tag
            }
            rule b {
                when pod where x
                rewrite "old.example.com/hub/*" to "docker.io/*"
            }
            """
        #expect(Self.codes(conflict) == ["E0301"])
    }

    @Test("two rewrites that both decline all that they share are no conflict, whatever they would write")
    func bothDecline() {
        let rules = """
            rule a {
                rewrite "localhost:5000/*" to "docker.io/*"
            }
            rule b {
                rewrite "*/library" to "m.example.com/${registry}/one"
            }

            """
        #expect(Self.codes(rules).isEmpty)
        let longer = rules.replacing("*/library", with: "*/library/*").replacing("/one", with: "/*")
        #expect(Self.codes(longer).contains("E0301"))
    }

    @Test("an override of a denial whose words another one says beside the first settles nothing")
    func echoedDenial() {
        let rules = """
            rule a overrides b {
                when namespace x
                deny "*/*:1" because "no"
                deny "quay.io/*" because "never"
            }
            rule b {
                when image in init
                deny "quay.io/b" because "never"
            }

            """
        #expect(Self.codes(rules) == ["E0309"])
        let other = rules.replacing("\"quay.io/*\" because \"never\"", with: "\"a.io/*\" because \"x\"")
        #expect(Self.codes(other).isEmpty)
    }

    @Test("what is written as it is at Docker Hub differs from what is left alone where it is short")
    func shortNamesWrittenInFull() {
        let rules = """
            rule a {
                when namespace a
                rewrite "docker.io/*" to "docker.io/*"
            }
            rule b {
                when pod where x
                allow "docker.io/*"
            }
            """
        let load = RuleSet.load([SourceFile(name: "a.rules", text: "language 1\n" + rules)])
        let conflict = load.diagnostics.first { $0.code.rawValue == "E0301" }
        #expect(conflict?.notes == ["witness: `a/app` in namespace `a` in a pod with labels `x=a`"])
    }

    @Test("a namespace whose name goes on after all that others name is found")
    func namespaceBeyondLetters() {
        let others = "abcdefghijklmnopqrstuvwxyz0123456789".map { "team\($0)*" }.joined(separator: ", ")
        let rules = """
            ignore namespace team, \(others)
            rule one {
                when namespace team*
                rewrite "quay.io/*" to "m.example.com/*"
            }

            """
        #expect(Self.codes(rules).isEmpty)
        #expect(Self.codes(rules.replacing("team0*", with: "team0*, team-*")) == ["E0307"])
    }

    @Test("a namespace that narrower rules forget is found, however many they name")
    func forgottenNamespace() {
        let names = "acdefghijklmnopqrstuvwxyz0123456789".map { "team-\($0)*" } + ["team-b", "team--*"]
        let rules = """
            rule a {
                when namespace team-*
                rewrite "quay.io/*" to "m.example.com/a/*"
            }
            rule b {
                when pod where x
                rewrite "quay.io/*" to "m.example.com/b/*"
            }
            rule c {
                when namespace \(names.joined(separator: ", "))
                when pod where x
                allow "quay.io/*"
            }
            """
        #expect(Self.codes(rules) == ["E0301"])
    }

    @Test("two that differ only where a third decides do not conflict")
    func settledWhereTheyDiffer() {
        let rules = """
            rule a {
                when pod where x
                rewrite "docker.io/*" to "m.example.com/*" drop library
            }
            rule b {
                when pod where y
                rewrite "docker.io/*" to "m.example.com/*"
            }
            rule c {
                when pod where x, y
                allow "docker.io/library/*"
            }
            """
        #expect(Self.codes(rules) == [])
    }

    @Test("very many values of one label are no matter, and very many labels are refused")
    func manyRequirements() {
        func codes(_ requirements: [String]) -> [String] {
            Self.codes(
                """
                rule r {
                    when pod where \(requirements.joined(separator: ", "))
                    deny "quay.io/*" because "no"
                }
                rule s {
                    when pod where k in (\((0..<20_000).map { "v\($0)" }.joined(separator: ", ")))
                    deny "quay.io/*" because "not there"
                }
                """)
        }
        #expect(codes((0..<20_000).map { "k != v\($0)" }) == [])
        #expect(codes((0..<256).map { "k\($0)" }) == [])
        #expect(codes((0..<30_000).map { "k\($0)" }) == ["E0605"])
    }

    @Test("what is ignored cannot be claimed by two")
    func ignoredOverlap() {
        let rules = """
            ignore image "us.gcr.io/google-containers/*"
            rule a {
                rewrite "*.gcr.io/google-containers/*" to "m.example.com/gc/*"
            }
            rule b {
                rewrite "us.gcr.io/*" to "m.example.com/gcr/*"
            }
            """
        #expect(Self.codes(rules) == [])
    }

    @Test("an ignored namespace is ignored though its labels are not known")
    func ignoreBeforeUnknownLabels() throws {
        let rules = """
            language 1
            ignore namespace kube-system
            rule a {
                when namespace where x = y
                rewrite "docker.io/*" to "m.example.com/*"
            }
            """
        let program = try #require(RuleSet.load([SourceFile(name: "a.rules", text: rules)]).ruleSet?.program)
        let field = ImageField(place: .container, name: "c", pointer: "/spec/containers/0/image", text: "nginx")
        let pod = Workload(kind: "Pod", images: [field])
        let ignored = program.decide(pod, in: EvaluationContext(namespace: "kube-system"))
        #expect(ignored.images.map(\.outcome) == [.ignored] && ignored.warnings.isEmpty)
        let unknown = program.decide(pod, in: EvaluationContext(namespace: "shop"))
        #expect(unknown.images.map(\.outcome) == [.unchanged] && unknown.warnings.count == 1)
    }

    @Test("a bypass prefix is taken off byte by byte")
    func bypassAndCombiningMark() throws {
        let program = try #require(
            RuleSet.load([SourceFile(name: "a.rules", text: "language 1\nbypass \"direct.to/\"\n")]).ruleSet?.program)
        let text = "direct.to/\u{301}nginx"
        let field = ImageField(place: .container, name: "c", pointer: "/spec/containers/0/image", text: text)
        let decision = program.decide(Workload(kind: "Pod", images: [field]), in: EvaluationContext())
        #expect(decision.images.map(\.outcome) == [.unparsed])
    }
}

@Suite("Hostile sizes", .timeLimit(.minutes(10)))
struct HostileSizeTests {
    private static func program(_ statements: String) throws -> Program {
        try #require(RuleSet.load([SourceFile(name: "a.rules", text: "language 1\n" + statements)]).ruleSet?.program)
    }

    private static func pod(_ count: Int, _ text: (Int) -> String, annotations: [String: String]? = nil) -> Workload {
        Workload(
            kind: "Pod", annotations: annotations,
            images: (0..<count).map {
                ImageField(place: .container, name: "c\($0)", pointer: "/spec/containers/\($0)/image", text: text($0))
            })
    }

    @Test("an update of very many containers takes time in proportion to them")
    func manyContainers() throws {
        let program = try Self.program("rule r {\n    rewrite \"*.gcr.io/*\" to \"m.example.com/*\"\n}\n")
        let context = EvaluationContext(operation: .update, old: Self.pod(60_000, { "a.gcr.io/x:\($0)" }))
        let decision = program.decide(Self.pod(60_000, { "a.gcr.io/y:\($0)" }), in: context)
        #expect(decision.images.allSatisfy { $0.outcome == .rewritten })
    }

    @Test("a host of very many labels takes time in proportion to its length")
    func longHost() throws {
        let program = try Self.program("rule r {\n    rewrite \"*.gcr.io/*\" to \"m.example.com/*\"\n}\n")
        let host = String(repeating: "a.", count: 400_000) + "example"
        let decision = program.decide(Self.pod(1, { _ in host + "/x" }), in: EvaluationContext())
        #expect(decision.images.map(\.outcome) == [.unchanged])
    }

    @Test("a long memory of bypasses is looked through once")
    func longMemory() throws {
        let program = try Self.program("bypass \"direct.to/\"\n")
        let memory = (0..<8_000).map { "container/x\($0)=nginx" }.joined(separator: ",")
        let pod = Self.pod(30_000, { _ in "nginx" }, annotations: ["ruled.dev/bypassed": memory])
        #expect(program.decide(pod, in: EvaluationContext()).patch.isEmpty)
    }

    @Test("many denials that all speak are not compared pair by pair for each image")
    func manyDenials() throws {
        let rules = (0..<200).map {
            "rule t\($0) {\n    when pod where !t\($0)\n    deny \"*/*\" because \"r\($0)\"\n}\n"
        }
        let program = try Self.program(rules.joined())
        let decision = program.decide(Self.pod(200, { _ in "nginx" }), in: EvaluationContext())
        #expect(decision.images.allSatisfy { $0.denials.count == 200 })
    }

    @Test("names that multiply each other, and names that are unknown, are refused in bounded time and space")
    func names() {
        let long = String(repeating: "x", count: 60_000)
        let multiplied =
            "language 1\nlet b = \"\(long)\"\n" + (0..<2_000).map { "let a\($0) = \"${b}\"\n" }.joined()
        let codes = RuleSet.load([SourceFile(name: "a.rules", text: multiplied)]).diagnostics.map(\.code.rawValue)
        #expect(codes.contains("E0408"))
        let unknown =
            "language 1\n" + (0..<5_000).map { "let aa\($0) = \"x\"\nlet b\($0) = \"${aa\($0)zz}\"\n" }.joined()
        #expect(RuleSet.load([SourceFile(name: "a.rules", text: unknown)]).diagnostics.count == 5_000)
    }
}
