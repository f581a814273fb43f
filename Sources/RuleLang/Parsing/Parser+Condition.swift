extension Parser {
    private static let subjects = ["namespace", "pod", "image", "operation"]

    /// What follows `ignore`.
    mutating func ignoreSubject() -> IgnoreSubject? {
        if accept("self") { return .selfImage }
        if currentWord == "image", !isCondition(token(at: index + 1)) {
            advance()
            return strings("a pattern in quotes").map { .images($0) }
        }
        let start = index
        let words = ["self"] + Self.subjects
        if !isAtEnd, current.kind == .string, !words.contains(source.text(source.stringContent(current.span))) {
            let pattern = current.span
            report(
                .missingPart, "expected `image` before a pattern", at: pattern,
                help: ["write `ignore image \(source.excerpt(pattern.range))`"],
                fix: (Span(file: file, start: pattern.start, end: pattern.start), "image "))
            return strings("a pattern in quotes").map { .images($0) }
        }
        guard let subject = keyword("condition", among: words) else { return nil }
        if subject == "self" { return .selfImage }
        return condition(subject, start: start).map { .condition($0) }
    }

    /// Whether the token after `image` makes it a condition and not a list of patterns.
    private func isCondition(_ next: Token) -> Bool {
        guard !next.startsLine, let word = word(next) else { return false }
        return word == "in" || word == "has" || word == "where"
    }

    /// Reads a condition, as `when` and `ignore` take it.
    mutating func condition() -> Condition? {
        let start = index
        guard let subject = keyword("condition", among: Self.subjects) else { return nil }
        return condition(subject, start: start)
    }

    private mutating func condition(_ subject: String, start: Int) -> Condition? {
        let kind: Condition.Kind? =
            switch subject {
            case "namespace": namespaceCondition()
            case "pod": keyword("word", among: ["where"]) == nil ? nil : selector().map { .podLabels($0) }
            case "image": imageCondition()
            default:
                list(
                    "an operation",
                    startsElement: { $0.current.kind == .word && $0.statementKeyword($0.current) == nil }
                ) {
                    $0.choice("operation", Operation.self)
                }.map { .operations($0) }
            }
        return kind.map { Condition(kind: $0, span: span(from: start)) }
    }

    private mutating func namespaceCondition() -> Condition.Kind? {
        if accept("where") { return selector().map { .namespaceLabels($0) } }
        // `namespace wher a = b`: one word and then another that is no name of the list.
        let next = token(at: index + 1)
        if let word = currentWord, !next.startsLine, [.word, .string, .exclamation].contains(next.kind),
            statementKeyword(next) == nil,
            word == "labels" || suggestion(for: word, among: ["where"]) != nil
        {
            reportUnknownWord("word", meant: "where", candidates: ["where"])
            advance()
            return selector().map { .namespaceLabels($0) }
        }
        guard let names = names("the name of a namespace") else { return nil }
        if names.count == 1, !isAtEnd, [.equals, .doubleEquals, .notEquals].contains(current.kind) {
            report(
                .missingPart, "expected `where` before a selector", at: names[0].span,
                help: ["write `namespace where \(source.excerpt(names[0].span.range)) …`"],
                fix: (Span(file: file, start: names[0].span.start, end: names[0].span.start), "where "))
            return nil
        }
        return .namespaceNames(names)
    }

    private mutating func imageCondition() -> Condition.Kind? {
        if !isAtEnd, current.kind == .string {
            report(
                .missingPart, "expected `in` or `has`, found \(quote(current))", at: current.span,
                label: "patterns stand in the actions of a rule",
                help: ["write `image in container` or `image has tag`"])
            return nil
        }
        guard let word = keyword("word", among: ["in", "has"]) else { return nil }
        if word == "in" {
            return list(
                "a place", startsElement: { $0.current.kind == .word && $0.statementKeyword($0.current) == nil }
            ) {
                $0.choice("place", Place.self)
            }.map { .places($0) }
        }
        let isNegated = accept("no")
        return choice("part of an image", ImagePart.self).map { .imageHas($0.value, isNegated: isNegated) }
    }

    // MARK: - Selectors

    /// Requirements with commas between them.
    private mutating func selector() -> Selector? {
        let start = index
        let requirements = list("a requirement") { parser in
            guard parser.current.kind != .exclamation else { return true }
            guard parser.current.kind == .word || parser.current.kind == .string else { return false }
            return parser.statementKeyword(parser.current) == nil
        } element: {
            $0.requirement()
        }
        guard let requirements else { return nil }
        return Selector(requirements: requirements, span: requirementsSpan(requirements, start))
    }

    private func requirementsSpan(_ requirements: [Requirement], _ start: Int) -> Span {
        guard let first = requirements.first, let last = requirements.last else { return span(from: start) }
        return first.span.union(last.span)
    }

    private mutating func requirement() -> Requirement? {
        let start = index
        if accept(.exclamation) {
            guard let key = name("the key of a label after `!`") else { return nil }
            return Requirement(key: key, kind: .doesNotExist, span: span(from: start))
        }
        guard let key = name("the key of a label") else { return nil }
        guard let kind = requirementKind() else { return nil }
        return Requirement(key: key, kind: kind, span: span(from: start))
    }

    private mutating func requirementKind() -> Requirement.Kind? {
        if isAtEnd || current.kind == .comma { return .exists }
        switch current.kind {
        case .equals, .doubleEquals:
            advance()
            return selectorValue().map { .equals($0) }
        case .notEquals:
            advance()
            return selectorValue().map { .notEquals($0) }
        case .unknown where source.bytes[current.span.start] == UInt8(ascii: ":"):
            advance()
            return selectorValue().map { .equals($0) }
        case .unknown: return nil
        case .leftParenthesis:
            report(
                .missingPart, "expected `in` or `notin` before `(`", at: current.span, help: ["write `in (…)`"],
                fix: (gap, " in"))
            return values().map { .isIn($0) }
        default: break
        }
        if statementKeyword(current) != nil { return .exists }
        if currentWord == "not", word(token(at: index + 1)) == "in" {
            let words = current.span.union(token(at: index + 1).span)
            report(
                .unknownKeyword, "`not in` is one word", at: words, label: "did you mean `notin`?",
                help: ["write `notin`"], fix: (words, "notin"))
            advance()
            advance()
            return values().map { .notIn($0) }
        }
        let next = token(at: index + 1)
        if let found = currentWord, found != "in", found != "notin", next.kind != .leftParenthesis {
            // `key value`, or `key other-key`: nothing tells which.
            report(
                .unknownKeyword, "unknown operator \(quote(current))", at: current.span,
                help: ["use `=`, `!=`, `in (…)`, `notin (…)`, or `,` between two requirements"])
            return nil
        }
        guard let word = keyword("operator", among: ["in", "notin"]) else { return nil }
        return values().map { word == "in" ? .isIn($0) : .notIn($0) }
    }

    private mutating func selectorValue() -> Literal? {
        name("a value", help: ["the empty value is `\"\"`"], insert: " \"\"")
    }

    /// The values in parentheses; line breaks mean nothing there.
    private mutating func values() -> [Literal]? {
        let parenthesis = index
        guard accept(.leftParenthesis) else {
            reportMissing("`(` and the values", help: ["write `in (…)`"])
            skipToParenthesis()
            return nil
        }
        openParenthesis = parenthesis
        var values: [Literal] = []
        if current.kind != .rightParenthesis {
            let read = list("a value") { _ in
                false
            } element: { parser -> Literal? in
                if parser.isUnclosedParenthesis {
                    parser.reportUnclosedParenthesis(parenthesis)
                    return nil
                }
                return parser.name("a value")
            }
            guard let read else { return nil }
            values = read
            while current.kind == .word || current.kind == .string, !isUnclosedParenthesis, !isNewLineWithoutComma {
                report(.missingComma, "expected `,` before \(quote(current))", at: gap, label: "here", fix: (gap, ","))
                guard let more = name("a value") else { return nil }
                values.append(more)
                if current.kind == .comma { advance() }
            }
        }
        guard current.kind == .rightParenthesis else {
            reportUnclosedParenthesis(parenthesis)
            return nil
        }
        advance()
        openParenthesis = nil
        return values
    }

    /// Goes to the `)` of values that lack their `(`, if it is near.
    private mutating func skipToParenthesis() {
        for distance in 0..<64 {
            let token = token(at: index + distance)
            switch token.kind {
            case .rightParenthesis:
                index += distance
                return
            case .word where token.startsLine && statementKeyword(token) != nil: return
            case .word, .string, .comma: continue
            default: return
            }
        }
    }

    /// Whether the current token begins a statement, so that a `)` is missing before it.
    private var isUnclosedParenthesis: Bool {
        switch current.kind {
        case .endOfFile, .rightBrace, .leftBrace: true
        default:
            current.startsLine && statementKeyword(current) != nil
                && Self.isFollowedByItsStatement(token(at: index + 1))
        }
    }

    private var isNewLineWithoutComma: Bool {
        guard let open = openParenthesis, open < closings.count else { return false }
        return current.startsLine && closings[open] < 0
    }

    private mutating func reportUnclosedParenthesis(_ parenthesis: Int) {
        if current.kind != .unknown {
            let found = current.startsLine || current.kind == .endOfFile ? "the end of the line" : quote(current)
            report(
                .missingBrace, "expected `)`, found \(found)", at: gap, label: "here",
                secondary: [Diagnostic.Label(span: token(at: parenthesis).span, text: "this is not closed")],
                help: ["write `)` after the values"], fix: (gap, ")"))
        }
        // The statement ends here, unless the parenthesis is closed further on.
        if closings[parenthesis] < 0 { openParenthesis = nil }
    }
}
