import Engine
import Foundation
import Testing

@Suite("References, as distribution/reference reads them")
struct ReferenceTests {
    private struct Case {
        let input: String
        /// nil where the input is to be refused.
        let expected: Reference?
    }

    private func check(_ cases: [Case]) {
        for test in cases {
            switch Reference.parse(test.input) {
            case .success(let reference): #expect(reference == test.expected, "\(test.input)")
            case .failure(let error):
                #expect(test.expected == nil, "\(test.input) is refused: \(error.reason)")
                #expect(!error.reason.isEmpty)
            }
        }
    }

    @Test("each case of the project's own table")
    func ownTable() throws {
        let text = try String(contentsOf: Fixtures.root.appending(path: "references.tsv"), encoding: .utf8)
        let cases = text.split(separator: "\n").dropFirst().map { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            func optional(_ index: Int) -> String? { fields[index].isEmpty ? nil : fields[index] }
            return Case(
                input: fields[0],
                expected: fields.count < 5
                    ? nil
                    : Reference(registry: fields[1], path: fields[2], tag: optional(3), digest: optional(4)))
        }
        #expect(cases.count > 150)
        check(cases)
    }

    @Test("each line of the shared conformance data", .enabled(if: Shared.isThere, "the shared data is not here"))
    func conformance() throws {
        struct Row: Decodable {
            let `in`: String
            let domain: String?
            let path: String?
            let tag: String?
            let digest: String?
            let err: Bool?
        }
        let lines = try String(contentsOf: Shared.file("references/distribution.jsonl"), encoding: .utf8)
        let cases = try lines.split(separator: "\n").map { line in
            let row = try JSONDecoder().decode(Row.self, from: Data(line.utf8))
            return Case(
                input: row.in,
                expected: row.err == true
                    ? nil
                    : Reference(registry: row.domain ?? "", path: row.path ?? "", tag: row.tag, digest: row.digest))
        }
        #expect(cases.count == 3_103)
        check(cases)
    }

    @Test("what is parsed is in normal form, and any bytes at all are parsed or refused")
    func randomBytes() {
        let seed = testSeed("random references")
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "a", "b", "A", "0", ".", "..", "-", "--", "_", "__", "/", "//", ":", "@", "sha256:", "docker.io", "library",
            "index.docker.io", "localhost", ":5000", "[", "]", "::1", "é", "\u{0}", " ",
            String(repeating: "f", count: 64),
            String(repeating: "x", count: 120),
        ]
        var parsed = 0
        for _ in 0..<30_000 {
            let text = (0..<Int.random(in: 0...7, using: &random)).map { _ in random.pick(pieces) }.joined()
            guard case .success(let reference) = Reference.parse(text) else { continue }
            parsed += 1
            #expect((try? Reference.parse(reference.text).get()) == reference, "seed \(seed): \(text)")
        }
        #expect(parsed > 1_000)
    }
}

/// Data that this project shares with others and that a clone of it may not have.
enum Shared {
    private static let root = Fixtures.package.appending(path: "../shared/data")
    static let isThere = FileManager.default.fileExists(atPath: root.path())

    static func file(_ path: String) -> URL { root.appending(path: path) }
}
