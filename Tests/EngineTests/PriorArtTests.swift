import Engine
import RuleLang
import Testing

/// The wrong answers of other tools that rewrite images at admission, each as what the right answer is.
@Suite("the mistakes of other tools are not made")
struct PriorArtTests {
    private static let registry = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
    private static let digest = "sha256:" + String(repeating: "a", count: 64)

    /// An image, and what it becomes; nil where it stays.
    struct Case: Sendable, CustomTestStringConvertible {
        let image: String
        let to: String?
        var outcome: ImageDecision.Outcome?
        var testDescription: String { image }

        init(_ image: String, _ to: String?, _ outcome: ImageDecision.Outcome? = nil) {
            self.image = image
            self.to = to
            self.outcome = outcome
        }
    }

    private static func ruleSet(_ statements: String) throws -> RuleSet {
        let load = RuleSet.load([SourceFile(name: "test.rules", text: "language 1\nignore self\n" + statements)])
        #expect(load.diagnostics.map(\.message) == [])
        return try #require(load.ruleSet)
    }

    private static func pullThrough() throws -> RuleSet {
        try ruleSet(
            """
            bypass "direct.to/"

            rule pull-through {
                rewrite "docker.io/*", "quay.io/*" to "\(registry)/${registry}/*"
            }
            """)
    }

    private static func pod(
        _ image: String, place: Place = .container, annotations: [String: String]? = nil,
        labels: [String: String]? = nil
    ) -> Workload {
        Workload(
            kind: "Pod", labels: labels, annotations: annotations,
            images: [ImageField(place: place, name: "app", pointer: "/spec/containers/0/image", text: image)])
    }

    private static func context(_ operation: Operation = .create, old: Workload? = nil) -> EvaluationContext {
        EvaluationContext(namespaceLabels: [:], operation: operation, old: old)
    }

    @Test(
        "an image gets the right answer",
        arguments: [
            // A prefix without a boundary.
            Case("docker.io.evil.com/a/b", nil),
            Case("quay.io.example.com/a", nil),
            Case("quay.iocorp/x", nil),
            Case("docker.iox/a", nil),
            // Images of Docker Hub that do not name it.
            Case("bitnami/redis:7", "\(registry)/docker.io/bitnami/redis:7"),
            Case("library/nginx", "\(registry)/docker.io/library/nginx"),
            Case("a/b/c", "\(registry)/docker.io/a/b/c"),
            Case("index.docker.io/library/nginx:1", "\(registry)/docker.io/library/nginx:1"),
            // `library/` is put in where it belongs, and nowhere else; no tag is made up.
            Case("nginx", "\(registry)/docker.io/library/nginx"),
            Case("docker.io/nginx", "\(registry)/docker.io/library/nginx"),
            Case("quay.io/minio", "\(registry)/quay.io/minio"),
            // Registries of their own.
            Case("localhost:5000/app:1", nil),
            Case("myreg:5000/a/b:1", nil),
            Case("myreg:5000/app", nil),
            Case("localhost/app", nil),
            Case("[::1]:5000/a", nil),
            Case("MyReg/app", nil),
            Case("docker.io:443/library/nginx", nil),
            Case("host:5000/docker.io/nginx", nil),
            // Tag and digest.
            Case("nginx:1.27@\(digest)", "\(registry)/docker.io/library/nginx:1.27@\(digest)"),
            Case("quay.io/a/b:1@\(digest)", "\(registry)/quay.io/a/b:1@\(digest)"),
            Case("nginx@\(digest)", "\(registry)/docker.io/library/nginx@\(digest)"),
            // No references.
            Case("Nginx", nil, .unparsed),
            Case("nginx ", nil, .unparsed),
            // What came out once.
            Case("\(registry)/docker.io/library/nginx:1", nil),
        ])
    func answers(expected: Case) throws {
        let decision = try Self.pullThrough().program.decide(Self.pod(expected.image), in: Self.context())
        let image = try #require(decision.images.first)
        #expect(image.to == expected.to)
        #expect(image.outcome == expected.outcome ?? (expected.to == nil ? .unchanged : .rewritten))
        #expect(!decision.isDenied)
        #expect(decision.patch.isEmpty == (expected.to == nil))
        #expect(image.warnings.isEmpty == (expected.outcome != .unparsed))
    }

    @Test("a rule set that would rewrite its own output is refused")
    func secondCall() {
        let text = "language 1\n\nrule all {\n    rewrite \"*/*\" to \"m.corp/mirror/*\"\n}\n"
        let load = RuleSet.load([SourceFile(name: "test.rules", text: text)])
        #expect(load.ruleSet == nil)
        #expect(load.diagnostics.contains { $0.severity == .error })
    }

    @Test("a bypassed image stays so when it is seen again")
    func bypassIsRemembered() throws {
        let program = try Self.pullThrough().program
        let first = program.decide(Self.pod("direct.to/busybox"), in: Self.context())
        #expect(first.images.map(\.to) == ["busybox"])
        #expect(first.images.map(\.outcome) == [.bypassed])
        let remembered = ["ruled.dev/bypassed": "container/app=busybox"]
        let again = Self.pod("busybox", annotations: remembered)
        #expect(program.decide(again, in: Self.context()).patch.isEmpty)
        let update = Self.context(.update, old: Self.pod("busybox:1", annotations: remembered))
        #expect(program.decide(again, in: update).patch.isEmpty)
    }

    @Test("a bypass does not get past a denial")
    func bypassedDenial() throws {
        let ruleSet = try Self.ruleSet(
            "bypass \"direct.to/\"\n\nrule no {\n    deny \"docker.io/*\" because \"no\"\n}\n")
        let decision = ruleSet.program.decide(Self.pod("direct.to/busybox"), in: Self.context())
        #expect(decision.isDenied)
    }

    @Test("two sources that collapse into one target are warned about")
    func collision() {
        let text = "language 1\n\nrule all {\n    rewrite \"quay.io/*\", \"docker.io/*\" to \"m.corp/p/*\"\n}\n"
        let load = RuleSet.load([SourceFile(name: "test.rules", text: text)])
        #expect(load.ruleSet != nil)
        #expect(load.diagnostics.contains { $0.severity == .warning })
    }

    @Test("a pod without labels gets them before a label is added")
    func missingLabels() throws {
        let ruleSet = try Self.ruleSet(
            "rule hub {\n    mark label example.com/x = y\n    rewrite \"docker.io/*\" to \"m.corp/*\"\n}\n")
        let patch = ruleSet.program.decide(Self.pod("nginx"), in: Self.context()).patch
        let object = patch.firstIndex(of: .addObject(pointer: "/metadata/labels"))
        let label = patch.firstIndex(of: .add(pointer: "/metadata/labels/example.com~1x", value: "y"))
        #expect(try #require(object) < #require(label))
        let labelled = ruleSet.program.decide(Self.pod("nginx", labels: ["a": "b"]), in: Self.context()).patch
        #expect(!labelled.contains(.addObject(pointer: "/metadata/labels")))
    }

    @Test("an edit of an old pod's labels does not restart its containers")
    func labelEdit() throws {
        let program = try Self.pullThrough().program
        let edited = Self.pod("nginx", labels: ["a": "b"])
        #expect(program.decide(edited, in: Self.context(.update, old: Self.pod("nginx"))).patch.isEmpty)
        let changed = program.decide(Self.pod("nginx:2"), in: Self.context(.update, old: Self.pod("nginx:1")))
        #expect(changed.images.map(\.to) == ["\(Self.registry)/docker.io/library/nginx:2"])
    }

    @Test("containers of every kind are rewritten", arguments: Place.allCases)
    func places(place: Place) throws {
        let context =
            place == .ephemeral ? Self.context(.update, old: Workload(kind: "Pod", images: [])) : Self.context()
        let decision = try Self.pullThrough().program.decide(Self.pod("nginx", place: place), in: context)
        #expect(decision.images.map(\.to) == ["\(Self.registry)/docker.io/library/nginx"])
    }
}
