extension Parser {
    /// Words that end a list of patterns, and so are never taken for a string without quotes.
    static let connectives: Set<String> = [
        "to", "because", "insert", "drop", "digest", "warn", "becomes", "by", "warns", "unchanged", "ignored",
        "bypassed", "declined", "denied", "unparsed",
    ]

    // MARK: - Literals

    /// A word, or a string, of a token.
    func literal(_ token: Token, isQuoted: Bool? = nil) -> Literal {
        let quoted = isQuoted ?? (token.kind != .word)
        guard token.kind == .string else {
            let text = source.text(token.span.range)
            return Literal(
                segments: [Literal.Segment(kind: .text(text), span: token.span)], isQuoted: quoted, span: token.span)
        }
        let content = source.stringContent(token.span)
        var segments: [Literal.Segment] = []
        for piece in StringPieces(bytes: source.bytes, range: content) {
            let (kind, range): (Literal.Segment.Kind, Range<Int>) =
                switch piece {
                case .text(let range), .unknownEscape(let range), .brokenInterpolation(let range, _),
                    .control(let range):
                    (.text(source.text(range)), range)
                case .escape(let range, let character):
                    (.text(String(UnicodeScalar(character))), range)
                case .interpolation(let range, let name):
                    (.interpolation(source.text(name)), range)
                }
            segments.append(
                Literal.Segment(kind: kind, span: Span(file: file, start: range.lowerBound, end: range.upperBound)))
        }
        return Literal(segments: segments, isQuoted: true, span: token.span)
    }

    /// A name, key or value: a bare word or a string.
    mutating func name(_ what: String, help: [String] = [], insert: String? = nil) -> Literal? {
        if !isAtEnd {
            let token = current
            if token.kind == .word || token.kind == .string || isUnquotedString(token) {
                advance()
                return literal(token)
            }
        }
        reportMissing(what, help: help, insert: insert)
        return nil
    }

    /// A string; a bare word is reported and read as if it stood in quotes.
    mutating func string(_ what: String, help: [String] = []) -> Literal? {
        if !isAtEnd {
            let token = current
            if token.kind == .string || isUnquotedString(token) {
                advance()
                return literal(token)
            }
            let isKeyword = statementKeyword(token) != nil || word(token).map(Self.connectives.contains) ?? false
            if token.kind == .word, !isKeyword {
                let fix = source.quoted(token.span.range)
                report(
                    .mustBeQuoted, "\(quote(token)) has to stand in quotes", at: token.span, label: "expected \(what)",
                    help: ["write `\"\(source.excerpt(token.span.range))\"`"], fix: (token.span, fix))
                advance()
                return literal(token, isQuoted: true)
            }
        }
        reportMissing(what, help: help)
        return nil
    }

    // MARK: - Keywords

    /// The word that a misspelt one was meant to be.
    func suggestion(for word: String, among candidates: [String]) -> String? {
        Suggestion.closest(to: word, among: candidates)
    }

    /// Says that the current word is none of the words that may stand here.
    mutating func reportUnknownWord(_ what: String, meant: String?, candidates: [String]) {
        let list = candidates.map { "`\($0)`" }.joined(separator: ", ")
        report(
            .unknownKeyword, "unknown \(what) \(quote(current))", at: current.span,
            label: meant.map { "did you mean `\($0)`?" } ?? "",
            help: [meant.map { "write `\($0)`" } ?? "one of \(list)"], fix: meant.map { (current.span, $0) })
    }

    /// If the current token is a string that holds a keyword, reports it; the keyword is nil otherwise.
    mutating func quotedKeyword(among candidates: [String]) -> String? {
        guard !isAtEnd, current.kind == .string, current.span.range.count <= 64,
            let text = literal(current).plainText, candidates.contains(text)
        else { return nil }
        report(
            .quotedKeyword, "\(quote(current)) is no keyword: it stands in quotes", at: current.span,
            help: ["write `\(text)`"], fix: (current.span, text))
        return text
    }

    /// Reads one of a few words. A misspelt one is reported and read as what was meant.
    mutating func keyword(_ what: String, among candidates: [String]) -> String? {
        if let quoted = quotedKeyword(among: candidates) {
            advance()
            return quoted
        }
        guard let word = currentWord else {
            let list = candidates.map { "`\($0)`" }.joined(separator: ", ")
            reportMissing(candidates.count == 1 ? list : "\(what) (\(list))")
            return nil
        }
        if candidates.contains(word) {
            advance()
            return word
        }
        let meant = suggestion(for: word, among: candidates)
        reportUnknownWord(what, meant: meant, candidates: candidates)
        if meant != nil { advance() }
        return meant
    }

    /// Reads a keyword that stands for a value.
    mutating func choice<Value: RawRepresentable & CaseIterable & Equatable & Sendable>(
        _ what: String, _ type: Value.Type = Value.self
    ) -> Keyword<Value>? where Value.RawValue == String {
        let start = index
        guard let word = keyword(what, among: Value.allCases.map(\.rawValue)), let value = Value(rawValue: word) else {
            return nil
        }
        return Keyword(value: value, span: token(at: start).span)
    }

    /// Reads a connective such as `to`. One that stands on the next line is reported, and read all the same.
    mutating func connective(_ word: String, after what: String) -> Bool {
        if accept(word) { return true }
        if !isAtEnd, current.kind == .unknown, ["->", "=>"].contains(source.text(current.span.range)) {
            advance()
            return true
        }
        if isAtEnd, current.startsLine, self.word(current) == word {
            let trivia = Span(file: file, start: previous?.span.end ?? current.span.start, end: current.span.start)
            report(
                .brokenLine, "`\(word)` stands on a line of its own", at: current.span,
                label: "a statement ends at the end of its line",
                help: ["write `\(word)` on the line before: only a comma goes on to the next line"],
                fix: source.isWhiteSpace(trivia.range) ? (trivia, " ") : nil)
            advance()
            return true
        }
        if let misspelt = currentWord, suggestion(for: misspelt, among: [word]) != nil {
            reportUnknownWord("word", meant: word, candidates: [word])
            advance()
            return true
        }
        if quotedKeyword(among: [word]) != nil {
            advance()
            return true
        }
        let insert = isAtEnd ? nil : " \(word)"
        if let insert, current.kind == .string {
            report(
                .missingPart, "expected `\(word)` after \(what), found \(quote(current))", at: current.span,
                help: ["write `\(word)` before it"], fix: (gap, insert))
            return true
        }
        reportMissing("`\(word)` after \(what)")
        return false
    }

    // MARK: - Lists

    /// Elements with commas between them; after a comma the list may go on in the next line.
    ///
    /// - Parameters:
    ///   - what: one element, for messages.
    ///   - startsElement: whether a token without a comma before it is plainly the next element.
    ///   - element: reads one element.
    mutating func list<Element>(
        _ what: String, startsElement: (Parser) -> Bool, element: (inout Parser) -> Element?
    ) -> [Element]? {
        guard let first = element(&self) else { return nil }
        var elements = [first]
        while true {
            if acceptComma() {
                while current.kind == .comma, !isAtEnd {
                    report(
                        .missingPart, "expected \(what), found `,`", at: current.span, help: ["remove the `,`"],
                        fix: (current.span, ""))
                    advance()
                    continues = true
                }
                if endsAfterComma() { return elements }
            } else if openParenthesis == nil, !isAtEnd, startsElement(self) {
                if isStatementBroken { return elements }
                report(
                    .missingComma, "expected `,` before \(quote(current))", at: gap, label: "here",
                    fix: (gap, ","))
            } else {
                return elements
            }
            guard let next = element(&self) else { return nil }
            elements.append(next)
        }
    }

    /// Reads a comma, also one that stands at the start of the next line, which is reported.
    private mutating func acceptComma() -> Bool {
        if current.kind == .comma, current.startsLine, isAtEnd {
            report(
                .brokenLine, "`,` begins a line", at: current.span, label: "a statement ends at the end of its line",
                help: ["put the `,` at the end of the line before"])
            advance()
            continues = true
            return true
        }
        guard accept(.comma) else { return false }
        continues = true
        return true
    }

    /// Whether nothing of the list follows the comma that was just read, which is then reported.
    private mutating func endsAfterComma() -> Bool {
        let keyword = word(current)
        let isStatement = statementKeyword(current) != nil
        let isConnective = keyword.map(Self.connectives.contains) ?? false
        let ends =
            current.kind == .endOfFile || current.kind == .rightBrace || current.kind == .rightParenthesis
            || (openParenthesis == nil && current.startsLine && (isStatement || isConnective))
        guard ends, let comma = previous else { return false }
        report(
            .trailingComma, "nothing follows this `,`", at: comma.span, label: "a list goes on after a comma",
            secondary: isStatement ? [Diagnostic.Label(span: current.span, text: "this begins a statement")] : [],
            help: isStatement
                ? ["remove the `,`", "write `\"\(keyword ?? "")\"` if it belongs to the list"] : ["remove the `,`"],
            fix: (comma.span, ""))
        // A connective goes on with the statement: the comma was the one mistake.
        continues = isConnective
        return true
    }

    /// Names with commas between them.
    mutating func names(_ what: String, help: [String] = []) -> [Literal]? {
        list(what) { parser in
            let token = parser.current
            return token.kind == .string || (token.kind == .word && parser.statementKeyword(token) == nil)
        } element: {
            $0.name(what, help: help)
        }
    }

    /// Strings with commas between them.
    mutating func strings(_ what: String, until connective: String? = nil) -> [Literal]? {
        list(what) { parser in
            guard parser.current.kind == .string else { return false }
            // The last string of a line that still lacks its `to` is what `to` has to stand before.
            let next = parser.token(at: parser.index + 1)
            let isLast = next.startsLine || next.kind == .endOfFile || next.kind == .rightBrace
            return connective == nil || !isLast
        } element: {
            $0.string(what)
        }
    }
}
