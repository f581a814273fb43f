import Testing

@testable import RuleLang

@Suite("Mutated files")
struct ParserMutationTests {
    /// Statements that stand around the damage, far enough away that they have to survive it.
    private let before = "language 1\n\nlet first = \"1\"\n\nrule sentinel-before {\n    allow \"a\"\n}\n\n"
    private let after = "\n\nrule sentinel-after {\n    allow \"b\"\n}\n"

    private func check(_ bytes: [UInt8], _ note: @autoclosure () -> String) {
        let source = SourceFile(name: "x", bytes: bytes)
        let result = SyntaxTree.parse(source)
        var last = 0
        for diagnostic in result.diagnostics {
            guard let span = diagnostic.primary?.span else {
                Issue.record("no place: \(note())")
                return
            }
            if span.start < last || span.end > bytes.count {
                Issue.record("out of order or range: \(note())")
                return
            }
            last = span.start
            if let fix = diagnostic.fix, fix.span.end > bytes.count { Issue.record("fix out of range: \(note())") }
        }
    }

    @Test("random bytes put in, left out or doubled never trap", arguments: 0..<6 as Range<UInt64>)
    func bytes(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let original = Array(wholeFile.utf8)
        for round in 0..<150 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0...2, using: &generator) {
                case 0: bytes.remove(at: place)
                case 1: bytes.insert(UInt8.random(in: 0...127, using: &generator), at: place)
                default:
                    let end = min(bytes.count, place + Int.random(in: 1...40, using: &generator))
                    bytes.insert(contentsOf: bytes[place..<end], at: place)
                }
            }
            check(bytes, "seed \(seed), round \(round)")
        }
    }

    @Test(
        "tokens left out, doubled or moved never trap, and what stands around survives",
        arguments: 0..<6 as Range<UInt64>)
    func tokens(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let body = #"""
            let ecr = "x.example"
            ignore pod where a in (b, c), !d
            rule middle {
                when namespace where e = f
                rewrite "docker.io/*" to "${ecr}/*" { insert library }
                mark label g = h
            }
            test "i" {
                given pod labels j = k
                expect l becomes "m" by middle
            }
            """#
        var lexer = Lexer(source: SourceFile(name: "x", text: body), file: 0)
        lexer.run()
        let bytes = Array(body.utf8)
        let pieces = lexer.tokens.map { String(decoding: bytes[$0.triviaStart..<$0.span.end], as: UTF8.self) }
        for round in 0..<300 {
            var mutated = pieces
            let place = Int.random(in: 0..<mutated.count, using: &generator)
            switch Int.random(in: 0...2, using: &generator) {
            case 0: mutated.remove(at: place)
            case 1: mutated.insert(mutated[place], at: place)
            default: mutated.swapAt(place, Int.random(in: 0..<mutated.count, using: &generator))
            }
            let text = before + mutated.joined() + after
            check(Array(text.utf8), "seed \(seed), round \(round)")
            let names = parse(text).tree.statements.compactMap { statement -> String? in
                guard case .rule(let rule) = statement else { return nil }
                return rule.name.plainText
            }
            #expect(names.contains("sentinel-before"), "seed \(seed), round \(round): \(text)")
            #expect(names.contains("sentinel-after"), "seed \(seed), round \(round): \(text)")
        }
    }

    @Test("one token too few or too many makes few findings")
    func noCascades() {
        var lexer = Lexer(source: SourceFile(name: "x", text: wholeFile), file: 0)
        lexer.run()
        let bytes = Array(wholeFile.utf8)
        let pieces = lexer.tokens.map { String(decoding: bytes[$0.triviaStart..<$0.span.end], as: UTF8.self) }
        for place in pieces.indices.dropLast() {
            var shorter = pieces
            shorter.remove(at: place)
            let found = findings(shorter.joined())
            #expect(found.count <= 2, "without token \(place), \(pieces[place].debugDescription): \(found)")
            var longer = pieces
            longer.insert(longer[place], at: place)
            let more = findings(longer.joined())
            #expect(more.count <= 2, "with token \(place) twice, \(pieces[place].debugDescription): \(more)")
        }
    }
}
