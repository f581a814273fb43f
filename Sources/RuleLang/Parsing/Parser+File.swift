extension Parser {
    /// How the block of a rule or a test begins.
    enum BlockOpening {
        /// The token of its `{`.
        case brace(Int)
        /// The `{` is missing, reported, and what follows are plainly the statements of the block.
        case assumed
        /// There is no block; reported.
        case none
    }

    // MARK: - The file

    /// Reads the whole file.
    mutating func parseFile() {
        let first = current
        while current.kind != .endOfFile, futureVersion == nil {
            beginStatement()
            let before = index
            if current.kind == .rightBrace {
                report(
                    .strayBrace, "this `}` closes nothing", at: current.span, help: ["remove it"],
                    fix: (current.span, ""))
                advance()
            } else if let keyword = statementKeyword(in: .file) {
                if let statement = topLevelStatement(keyword) {
                    if finishStatement() { statements.append(statement) }
                } else if keyword == .rule || keyword == .test {
                    // Its block was read to the end, though it has no name.
                    _ = finishStatement()
                } else {
                    recover()
                }
            } else {
                recover()
            }
            if index == before { advance() }
        }
        if languageSpan == nil, futureVersion == nil { reportMissingLanguage(first) }
    }

    private mutating func reportMissingLanguage(_ first: Token) {
        let isEmpty = first.kind == .endOfFile
        let lineBreak = isEmpty && source.bytes.last.map { $0 != Bytes.newline } ?? false ? "\n" : ""
        let place = Span(file: file, start: first.span.start, end: first.span.start)
        report(
            .missingLanguage, isEmpty ? "this file says nothing" : "the file does not say its language",
            at: isEmpty ? place : first.span, label: isEmpty ? "" : "expected `language 1` before this",
            help: ["begin the file with `language 1`"],
            fix: (place, lineBreak + (isEmpty ? "language 1\n" : "language 1\n\n")))
    }

    /// Reads the keyword of a statement without going past it; nil, reported, where none can be made out.
    mutating func statementKeyword(in scope: StatementKeyword.Scope) -> StatementKeyword? {
        if let keyword = statementKeyword(current), scope.keywords.contains(keyword) { return keyword }
        let names = scope.keywords.map(\.rawValue)
        if Self.isFollowedByItsStatement(token(at: index + 1)), let quoted = quotedKeyword(among: names) {
            return StatementKeyword(rawValue: quoted)
        }
        guard current.kind == .word else {
            if current.kind != .unknown {
                let help = current.kind == .string ? ["a list goes on to the next line after a `,` only"] : []
                report(
                    .unknownStatement, "expected a statement, found \(quote(current))", at: current.span,
                    help: help + ["in \(scope.name) stand \(names.map { "`\($0)`" }.joined(separator: ", "))"])
            }
            return nil
        }
        if let keyword = statementKeyword(current) {
            report(
                .misplacedStatement,
                "`\(keyword.rawValue)` cannot stand \(scope == .file ? "outside a block" : "in \(scope.name)")",
                at: current.span, help: ["`\(keyword.rawValue)` stands \(keyword.home)"])
            return nil
        }
        let word = word(current) ?? ""
        if scope != .file, Self.connectives.contains(word) {
            let home = scope == .rule ? "an action, such as `rewrite … to …`" : "`expect`"
            report(
                .misplacedStatement, "`\(word)` begins no statement", at: current.span,
                label: "it belongs to \(home)",
                help: [
                    scope == .rule
                        ? "write it on the line of its action, or in `{ }` after the action"
                        : "write it on the line of its `expect`"
                ])
            return nil
        }
        let meant = suggestion(for: word, among: names)
        let elsewhere =
            meant == nil ? suggestion(for: word, among: StatementKeyword.allCases.map(\.rawValue)) : nil
        let home = elsewhere.flatMap(StatementKeyword.init).map { ", which stands \($0.home)" } ?? ""
        report(
            .unknownStatement, "\(quote(current)) begins no statement", at: current.span,
            label: (meant ?? elsewhere).map { "did you mean `\($0)`?" } ?? "",
            help: [
                (meant ?? elsewhere).map { "write `\($0)`\(home)" }
                    ?? "in \(scope.name) stand \(names.map { "`\($0)`" }.joined(separator: ", "))"
            ], fix: meant.map { (current.span, $0) })
        return meant.flatMap(StatementKeyword.init)
    }

    // MARK: - Statements at the top

    private mutating func topLevelStatement(_ keyword: StatementKeyword) -> Statement? {
        let start = index
        advance()
        switch keyword {
        case .language: return language(start)
        case .let: return binding(start)
        case .ignore: return ignoreSubject().map { .ignore($0, span: span(from: start)) }
        case .bypass:
            return strings("a prefix such as `\"direct.to/\"`").map { .bypass(prefixes: $0, span: span(from: start)) }
        case .rule: return rule(start).map { .rule($0) }
        case .test: return test(start).map { .test($0) }
        case .accept: return names("the code of a warning").map { .accept(codes: $0, span: span(from: start)) }
        case .when, .rewrite, .allow, .deny, .observe, .mark, .given, .expect: return nil
        }
    }

    private mutating func language(_ start: Int) -> Statement? {
        let earlier = languageSpan
        if earlier == nil { languageSpan = token(at: start).span }
        guard let version = name("the version, as in `language 1`", insert: " 1") else { return nil }
        let span = span(from: start)
        if earlier == nil { languageSpan = span }
        let text = version.plainText ?? ""
        if version.isQuoted, text == "1" {
            report(
                .quotedKeyword, "the version does not stand in quotes", at: version.span, help: ["write `language 1`"],
                fix: (version.span, "1"))
        } else if text != "1" {
            let isNumber =
                !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard isNumber, text.utf8.first != UInt8(ascii: "0") else {
                let shown = source.excerpt(version.span.range)
                report(
                    .unknownLanguageVersion, "`\(shown)` is not a version of the language", at: version.span,
                    help: ["write `language 1`"], fix: (version.span, "1"))
                return .language(version: version, span: span)
            }
            if earlier == nil {
                futureVersion = Diagnostic(
                    .unknownLanguageVersion,
                    "version \(source.excerpt(version.span.range)) of the language is not known to this program",
                    at: version.span,
                    label: "this program reads version 1", notes: ["nothing else of this file was checked"],
                    help: ["use a newer release of the program, or write the file in `language 1`"])
                return nil
            }
        }
        if let earlier {
            report(
                .misplacedLanguage, "the file says its language twice", at: span,
                secondary: [Diagnostic.Label(span: earlier, text: "here it does first")], help: ["remove this line"],
                fix: (span, ""))
        } else if start > 0 {
            report(
                .misplacedLanguage, "`language` has to be the first statement", at: span,
                secondary: [Diagnostic.Label(span: token(at: 0).span, text: "this stands before it")],
                help: ["move it to the top of the file"])
        }
        return .language(version: version, span: span)
    }

    private mutating func binding(_ start: Int) -> Statement? {
        guard let name = name("a name"), equals("a string") else { return nil }
        guard let value = string("a string") else { return nil }
        return .binding(Binding(name: name, value: value, span: span(from: start)))
    }

    /// Reads a single `=`, also what people write in its place.
    mutating func equals(_ what: String) -> Bool {
        if accept(.equals) { return true }
        if !isAtEnd, current.kind == .unknown, source.bytes[current.span.start] == UInt8(ascii: ":") {
            advance()
            return true
        }
        if !isAtEnd, current.kind == .doubleEquals {
            report(
                .missingPart, "expected `=`, found `==`", at: current.span, help: ["write `=`"],
                fix: (current.span, "="))
            advance()
            return true
        }
        let next = token(at: index + 1)
        if !isAtEnd, next.kind == .equals, !next.startsLine {
            report(
                .missingPart, "expected `=`, found \(quote(current))", at: current.span, help: ["remove it"],
                fix: (current.span, ""))
            advance()
            advance()
            return true
        }
        if !isAtEnd, current.kind == .string || current.kind == .word {
            report(
                .missingPart, "expected `=`, found \(quote(current))", at: current.span, help: ["write `=` before it"],
                fix: (gap, " ="))
            return true
        }
        reportMissing("`=` and \(what)")
        return false
    }

    // MARK: - Blocks

    /// Reads the `{` after the header of a rule or a test.
    mutating func openBlock(_ what: String, scope: StatementKeyword.Scope) -> BlockOpening {
        if !isAtEnd, current.kind != .leftBrace {
            if current.kind != .unknown {
                let isName = current.kind == .word || current.kind == .string
                report(
                    .unexpectedText, "unexpected \(quote(current)) before `{`", at: current.span,
                    label: "the name of a \(what) is one word or a string",
                    help: isName ? ["put a name of several words in quotes"] : [])
            }
            while !isAtEnd, current.kind != .leftBrace { advance() }
            if isAtEnd { return startsBody(scope, current) ? .assumed : .none }
        }
        if current.kind == .leftBrace {
            if isAtEnd {
                let trivia = Span(file: file, start: previous?.span.end ?? current.span.start, end: current.span.start)
                report(
                    .brokenLine, "`{` stands on a line of its own", at: current.span,
                    help: ["write it at the end of the line of its `\(what)`"],
                    fix: source.isWhiteSpace(trivia.range) ? (trivia, " ") : nil)
            }
            let brace = index
            advance()
            return .brace(brace)
        }
        reportMissing("`{`", help: ["write `{` at the end of the line of `\(what)`"], insert: " {")
        return startsBody(scope, current) ? .assumed : .none
    }

    private func startsBody(_ scope: StatementKeyword.Scope, _ token: Token) -> Bool {
        guard let keyword = statementKeyword(token) else { return false }
        return keyword != .accept && scope.keywords.contains(keyword)
    }

    /// Reads the statements of a block and its `}`.
    ///
    /// - Parameters:
    ///   - opening: what began the block.
    ///   - keyword: the token that began the rule or the test.
    ///   - statement: reads one statement after its keyword was made out; false where it is broken.
    mutating func block(
        _ opening: BlockOpening, keyword: Token, scope: StatementKeyword.Scope,
        statement: (inout Parser, StatementKeyword) -> Void
    ) {
        let brace: Int?
        switch opening {
        case .none: return
        case .assumed: brace = nil
        case .brace(let index): brace = index
        }
        while true {
            beginStatement()
            if current.kind == .rightBrace {
                if brace == nil || !closesTooEarly(scope) {
                    advance()
                    return
                }
                report(
                    .strayBrace, "this `}` ends the \(scope == .rule ? "rule" : "test") too early", at: current.span,
                    secondary: [
                        Diagnostic.Label(span: token(at: index + 1).span, text: "this has to stand in \(scope.name)")
                    ], help: ["remove the `}`"], fix: (current.span, ""))
                advance()
                continue
            }
            if current.kind == .endOfFile || (current.startsLine && endsUnclosedBlock(brace, keyword: keyword)) {
                if let brace { reportUnclosed(token(at: brace)) }
                continues = true
                return
            }
            let before = index
            if let word = statementKeyword(in: scope) {
                statement(&self, word)
            } else {
                recover()
            }
            if index == before { advance() }
        }
    }

    /// Whether what follows a `}` can only stand before it.
    private func closesTooEarly(_ scope: StatementKeyword.Scope) -> Bool {
        let next = token(at: index + 1)
        return next.startsLine && startsBody(scope, next)
    }

    /// Whether the line belongs to what stands after the block, because its `}` is missing.
    private func endsUnclosedBlock(_ brace: Int?, keyword: Token) -> Bool {
        guard let found = statementKeyword(current), found.isTopLevelOnly else { return false }
        guard let brace else { return true }
        if brace < closings.count, closings[brace] < 0 { return true }
        return (found == .rule || found == .test) && indentation(current) <= indentation(keyword)
    }

    private func indentation(_ token: Token) -> Int {
        token.span.start - source.lineStarts[source.lineIndex(at: token.span.start)]
    }

    /// Says that a `{` has no `}`: it is missing before the current token.
    mutating func reportUnclosed(_ open: Token, isModifierBlock: Bool = false) {
        let isEnd = current.kind == .endOfFile
        let start = isEnd ? current.span.start : lineStart(current)
        let place = Span(file: file, start: start, end: start)
        let needsBreak = isEnd && source.bytes.last.map { $0 != Bytes.newline } ?? false
        report(
            .missingBrace, isEnd ? "expected `}`, found the end of the file" : "expected `}` before \(quote(current))",
            at: current.span, secondary: [Diagnostic.Label(span: open.span, text: "this is not closed")],
            help: ["write `}` on the line before"],
            fix: isModifierBlock && !isEnd ? nil : (place, (needsBreak ? "\n" : "") + "}\n"))
    }

    private func lineStart(_ token: Token) -> Int {
        source.lineStarts[source.lineIndex(at: token.span.start)]
    }
}
