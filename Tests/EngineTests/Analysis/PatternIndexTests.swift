import Testing

@testable import Engine

@Suite("The index of patterns")
struct PatternIndexTests {
    private static let registries: [RegistryPattern] = [
        .any, .subdomains(of: "b.c"), .subdomains(of: "c"), .host("a.b.c"), .host("b.c"), .host("d"),
    ]
    private static let paths = [
        PathPattern(components: [], hasWildcard: true), PathPattern(components: ["x"], hasWildcard: true),
        PathPattern(components: ["x", "y"], hasWildcard: true), PathPattern(components: ["x"], hasWildcard: false),
        PathPattern(components: ["x", "y"], hasWildcard: false), PathPattern(components: ["z"], hasWildcard: false),
    ]

    @Test("finds every pattern whose path holds another's and whose registry is nested with it, and no others")
    func related() {
        var random = SeededGenerator(seed: testSeed("pattern index"))
        for _ in 0..<200 {
            let patterns = (0..<Int.random(in: 1...12, using: &random)).map { _ in
                ImagePattern(
                    registry: random.pick(Self.registries),
                    path: random.pick(Self.paths))
            }
            var index = PatternIndex(capacity: random.chance(50) ? patterns.count : 0)
            for (number, pattern) in patterns.enumerated() { index.insert(pattern, number) }
            for wanted in patterns {
                var found: Set<Int> = []
                index.forEachRelated(to: wanted) { number, isSame in
                    found.insert(number)
                    #expect(isSame == (patterns[number].path == wanted.path))
                }
                let expected = patterns.indices.filter { number in
                    let other = patterns[number]
                    return other.path.contains(wanted.path)
                        && (other.registry.contains(wanted.registry) || wanted.registry.contains(other.registry))
                }
                #expect(found == Set(expected))
            }
        }
    }

    @Test("finds every box that shares something with another, and none whose pattern does not")
    func overlapping() {
        var random = SeededGenerator(seed: testSeed("pattern index of boxes"))
        var overlaps = 0
        var leftOut = 0
        for _ in 0..<testRounds(300) {
            let all = (0..<Int.random(in: 1...20, using: &random)).map { _ in Self.box(&random) }
            var index = PatternIndex()
            for (number, entry) in all.enumerated() { index.insert(entry.pattern, number, box: entry.box) }
            index.sortPaths()
            // One pattern, and what is left of one without another, which has several parts.
            let other = Self.box(&random).box
            let pieces = Self.box(&random).box.subtracting(Self.box(&random).box)
            for box in [other] + pieces where !box.isEmpty {
                var found: Set<Int> = []
                index.forEachOverlapping(box) { found.insert($0) }
                for (number, entry) in all.enumerated() {
                    if entry.box.overlaps(box) {
                        overlaps += 1
                        #expect(found.contains(number))
                    } else if found.contains(number) {
                        #expect(
                            entry.box.registries.regions.contains { own in
                                box.registries.regions.contains {
                                    $0.include.contains(own.include) || own.include.contains($0.include)
                                }
                            })
                    } else {
                        leftOut += 1
                    }
                }
            }
        }
        #expect(overlaps > 100)
        #expect(leftOut > overlaps)
    }

    private static func box(_ random: inout SeededGenerator) -> (pattern: ImagePattern, box: Box) {
        let pattern = ImagePattern(
            registry: random.pick(registries), path: random.pick(paths),
            tag: random.chance(30) ? random.pick(["1", "2", "latest"]) : nil)
        var box = Box(pattern: pattern, conditions: ConditionSet())
        if random.chance(30) {
            let names = [("a", false), ("b", false), ("a", true), ("", true)].map {
                NamespacePattern(stem: $0.0, isPrefix: $0.1)
            }
            box.namespaces = AtomSet(anyOf: [random.pick(names), random.pick(names)])
        }
        let labels: [LabelRequirement] = [
            .isIn(["v"]), .isIn(["v", "w"]), .isIn(["w"]), .notIn(["v"]), .exists, .absent,
        ]
        if random.chance(30) { box.podLabels[random.pick(["k", "l"])] = random.pick(labels) }
        if random.chance(30) { box.namespaceLabels[random.pick(["k", "l"])] = random.pick(labels) }
        return (pattern, box)
    }
}
