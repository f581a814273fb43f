/// Makes statements of tokens. Reads on after a mistake: what cannot be understood is reported once and skipped to
/// the end of its statement.
///
/// The grammar nests no deeper than a modifier block in a rule, so nothing here recurses with the input. Every
/// function that reads something and returns nil or false has reported why, or what it stumbled over was reported
/// by the lexer.
struct Parser {
    let source: SourceFile
    let file: Int
    /// The tokens that mean something, the end of the file last: without comments of other languages and the like.
    let tokens: [Token]
    /// For each opening bracket, the index of the one that closes it; -1 where there is none.
    let closings: [Int32]
    private let brokenLines: Set<Int>

    /// The token to be read next.
    var index = 0
    /// Where the statement that is being read begins.
    var statementStart = 0
    /// Whether the current token belongs to the statement even if it starts a line: the statement's first token,
    /// and what follows a comma.
    var continues = true
    /// The parenthesis that the statement stands in; line breaks mean nothing there.
    var openParenthesis: Int?
    /// How many diagnostics there were when the statement began.
    private var diagnosticsBefore = 0

    var statements: [Statement] = []
    private(set) var diagnostics: [Diagnostic] = []
    /// Where the file said which language it is in.
    var languageSpan: Span?
    /// The one diagnostic of a file in a version that is not known.
    var futureVersion: Diagnostic?

    init(lexer: Lexer) {
        source = lexer.source
        file = lexer.file
        brokenLines = lexer.brokenLines
        tokens = Self.meaningful(lexer.tokens, source)
        closings = Self.matchBrackets(tokens, source)
    }

    // MARK: - The token stream

    var current: Token { token(at: index) }

    var previous: Token? { index > 0 ? token(at: index - 1) : nil }

    func token(at index: Int) -> Token {
        if index < tokens.count { return tokens[index] }
        let end = source.bytes.count
        return Token(
            kind: .endOfFile, span: Span(file: file, start: end, end: end), triviaStart: end, startsLine: false)
    }

    /// Whether the statement ends before the current token.
    var isAtEnd: Bool {
        switch current.kind {
        case .endOfFile, .rightBrace: true
        default: current.startsLine && !continues && openParenthesis == nil
        }
    }

    mutating func advance() {
        if index < tokens.count - 1 { index += 1 }
        continues = false
    }

    /// The text of a bare word; nil for other tokens, and for words too long to be a keyword.
    func word(_ token: Token) -> String? {
        guard token.kind == .word, token.span.range.count <= 64 else { return nil }
        return source.text(token.span.range)
    }

    /// The bare word at the current token, unless the statement has ended.
    var currentWord: String? { isAtEnd ? nil : word(current) }

    /// Reads a word if it is the current token.
    mutating func accept(_ keyword: String) -> Bool {
        guard currentWord == keyword else { return false }
        advance()
        return true
    }

    /// Reads a token of a kind if it is the current one.
    mutating func accept(_ kind: Token.Kind) -> Bool {
        guard !isAtEnd, current.kind == kind else { return false }
        advance()
        return true
    }

    func statementKeyword(_ token: Token) -> StatementKeyword? {
        // Most words are longer than any keyword.
        guard token.kind == .word, token.span.range.count <= StatementKeyword.longest else { return nil }
        return StatementKeyword.byName[source.text(token.span.range)]
    }

    /// From a token to the last one that was read.
    func span(from start: Int) -> Span {
        let first = token(at: start).span
        return index > start ? first.union(token(at: index - 1).span) : first
    }

    /// The empty place after the last token that was read, for what is missing there.
    var gap: Span {
        let end = previous?.span.end ?? 0
        return Span(file: file, start: end, end: end)
    }

    /// Gets ready to read a statement, or a part of one that stands on a line of its own.
    mutating func beginStatement() {
        statementStart = index
        diagnosticsBefore = diagnostics.count
        continues = true
        openParenthesis = nil
    }

    /// Whether the statement has a mistake already, so that a further one may only be its consequence.
    var isStatementBroken: Bool { diagnostics.count > diagnosticsBefore }

    // MARK: - Reporting

    mutating func report(
        _ code: DiagnosticCode, _ message: String, at span: Span, label: String = "",
        secondary: [Diagnostic.Label] = [], notes: [String] = [], help: [String] = [],
        fix: (span: Span, text: String)? = nil
    ) {
        guard diagnostics.count < Lexer.maximumDiagnostics else { return }
        // Where a string is not closed, what stands in the rest of the line is not what was meant.
        if !brokenLines.isEmpty, code != .missingBrace, brokenLines.contains(source.lineIndex(at: span.start)) {
            return
        }
        diagnostics.append(
            Diagnostic(
                code, message, at: span, label: label, secondary: secondary, notes: notes, help: help,
                fix: fix.map { Diagnostic.Replacement(span: $0.span, text: $0.text) }))
    }

    /// What the user wrote, in backticks.
    func quote(_ token: Token) -> String { "`\(source.excerpt(token.span.range))`" }

    /// Says that something is missing at the current token. Silent beside what the lexer has reported.
    mutating func reportMissing(_ what: String, help: [String] = [], insert: String? = nil) {
        if previous?.kind == .unknown, index > statementStart { return }
        // A list that ends in a comma, say, explains what is missing after it.
        if isAtEnd, isStatementBroken { return }
        let help = help.isEmpty ? ["add \(what)"] : help
        if isAtEnd {
            let found =
                switch current.kind {
                case .rightBrace where !current.startsLine: "`}`"
                case .endOfFile: "the end of the file"
                default: "the end of the line"
                }
            report(
                .missingPart, "expected \(what), found \(found)", at: gap, label: "here", help: help,
                fix: insert.map { (gap, $0) })
        } else if current.kind != .unknown {
            let fix = current.kind == .comma ? insert : nil
            report(
                .missingPart, "expected \(what), found \(quote(current))", at: current.span, help: help,
                fix: fix.map { (gap, $0) })
        }
    }

    // MARK: - Recovery

    /// Skips what is left of a broken statement, the blocks in it included.
    mutating func recover() {
        if let open = openParenthesis, open < closings.count, Int(closings[open]) >= index {
            index = Int(closings[open])
            advance()
        }
        openParenthesis = nil
        while true {
            let token = current
            if token.kind == .endOfFile || token.kind == .rightBrace { break }
            if token.startsLine, index > statementStart {
                let goesOn = previous?.kind == .comma && statementKeyword(token) == nil
                if !goesOn { break }
            }
            if token.kind == .leftBrace || token.kind == .leftParenthesis, index < closings.count, closings[index] >= 0
            {
                index = Int(closings[index])
            }
            advance()
        }
    }

    /// Checks that nothing is left of a statement; false, and skipped, if there is.
    mutating func finishStatement() -> Bool {
        openParenthesis = nil
        continues = false
        if isAtEnd { return true }
        if current.kind == .unknown {
            recover()
            return false
        }
        if statementKeyword(current) != nil {
            report(
                .unexpectedText, "\(quote(current)) has to begin a line", at: current.span,
                label: "each statement stands on a line of its own", help: ["begin a line before it"],
                fix: (Span(file: file, start: current.span.start, end: current.span.start), "\n"))
            return true
        }
        if !isStatementBroken {
            let isBracket = current.kind == .leftBrace
            report(
                .unexpectedText, "unexpected \(quote(current))", at: current.span,
                label: isBracket ? "no block belongs to this statement" : "the statement is complete before this",
                help: ["remove it, or begin a statement on a line of its own"])
        }
        recover()
        return false
    }

    // MARK: - Preparing the tokens

    /// Leaves out the unknown tokens that the parser can do without.
    private static func meaningful(_ tokens: [Token], _ source: SourceFile) -> [Token] {
        guard tokens.contains(where: { $0.kind == .unknown }) else { return tokens }
        var result: [Token] = []
        var startsLine = false
        for (index, token) in tokens.enumerated() {
            if token.kind == .unknown, isIgnorable(token, before: tokens[min(index + 1, tokens.count - 1)], source) {
                let endsStatement = source.bytes[token.span.start] == UInt8(ascii: ";")
                startsLine = startsLine || token.startsLine || endsStatement
                continue
            }
            result.append(
                startsLine && !token.startsLine
                    ? Token(kind: token.kind, span: token.span, triviaStart: token.triviaStart, startsLine: true)
                    : token)
            startsLine = false
        }
        return result
    }

    private static func isIgnorable(_ token: Token, before next: Token, _ source: SourceFile) -> Bool {
        let first = source.bytes[token.span.start]
        let second = token.span.range.count > 1 ? source.bytes[token.span.start + 1] : 0
        switch first {
        case UInt8(ascii: ";"): return true
        case UInt8(ascii: ":") where token.span.range.count == 1:
            return next.startsLine || next.kind == .endOfFile || next.kind == .leftBrace || next.kind == .rightBrace
        case UInt8(ascii: "/"): return second == UInt8(ascii: "/") || second == UInt8(ascii: "*")
        case 0xC2: return second == 0xA0 && token.span.range.count == 2
        case 0xE2, 0xE3, 0xEF:
            return token.span.range.count == 3
                && source.text(token.span.range).unicodeScalars.allSatisfy {
                    $0.properties.isWhitespace || $0.value == 0x200B || $0.value == 0xFEFF
                }
        default: return Bytes.isControl(first)
        }
    }

    /// Whether an unknown token is a word that lacks its quotes, and may be read as if it had them.
    func isUnquotedString(_ token: Token) -> Bool {
        guard token.kind == .unknown else { return false }
        return source.bytes[token.span.range].contains { Bytes.isAlphanumeric($0) || $0 >= 0x80 }
    }

    /// Finds for each bracket the one that closes it. A parenthesis does not reach over braces, nor over a line
    /// that plainly begins a statement.
    private static func matchBrackets(_ tokens: [Token], _ source: SourceFile) -> [Int32] {
        var closings = [Int32](repeating: -1, count: tokens.count)
        var braces: [Int] = []
        var parentheses: [Int] = []
        for (index, token) in tokens.enumerated() {
            switch token.kind {
            case .leftBrace:
                braces.append(index)
                parentheses.removeAll(keepingCapacity: true)
            case .rightBrace:
                if let open = braces.popLast() { closings[open] = Int32(index) }
                parentheses.removeAll(keepingCapacity: true)
            case .leftParenthesis: parentheses.append(index)
            case .rightParenthesis:
                if let open = parentheses.popLast() { closings[open] = Int32(index) }
            case .word where token.startsLine && token.span.range.count <= 8:
                if StatementKeyword(rawValue: source.text(token.span.range)) != nil,
                    Self.isFollowedByItsStatement(tokens[min(index + 1, tokens.count - 1)])
                {
                    parentheses.removeAll(keepingCapacity: true)
                }
            default: break
            }
        }
        return closings
    }

    /// Whether a keyword at the start of a line, with a token after it, is a statement and not a value in a list.
    static func isFollowedByItsStatement(_ next: Token) -> Bool {
        guard !next.startsLine else { return false }
        switch next.kind {
        case .word, .string, .unknown: return true
        default: return false
        }
    }
}
