import Testing

@testable import RuleLang

@Suite("Lexer")
struct LexerTests {
    /// Puts the file together again from its tokens, and checks that they stand in order.
    private func isLossless(_ bytes: [UInt8], limit: Int = Lexer.maximumTokens) -> Bool {
        var lexer = Lexer(source: SourceFile(name: "x", bytes: bytes), file: 0, tokenLimit: limit)
        lexer.run()
        var end = 0
        for token in lexer.tokens {
            guard token.triviaStart == end, token.span.start >= end, token.span.end >= token.span.start else {
                return false
            }
            let trivia = bytes[end..<token.span.start]
            let isTrivia =
                trivia.contains(UInt8(ascii: "#")) || trivia.starts(with: [0xEF, 0xBB, 0xBF])
                || trivia.allSatisfy { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
            guard isTrivia, token.startsLine == trivia.contains(0x0A) else { return false }
            end = token.span.end
        }
        return end == bytes.count && lexer.tokens.last?.kind == .endOfFile
            && lexer.tokens.dropLast().allSatisfy { !$0.span.range.isEmpty }
    }

    @Test("tokens and trivia together are the file, for random bytes", arguments: 0..<8 as Range<UInt64>)
    func randomBytes(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let bytes = (0..<Int.random(in: 0...80, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            #expect(isLossless(bytes), "seed \(seed): \(bytes)")
        }
    }

    @Test("tokens and trivia together are the file, for random soups of tokens", arguments: 0..<8 as Range<UInt64>)
    func tokenSoups(seed: UInt64) {
        let pieces = [
            "rule", " ", "\n", "\r\n", "\t", "{", "}", "(", ")", ",", "=", "==", "!=", "!", "\"", "\\", "${", "$",
            "a:b",
            "# c\n", "//", "/*", "*/", "'", "“", "”", "‘", "`", "->", "=>", "<", ";", ":", "é", "\u{A0}", "\u{FEFF}",
            "\0",
            "\"a\"", "*", "-", "to",
        ]
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<1_000 {
            var text = ""
            for _ in 0..<Int.random(in: 0...30, using: &generator) {
                text += pieces.randomElement(using: &generator) ?? ""
            }
            #expect(isLossless(Array(text.utf8)), "seed \(seed): \(text.debugDescription)")
            _ = parse(text)
        }
    }

    @Test("every kind of token is recognised")
    func kinds() {
        var lexer = Lexer(source: SourceFile(name: "x", text: "a.b/c-*_9 \"s\" { } ( ) , = == != ! ; \n"), file: 3)
        lexer.run()
        #expect(
            lexer.tokens.map(\.kind) == [
                .word, .string, .leftBrace, .rightBrace, .leftParenthesis, .rightParenthesis, .comma, .equals,
                .doubleEquals, .notEquals, .exclamation, .unknown, .endOfFile,
            ])
        #expect(lexer.tokens.allSatisfy { $0.span.file == 3 })
        #expect(lexer.tokens.last?.startsLine == true)
    }

    @Test("a file with too many words is cut off with one error, and stays lossless")
    func tooManyTokens() {
        var lexer = Lexer(source: SourceFile(name: "x", text: "a b c d e"), file: 0, tokenLimit: 3)
        lexer.run()
        #expect(lexer.diagnostics.map(\.code) == [.tooManyTokens])
        #expect(isLossless(Array("a b c d e".utf8), limit: 3))
    }

    /// What the lexer says of a statement in the second line.
    @Test(
        "a lexical mistake is reported once, at its place",
        arguments: [
            (#"let a = "x"#, ["E0104@2:9"]),
            (#"let a = "x # no"#, ["E0104@2:9"]),
            (#"let a = "x\ny\"""#, ["E0105@2:11"]),
            (#"let a = "${b" "#, ["E0106@2:10"]),
            (#"let a = "${} ${1} ${ b }" "#, ["E0106@2:10", "E0106@2:14", "E0106@2:19"]),
            ("let a = \"x\ty\"", ["E0107@2:11"]),
            ("let \0a = \"x\"", ["E0107@2:5"]),
            ("let a = “x”", ["E0108@2:9"]),
            ("let a = 'x'", ["E0108@2:9"]),
            ("let a = `x`", ["E0108@2:9"]),
            ("let a = \"x”", ["E0108@2:9"]),
            ("let a = quay.io/x:1", ["E0109@2:9"]),
            ("let a = ${b}/x", ["E0109@2:9"]),
            ("let é = \"x\"", ["E0109@2:5"]),
            ("let a = \"x\";", ["E0110@2:12"]),
            ("rule a: {\n}", ["E0110@2:7"]),
            ("let a: \"x\"", ["E0110@2:6"]),
            ("let a =\u{A0}\"x\"", ["E0110@2:8"]),
            ("// let a", ["E0111@2:1"]),
            ("/* let a\n b */ let c = \"d\"", ["E0111@2:1"]),
            ("let a = \"b\" // c", ["E0111@2:13"]),
            ("ignore pod where a < 1", ["E0112@2:20"]),
            ("rule a { rewrite \"a/*\" -> \"b/*\" }", ["E0112@2:24"]),
            ("let a = \"ü é\" ; let b = “x”", ["E0110@2:15", "E0108@2:25"]),
        ])
    func lexicalMistakes(statement: String, expected: [String]) {
        #expect(findings("language 1\n" + statement + "\nignore self\n") == expected)
    }

    @Test("what follows an unterminated string is read as if it had been closed")
    func unterminatedKeepsBraces() {
        let result = parse("language 1\nrule a { rewrite \"a/*\" to \"b/* }\ntest \"x {\n    expect a unchanged\n}\n")
        #expect(result.diagnostics.map(\.code) == [.unterminatedString, .unterminatedString])
        #expect(result.tree.statements.count == 3)
    }

    @Test("fixes of lexical mistakes make the file good")
    func fixes() {
        for text in [
            "let a = \"x", "let a = \"x\\ny\"", "let a = \"x\ty\"", "let a = “x”", "let a = 'x \"y\"'",
            "let a = quay.io/x:1",
            "let a = \"x\";", "let a =\u{A0}\"x\"", "let a = \"x\" // c", "let a = \"x\" ; let b = \"c\"",
            "rule a: { }",
        ] {
            let source = "language 1\n" + text + "\n"
            let diagnostics = parse(source).diagnostics
            #expect(diagnostics.count == 1, "\(text)")
            guard let fix = diagnostics.first?.fix else {
                Issue.record("no fix for \(text)")
                continue
            }
            #expect(findings(applying(fix, to: source)) == [], "\(text)")
        }
    }

    @Test("a byte order mark and Windows line ends are read past")
    func markAndLineEnds() {
        let text = "\u{FEFF}language 1\r\nrule a {\r\n\trewrite \"a/*\",\r\n\"b/*\" to \"c/*\"\r\n}\r\n"
        let result = parse(text)
        #expect(result.diagnostics.isEmpty)
        #expect(result.tree.statements.count == 2)
    }

    @Test("bytes that are not UTF-8 are one error at their place, and nothing else")
    func notUTF8() {
        for (bad, start, length) in [
            ([0xFF], 3, 1), ([0xC0, 0x80], 3, 1), ([0xE2, 0x80], 3, 2), ([0xED, 0xA0, 0x80], 3, 1),
            ([0xF4, 0x90], 3, 1),
            ([0x80], 3, 1), ([0xF0, 0x9F, 0x98], 3, 3),
        ] as [([UInt8], Int, Int)] {
            let source = SourceFile(name: "x", bytes: Array("}{\n".utf8) + bad + Array("\nfoo".utf8))
            let result = SyntaxTree.parse(source, file: 2)
            #expect(result.diagnostics.map(\.code) == [.notUTF8])
            #expect(result.diagnostics.first?.primary?.span == Span(file: 2, start: start, end: start + length))
            #expect(result.tree.statements.isEmpty)
        }
    }

    @Test("sizes are bounded")
    func limits() {
        let large = SyntaxTree.parse(
            SourceFile(name: "x", bytes: [UInt8](repeating: 0x20, count: SyntaxTree.maximumFileSize + 1)))
        #expect(large.diagnostics.map(\.code) == [.fileTooLarge])
        let long = String(repeating: "a", count: Lexer.maximumLiteral)
        #expect(findings("language 1\nlet a = \"\(long)\"\n") == ["E0103@2:9"])
        #expect(findings("language 1\nlet \(long)a = \"\"\n") == ["E0103@2:5"])
        #expect(findings("language 1\nlet a = \"\(long.dropLast(2))\"\n") == [])
        let many = parse("language 1\n" + String(repeating: "foo\n", count: 5_000))
        #expect(many.diagnostics.count == 1_001)
        #expect(many.diagnostics.last?.code == .tooManyProblems)
    }

    @Test(
        "hostile files take linear time",
        arguments: [
            "{", "}", "(", "\"\" ", "\"\\\"” ", "'", "/*\n", "/* ", "; ", "a: ", "${", "\"${", "rule a {\n", "x (\n",
            "a,", "“", "$ ",
            "rule a { rewrite \"", "ignore pod where a in (\n", "test \"x\" {\n", "\\", "-", "->", "a (b,\n",
        ])
    func hostile(piece: String) {
        let text = String(repeating: piece, count: 400_000 / piece.utf8.count)
        let clock = ContinuousClock()
        let time = clock.measure { _ = parse(text) }
        #expect(time < .seconds(60))
        #expect(clock.measure { _ = parse("language 1\n" + text) } < .seconds(60))
    }
}
