/// What parsing one file gives.
public struct ParseResult: Sendable {
    /// The tree of what could be understood.
    public let tree: SyntaxTree
    /// What is wrong, in source order; no more than 1,000 findings and one that says so.
    public let diagnostics: [Diagnostic]

    /// Makes a result.
    public init(tree: SyntaxTree, diagnostics: [Diagnostic]) {
        self.tree = tree
        self.diagnostics = diagnostics
    }
}

extension SyntaxTree {
    /// The largest file that is read, in bytes.
    public static let maximumFileSize = 16 * 1024 * 1024
    /// The most diagnostics of one file, besides the one that says that there are more.
    public static let maximumDiagnostics = 1_000

    /// Parses one file. Never fails and never stops at the first mistake: a broken statement is reported, left out
    /// of the tree, and the next one is read. Takes time linear in the size of the file.
    ///
    /// A file that is too large, is not UTF-8 or is written in a later version of the language gets that one
    /// diagnostic and no statements.
    ///
    /// - Parameters:
    ///   - source: the file.
    ///   - file: its index among the files that are read together, for the spans.
    public static func parse(_ source: SourceFile, file: Int = 0) -> ParseResult {
        if source.bytes.count > maximumFileSize {
            return unreadable(
                source, file,
                Diagnostic(
                    .fileTooLarge, "this file is larger than 16 MiB", at: Span(file: file, start: 0, end: 0),
                    label: "\(source.bytes.count) bytes",
                    help: ["split the file: all `*.rules` files of a directory are one rule set"]))
        }
        if let bad = firstInvalidUTF8(source.bytes) {
            let isUTF16 = source.bytes.starts(with: [0xFF, 0xFE]) || source.bytes.starts(with: [0xFE, 0xFF])
            return unreadable(
                source, file,
                Diagnostic(
                    .notUTF8, "this file is not UTF-8",
                    at: Span(file: file, start: bad.lowerBound, end: bad.upperBound),
                    label: "not valid at byte \(bad.lowerBound)",
                    notes: isUTF16 ? ["the file begins like UTF-16"] : [], help: ["save the file as UTF-8"]))
        }
        var lexer = Lexer(source: source, file: file)
        lexer.run()
        var parser = Parser(lexer: lexer)
        parser.parseFile()
        let tree = { SyntaxTree(file: file, source: source, tokens: lexer.tokens, statements: $0) }
        if let version = parser.futureVersion {
            return ParseResult(tree: tree([]), diagnostics: [version])
        }
        return ParseResult(
            tree: tree(parser.statements), diagnostics: inOrder(lexer.diagnostics + parser.diagnostics, file: file))
    }

    private static func unreadable(_ source: SourceFile, _ file: Int, _ diagnostic: Diagnostic) -> ParseResult {
        let end = Token(
            kind: .endOfFile, span: Span(file: file, start: source.bytes.count, end: source.bytes.count),
            triviaStart: 0,
            startsLine: false)
        return ParseResult(
            tree: SyntaxTree(file: file, source: source, tokens: [end], statements: []), diagnostics: [diagnostic])
    }

    /// The first bytes that are not UTF-8, as Unicode's table 3-7 has it.
    private static func firstInvalidUTF8(_ bytes: [UInt8]) -> Range<Int>? {
        var index = 0
        while index < bytes.count {
            let lead = bytes[index]
            if lead < 0x80 {
                index += 1
                continue
            }
            let length = Bytes.sequenceLength(lead)
            let second: ClosedRange<UInt8> =
                switch lead {
                case 0xE0: 0xA0...0xBF
                case 0xED: 0x80...0x9F
                case 0xF0: 0x90...0xBF
                case 0xF4: 0x80...0x8F
                default: 0x80...0xBF
                }
            var good = 1
            while good < length, index + good < bytes.count,
                good == 1 ? second.contains(bytes[index + 1]) : bytes[index + good] & 0xC0 == 0x80
            {
                good += 1
            }
            if length == 1 || good < length { return index..<index + good }
            index += length
        }
        return nil
    }

    /// Sorts by place and cuts off what is too much.
    private static func inOrder(_ diagnostics: [Diagnostic], file: Int) -> [Diagnostic] {
        let sorted = diagnostics.enumerated().sorted { left, right in
            let (a, b) = (left.element.primary?.span.start ?? 0, right.element.primary?.span.start ?? 0)
            return a == b ? left.offset < right.offset : a < b
        }.map(\.element)
        guard sorted.count > maximumDiagnostics else { return sorted }
        let place = sorted[maximumDiagnostics].primary?.span
        return Array(sorted.prefix(maximumDiagnostics)) + [
            Diagnostic(
                .tooManyProblems, "this file has more than \(maximumDiagnostics) problems", at: place,
                label: "nothing from here on is reported", help: ["repair the first ones and run it again"])
        ]
    }
}
