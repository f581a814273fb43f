import RuleLang
import Testing

@testable import Engine

/// What one program takes a prefix off and the other does not, held against deciding every image of a few under it.
@Suite("Differences under bypass prefixes, held against counting")
struct BypassDifferenceTests {
    private static let images = [
        "app", "a/app", "library/app", "quay.io/a", "quay.io/a/b", "x.example/a", "direct.to/a", "x.example/a:1",
    ]

    private static func ruleSet(hasBypass: Bool, using random: inout SeededGenerator) -> String {
        var lines = ["language 1", "ignore self"]
        if hasBypass { lines.append("bypass \"direct.to/\"") }
        func pattern() -> String {
            random.pick(["*/*", "*/*", "quay.io/*", "direct.to/*", "direct.to/quay.io/*", "docker.io/*", "*/a/*"])
        }
        func condition() -> String { random.pick(["pod where app", "pod where !app", "namespace a"]) }
        if random.chance(25) { lines.append("ignore image \"\(pattern())\"") }
        if random.chance(25) { lines.append("ignore \(condition())") }
        lines.append("rule all {\n deny \"*/*\" because \"\(random.pick(["no", "no", "never"]))\"\n}")
        for number in 0..<Int.random(in: 0...2, using: &random) {
            let when = random.chance(40) ? "when \(condition())\n" : ""
            let action = random.pick([
                "deny \"\(pattern())\" because \"\(random.pick(["no", "never"]))\"", "allow \"\(pattern())\"",
                "rewrite \"\(pattern())\" to \"m.example/*\"", "rewrite \"direct.to/quay.io/*\" to \"quay.io/*\"",
            ])
            lines.append("rule r\(number) overrides all {\n\(when)\(action)\n}")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The programs of a rule set, if it is valid with or without its overrides.
    private static func program(_ text: String) -> Program? {
        for text in [text, text.replacing(" overrides all", with: "")] {
            if let program = RuleSet.load([SourceFile(name: "f", text: text)]).ruleSet?.program { return program }
        }
        return nil
    }

    @Test("where they are said to be the same they are, and where they are not it is shown")
    func exact() {
        let seed = testSeed("bypass difference")
        var random = SeededGenerator(seed: seed)
        var counts = (pairs: 0, same: 0, undecided: 0)
        let rounds = testRounds(2_000)
        for _ in 0..<rounds {
            let texts = [true, false].map { Self.ruleSet(hasBypass: $0, using: &random) }
            guard let knowing = Self.program(texts[0]), let other = Self.program(texts[1]) else { continue }
            counts.pairs += 1
            let title = "seed \(seed)\n\(texts[0])---\n\(texts[1])"
            let difference = Difference(from: knowing, to: other)
            let told = difference.regions.filter { $0.kind == .bypassed }
            var differing: [ImagePoint] = []
            for image in Self.images {
                for (namespace, labels) in [("a", [:]), ("b", [:]), ("a", ["app": "x"]), ("b", ["app": "x"])] {
                    var point = ImagePoint(text: "direct.to/" + image)
                    point.namespace = namespace
                    point.podLabels = labels
                    let answers = [knowing, other].map { point.decide(by: $0).onlyAnswer }
                    if answers[0] != answers[1] { differing.append(point) }
                }
            }
            counts.same += differing.isEmpty ? 1 : 0
            counts.undecided += difference.undecided.isEmpty ? 0 : 1
            let isEmpty = difference.isEmpty
            #expect(differing.isEmpty || !isEmpty, "\(title) missed \(differing)")
            #expect(!differing.isEmpty || told.isEmpty, "\(title) \(told)")
            if !differing.isEmpty && isEmpty || differing.isEmpty && !told.isEmpty { return }
        }
        print("bypass difference: \(counts)")
        #expect(counts.pairs > rounds / 4 && counts.same > rounds / 50 && counts.undecided < rounds / 20)
    }
}
