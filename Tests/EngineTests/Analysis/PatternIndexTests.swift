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
}
