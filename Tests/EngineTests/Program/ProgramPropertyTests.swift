import RuleLang
import Testing

@testable import Engine

@Suite("The compiled program, held against the definition on random rule sets")
struct ProgramPropertyTests {
    private static func load(_ texts: [String]) -> RuleSetLoad {
        RuleSet.load(texts.enumerated().map { SourceFile(name: "f\($0).rules", text: $1) })
    }

    /// A rule set that is valid.
    private struct Sample {
        let text: String
        let ruleSet: RuleSet
        let hasOverrides: Bool
    }

    /// Random rule sets that are valid, some of them because `overrides` settle what they conflict in.
    private static func validSets(_ count: Int, using random: inout SeededGenerator) -> [Sample] {
        var found: [Sample] = []
        var tries = 0
        while found.count < count, tries < count * 20 {
            tries += 1
            var statements = RandomRuleSet(using: &random).statements
            if random.chance(25) {
                let bare = statements.map(SettledRuleSet.withoutOverrides)
                guard let settled = SettledRuleSet.settle(bare, using: &random) else { continue }
                statements = settled
            }
            let text = (["language 1"] + statements).joined(separator: "\n") + "\n"
            guard let ruleSet = load([text]).ruleSet else { continue }
            let hasOverrides = statements.contains { !SettledRuleSet.overrides(of: $0).isEmpty }
            found.append(Sample(text: text, ruleSet: ruleSet, hasOverrides: hasOverrides))
        }
        return found
    }

    @Test("it decides what the slow evaluator decides")
    func agreesWithSlowEvaluator() {
        let seed = testSeed("program equals definition")
        var random = SeededGenerator(seed: seed)
        let sets = Self.validSets(testRounds(1_500), using: &random)
        #expect(sets.count == testRounds(1_500))
        var outcomes: [ImageDecision.Outcome: Int] = [:]
        for source in sets {
            let slow = SlowEvaluator([SyntaxTree.parse(SourceFile(name: "f", text: source.text)).tree])
            for _ in 0..<20 {
                let place = random.pick(Place.allCases)
                var context = EvaluationContext(
                    namespace: random.pick(RandomRuleSet.namespaces),
                    namespaceLabels: random.pick([[:], ["env": "prod"], ["env": "dev"], ["env": "zz"]]),
                    operation: random.pick(Operation.allCases))
                if random.chance(50) { context.selfImage = Reference(registry: "docker.io", path: "library/a") }
                let labels = random.pick([nil, ["app": "x"], ["app": "y"], ["app": "zz", "other": "1"]])
                let text = RandomRuleSet.reference(using: &random)
                let isRemembered = random.chance(10)
                let field = ImageField(place: place, name: "c", pointer: "/spec/x/0/image", text: text)
                let workload = Workload(
                    kind: "Pod", labels: labels,
                    annotations: isRemembered ? ["ruled.dev/bypassed": "\(place.rawValue)/c=\(text)"] : nil,
                    images: [field])
                let actual = source.ruleSet.program.decide(workload, in: context).images[0]
                outcomes[actual.outcome, default: 0] += 1
                let expected = slow.decide(
                    text,
                    .init(
                        namespace: context.namespace, namespaceLabels: context.namespaceLabels ?? [:],
                        podLabels: labels ?? [:], place: place, operation: context.operation,
                        reference: Reference(registry: "", path: "")),
                    selfImage: context.selfImage, remembered: isRemembered)
                let isSame =
                    actual.outcome == expected.outcome && actual.to == expected.to
                    && Set(actual.denials) == expected.denials
                    && (actual.outcome != .denied
                        || Set(actual.warnings.dropLast(actual.observation == nil ? 0 : 1))
                            == Set(expected.warnings.map { "\(Evaluation.title(field)): \($0)" }))
                    && (expected.rules.isEmpty || actual.by == nil || expected.rules.contains(actual.by?.rule ?? ""))
                #expect(
                    isSame,
                    """
                    seed \(seed): \(text) in \(context), labels \(labels ?? [:]), \(place)
                    expected \(expected)
                    actual \(actual)
                    \(source.text)
                    """)
                if !isSame { return }
            }
        }
        print("outcomes: \(outcomes)")
        for outcome in ImageDecision.Outcome.allCases { #expect(outcomes[outcome, default: 0] > 0, "\(outcome)") }
    }

    @Test("rules and files in any order make the same program")
    func orderDoesNotMatter() {
        let seed = testSeed("order does not matter")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<testRounds(1_500) {
            let source = RandomRuleSet(using: &random)
            let one = Self.load([source.text])
            let other = Self.load(source.files(using: &random))
            #expect((one.ruleSet == nil) == (other.ruleSet == nil), "seed \(seed):\n\(source.text)")
            #expect(
                one.diagnostics.map(\.code.rawValue).sorted() == other.diagnostics.map(\.code.rawValue).sorted(),
                "seed \(seed):\n\(source.text)")
            guard let left = one.ruleSet?.program, let right = other.ruleSet?.program else { continue }
            let isSame = left.isEquivalent(to: right)
            #expect(isSame, "seed \(seed):\n\(source.text)")
            if !isSame { return }
        }
    }

    @Test("an update from a text that only looks the same is a change")
    func equivalentTexts() throws {
        let text = "language 1\nrule r {\n    deny \"*/*:K\" because \"no\"\n}\n"
        let program = try #require(Self.load([text]).ruleSet?.program)
        func pod(_ image: String) -> Workload {
            Workload(
                kind: "Pod",
                images: [ImageField(place: .container, name: "c", pointer: "/spec/containers/0/image", text: image)])
        }
        let context = EvaluationContext(operation: .update, old: pod("nginx:\u{212A}"))
        #expect(program.decide(pod("nginx:K"), in: context).isDenied)
    }

    /// A workload after a patch.
    private static func patched(_ workload: Workload, _ patch: [PatchOperation]) -> Workload {
        var texts: [String: String] = [:]
        var labels = workload.labels
        var annotations = workload.annotations
        for operation in patch {
            switch operation {
            case .replace(let pointer, let value): texts[pointer] = value
            case .addObject(let pointer):
                if pointer.hasSuffix("/labels") { labels = [:] }
                if pointer.hasSuffix("/annotations") { annotations = [:] }
            case .add(let pointer, let value):
                let parts = pointer.split(separator: "/").map(String.init)
                let key = parts[2].replacing("~1", with: "/").replacing("~0", with: "~")
                if parts[1] == "labels" { labels?[key] = value } else { annotations?[key] = value }
            }
        }
        return Workload(
            kind: workload.kind, labels: labels, annotations: annotations,
            images: workload.images.map {
                ImageField(place: $0.place, name: $0.name, pointer: $0.pointer, text: texts[$0.pointer] ?? $0.text)
            })
    }

    private static func randomImages(
        _ prefix: String, in places: [Place], using random: inout SeededGenerator
    ) -> [ImageField] {
        (0..<Int.random(in: 1...4, using: &random)).map { index in
            let place = random.pick(places)
            return ImageField(
                place: place, name: "\(prefix)\(index)", pointer: "/spec/\(place.rawValue)/\(prefix)\(index)/image",
                text: RandomRuleSet.reference(using: &random))
        }
    }

    private static func randomPod(using random: inout SeededGenerator) -> Workload {
        Workload(
            kind: "Pod", labels: random.pick([nil, [:], ["app": "x"], ["app": "y"]]),
            annotations: random.pick([nil, [:], ["a": "b"]]),
            images: randomImages("c", in: Place.allCases, using: &random))
    }

    private static func adding(_ images: [ImageField], to pod: Workload) -> Workload {
        Workload(kind: pod.kind, labels: pod.labels, annotations: pod.annotations, images: pod.images + images)
    }

    /// A kind of request.
    private enum Request: String, CaseIterable {
        case create, update, ephemeral
    }

    /// What was really gone through: a pod that nothing is done to shows nothing.
    private struct Coverage {
        /// The requests in which an image was rewritten.
        var rewriting: [Request: Int] = [:]
        /// Those in which one of the containers that were added in between was, too.
        var reinvoked: [Request: Int] = [:]
        /// The rule sets, those that rewrote an image in some request, and those that overrides settle.
        var sets = 0
        var rewritingSets = 0
        var settled = 0
    }

    /// What is wrong with asking again about a pod that was patched, in the same request and in later ones; nil
    /// where nothing changes any more.
    private static func instability(
        of program: Program, _ request: Request, _ pod: Workload, _ context: EvaluationContext,
        _ coverage: inout Coverage, using random: inout SeededGenerator
    ) -> String? {
        let first = program.decide(pod, in: context)
        let isRewriting = !first.isDenied && first.images.contains { $0.outcome == .rewritten }
        coverage.rewriting[request, default: 0] += isRewriting ? 1 : 0
        guard !first.isDenied else { return nil }
        let after = patched(pod, first.patch)
        guard after.images.map(\.text) == zip(pod.images, first.images).map({ $1.to ?? $0.text }) else {
            return "the patch says something else than the decisions"
        }
        let again = program.decide(after, in: context)
        guard again.patch.isEmpty, !again.isDenied else { return "asked again: \(again)" }
        // The API server takes nothing but containers from an update of `pods/ephemeralcontainers`.
        var stored = after
        if context.isEphemeralContainersUpdate {
            stored = Workload(
                kind: after.kind, labels: pod.labels, annotations: pod.annotations, images: after.images)
        }
        var later = context
        later.operation = .update
        later.isEphemeralContainersUpdate = false
        later.old = stored
        let touched = program.decide(stored, in: later)
        guard touched.patch.isEmpty, !touched.isDenied else { return "on an update: \(touched)" }
        // A later webhook adds containers, and the API server asks once more.
        let places: [Place] = context.isEphemeralContainersUpdate ? [.ephemeral] : Place.allCases
        let more = adding(randomImages("d", in: places, using: &random), to: after)
        let second = program.decide(more, in: context)
        guard second.images.prefix(pod.images.count).allSatisfy({ $0.to == nil && $0.outcome != .denied }) else {
            return "asked again with more containers: \(second)"
        }
        guard !second.isDenied else { return nil }
        let isReinvoked = isRewriting && second.images.dropFirst(pod.images.count).contains { $0.outcome == .rewritten }
        coverage.reinvoked[request, default: 0] += isReinvoked ? 1 : 0
        let third = program.decide(patched(more, second.patch), in: context)
        return third.patch.isEmpty && !third.isDenied ? nil : "asked a third time: \(third)"
    }

    /// A request: a pod that is created, one that is updated, or one that gets ephemeral containers.
    private static func randomRequest(
        _ request: Request, using random: inout SeededGenerator
    ) -> (Workload, EvaluationContext) {
        var pod = randomPod(using: &random)
        var context = EvaluationContext(
            namespace: random.pick(RandomRuleSet.namespaces),
            namespaceLabels: random.pick([[:], ["env": "prod"], ["env": "dev"]]),
            selfImage: Reference(registry: "docker.io", path: "library/b"))
        switch request {
        case .create: break
        case .update:
            context.operation = .update
            if random.chance(70) { context.old = randomPod(using: &random) }
        case .ephemeral:
            context.operation = .update
            context.isEphemeralContainersUpdate = true
            context.old = pod
            pod = adding(randomImages("e", in: [.ephemeral], using: &random), to: pod)
        }
        return (pod, context)
    }

    @Test(
        "a pod that was patched is not patched again: in the same request, with containers added in between, on updates"
    )
    func idempotence() {
        let seed = testSeed("idempotence")
        var random = SeededGenerator(seed: seed)
        let rounds = testRounds(700)
        var coverage = Coverage()
        for source in Self.validSets(rounds, using: &random) {
            coverage.sets += 1
            coverage.settled += source.hasOverrides ? 1 : 0
            let before = coverage.rewriting
            for request in Request.allCases + Request.allCases + Request.allCases {
                let (pod, context) = Self.randomRequest(request, using: &random)
                let problem = Self.instability(
                    of: source.ruleSet.program, request, pod, context, &coverage, using: &random)
                #expect(problem == nil, "seed \(seed): \(pod) \(context)\n\(source.text)")
                if problem != nil { return }
            }
            coverage.rewritingSets += coverage.rewriting == before ? 0 : 1
        }
        print("idempotence: \(coverage)")
        #expect(coverage.sets == rounds && coverage.rewritingSets > rounds / 5 && coverage.settled > rounds / 20)
        for request in Request.allCases {
            #expect(coverage.rewriting[request, default: 0] > rounds / 5, "\(request)")
            #expect(coverage.reinvoked[request, default: 0] > rounds / 20, "\(request)")
        }
    }
}
