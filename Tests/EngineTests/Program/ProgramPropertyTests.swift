import RuleLang
import Testing

@testable import Engine

@Suite("The compiled program, held against the definition on random rule sets")
struct ProgramPropertyTests {
    private static func load(_ texts: [String]) -> RuleSetLoad {
        RuleSet.load(texts.enumerated().map { SourceFile(name: "f\($0).rules", text: $1) })
    }

    /// Random rule sets that are valid.
    private static func validSets(
        _ count: Int, using random: inout SeededGenerator
    ) -> [(RandomRuleSet, RuleSet)] {
        var found: [(RandomRuleSet, RuleSet)] = []
        var tries = 0
        while found.count < count, tries < count * 20 {
            tries += 1
            let candidate = RandomRuleSet(using: &random)
            if let ruleSet = load([candidate.text]).ruleSet { found.append((candidate, ruleSet)) }
        }
        return found
    }

    @Test("it decides what the slow evaluator decides")
    func agreesWithSlowEvaluator() {
        let seed = testSeed("program equals definition")
        var random = SeededGenerator(seed: seed)
        let sets = Self.validSets(1_500, using: &random)
        #expect(sets.count == 1_500)
        var outcomes: [ImageDecision.Outcome: Int] = [:]
        for (source, ruleSet) in sets {
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
                let actual = ruleSet.program.decide(workload, in: context).images[0]
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
        for _ in 0..<1_500 {
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

    @Test("a pod's patch puts exactly the new images, and evaluating twice with the annotations kept changes no bypass")
    func bypassIsRemembered() throws {
        let text = "language 1\nbypass \"direct.to/\"\nrule r {\n    rewrite \"docker.io/*\" to \"m.corp/*\"\n}\n"
        let program = try #require(Self.load([text]).ruleSet?.program)
        let field = ImageField(
            place: .container, name: "c", pointer: "/spec/containers/0/image", text: "direct.to/nginx")
        let first = program.decide(
            Workload(kind: "Pod", annotations: [:], images: [field]), in: EvaluationContext(namespaceLabels: [:]))
        #expect(first.images[0].to == "nginx")
        let again = ImageField(place: .container, name: "c", pointer: field.pointer, text: "nginx")
        let second = program.decide(
            Workload(kind: "Pod", annotations: ["ruled.dev/bypassed": "container/c=nginx"], images: [again]),
            in: EvaluationContext(namespaceLabels: [:]))
        #expect(second.images[0].outcome == .bypassed)
        #expect(second.patch.isEmpty)
    }
}
