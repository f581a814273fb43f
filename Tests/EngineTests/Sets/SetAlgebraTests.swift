import RuleLang
import Testing

@testable import Engine

@Suite("The sets that boxes are made of, held against counting")
struct SetAlgebraTests {
    private static let universe: [NamespacePattern] = {
        let letters = ["", "a", "b", "c"]
        return letters.flatMap { x in letters.flatMap { y in letters.map { x + y + $0 } } }
            .map { NamespacePattern(stem: $0, isPrefix: false) }
    }()

    private static func randomSet(using random: inout SeededGenerator) -> AtomSet<NamespacePattern> {
        func atom(_ random: inout SeededGenerator) -> NamespacePattern {
            let stem = (0..<Int.random(in: 0...3, using: &random)).map { _ in random.pick(["a", "b"]) }.joined()
            return NamespacePattern(stem: stem, isPrefix: random.chance(60))
        }
        var set = AtomSet(anyOf: (0..<Int.random(in: 1...3, using: &random)).map { _ in atom(&random) })
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let other = AtomSet(anyOf: (0..<Int.random(in: 1...2, using: &random)).map { _ in atom(&random) })
            set = random.chance(60) ? set.subtracting(other) : set.intersection(other)
        }
        return set
    }

    @Test("intersection, difference and inclusion of prefix sets")
    func atomSets() {
        let seed = testSeed("atom sets")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<5_000 {
            let left = Self.randomSet(using: &random)
            let right = Self.randomSet(using: &random)
            let both = left.intersection(right)
            let rest = left.subtracting(right)
            for name in Self.universe {
                #expect(both.contains(name) == (left.contains(name) && right.contains(name)), "seed \(seed)")
                #expect(rest.contains(name) == (left.contains(name) && !right.contains(name)), "seed \(seed)")
            }
            #expect(left.isSubset(of: right) == rest.isEmpty)
            for witness in rest.witnesses { #expect(left.contains(witness) && !right.contains(witness)) }
            if !rest.isEmpty { #expect(!rest.witnesses.isEmpty) }
        }
    }

    @Test("the only name that others leave is found, and nothing where they leave none")
    func onlyNameLeft() {
        let seed = testSeed("only name left")
        var random = SeededGenerator(seed: seed)
        let ends = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        let characters = ends + "-"
        for _ in 0..<50 {
            let length = random.pick([1, 2, 5, 62, 63])
            let name = String(
                (0..<length).map { random.pick(($0 == 0 || $0 == length - 1) ? ends : ends + "-----------") })
            let start = Int.random(in: 0...length, using: &random)
            // All that parts from the name somewhere after its start, and all that goes on after it.
            var others: [NamespacePattern] = []
            for cut in start...length {
                let stem = String(name.prefix(cut))
                if cut < length { others.append(NamespacePattern(stem: stem, isPrefix: false)) }
                let next = cut < length ? Array(name)[cut] : nil
                others += characters.filter { $0 != next }.map {
                    NamespacePattern(stem: stem + String($0), isPrefix: true)
                }
            }
            let all = NamespacePattern(stem: String(name.prefix(start)), isPrefix: true)
            let left = NamespacePattern(stem: name, isPrefix: false)
            #expect(all.witness(avoiding: others) == left, "seed \(seed)")
            #expect(all.witness(avoiding: others + [left]) == nil, "seed \(seed)")
        }
    }

    @Test("intersection, difference and inclusion of what selectors ask")
    func labelRequirements() {
        let seed = testSeed("label requirements")
        var random = SeededGenerator(seed: seed)
        let values: [String?] = [nil, "a", "b", "c", "zz"]
        func requirement(_ random: inout SeededGenerator) -> LabelRequirement {
            let some = ["a", "b", "c"].filter { _ in random.chance(50) }
            return random.pick([.isIn(some), .notIn(some), .exists, .absent, .anything])
        }
        for _ in 0..<5_000 {
            let left = requirement(&random).intersection(requirement(&random))
            let right = requirement(&random).subtracting(requirement(&random))
            for value in values {
                #expect(
                    left.intersection(right).holds(for: value) == (left.holds(for: value) && right.holds(for: value)))
                #expect(
                    left.subtracting(right).holds(for: value) == (left.holds(for: value) && !right.holds(for: value)))
            }
            #expect(left.isSubset(of: right) == values.allSatisfy { !left.holds(for: $0) || right.holds(for: $0) })
            #expect(left.isEmpty == !values.contains { left.holds(for: $0) })
        }
    }

    @Test("what is left of a box without another has a witness in the one and not in the other")
    func boxDifference() throws {
        let seed = testSeed("box difference")
        var random = SeededGenerator(seed: seed)
        var overlapping = 0
        for _ in 0..<5_000 {
            let left = try Self.randomBox(using: &random)
            let right = try Self.randomBox(using: &random)
            if left.isEmpty || right.isEmpty { continue }
            let pieces = left.subtracting(right)
            if left.isSubset(of: right) { #expect(pieces.isEmpty, "seed \(seed)") }
            for piece in pieces {
                #expect(piece.isSubset(of: left), "seed \(seed)")
                #expect(piece.intersection(right).isEmpty, "seed \(seed)")
                #expect(piece.witness != nil, "seed \(seed)")
            }
            let both = left.intersection(right)
            if !both.isEmpty {
                overlapping += 1
                #expect(both.isSubset(of: left) && both.isSubset(of: right))
            }
        }
        #expect(overlapping > 100)
    }

    private static func randomBox(using random: inout SeededGenerator) throws -> Box {
        var conditions = ConditionSet()
        if random.chance(50) {
            conditions.require(podLabel: "app", random.pick([.isIn(["x"]), .notIn(["x", "y"]), .exists]))
        }
        if random.chance(50) {
            conditions.require(namespaceLabel: "env", random.pick([.isIn(["x", "y"]), .notIn(["x"]), .absent]))
        }
        if random.chance(30) { conditions.require(namespaceLabel: ConditionSet.namespaceNameLabel, .notIn(["team-a"])) }
        if random.chance(40) {
            conditions.namespaces = conditions.namespaces.intersection(
                AtomSet(NamespacePattern(stem: "team-", isPrefix: true)))
        }
        if random.chance(30) {
            conditions.writtenParts = .with(random.pick(ImagePart.allCases), written: random.chance(50))
        }
        if random.chance(30) {
            conditions.placesAndOperations = PlacesAndOperations(
                places: random.pick([[.container], [.ephemeral, .volume]]),
                operations: [random.pick(Operation.allCases)])
        }
        return Box(pattern: try ImagePattern.parse(RandomRuleSet.pattern(using: &random)), conditions: conditions)
    }
}

@Suite("Patterns")
struct PatternTests {
    @Test(
        "a registry with `*.` covers one or more labels, and its port exactly",
        arguments: [
            ("*.gcr.io/*", "us.gcr.io/a", true), ("*.gcr.io/*", "a.b.gcr.io/a", true),
            ("*.gcr.io/*", "gcr.io/a", false),
            ("*.gcr.io/*", "us.gcr.io:5000/a", false), ("*.gcr.io:5000/*", "us.gcr.io:5000/a", true),
            ("*.gcr.io:5000/*", "us.gcr.io/a", false), ("*.gcr.io/*", "usgcr.io/a", false),
            ("quay.io/*", "quay.io.evil.example/a", false), ("quay.io/a/*", "quay.io/a", false),
            ("quay.io/a/*", "quay.io/a/b/c", true), ("quay.io/a/*", "quay.io/ab/c", false),
            ("quay.io/a", "quay.io/a:1", true),
            ("quay.io/a:1", "quay.io/a:1@sha256:\(String(repeating: "a", count: 64))", true),
            ("quay.io/a:latest", "quay.io/a", true),
            ("quay.io/a:latest", "quay.io/a@sha256:\(String(repeating: "a", count: 64))", false),
            ("*/*:latest", "nginx", true), ("*/*", "localhost:5000/a", true),
            ("docker.io/library/nginx", "nginx", true), ("docker.io/*", "docker.io:443/library/nginx", false),
            ("my_host.example.com/*", "my_host.example.com/a", true),
        ] as [(String, String, Bool)])
    func matching(_ pattern: String, _ image: String, _ expected: Bool) throws {
        let reference = try Reference.parse(image).get()
        let actual = try ImagePattern.parse(pattern).matches(
            ImageName(reference), tag: reference.tag, hasDigest: reference.digest != nil)
        #expect(actual == expected)
    }
}
