extension Parser {
    // MARK: - Tests

    mutating func test(_ start: Int) -> TestDeclaration? {
        let keyword = token(at: start)
        var name: Literal?
        if !isAtEnd, current.kind == .leftBrace {
            report(
                .missingPart, "expected the name of the test, found `{`", at: current.span,
                help: ["write `test \"NAME\" {`"])
        } else {
            name = string("the name of the test in quotes", help: ["write `test \"NAME\" {`"])
        }
        let opening = openBlock("test", scope: .test)
        var givens: [Given] = []
        var expectations: [Expectation] = []
        block(opening, keyword: keyword, scope: .test) { parser, keyword in
            let start = parser.index
            parser.advance()
            switch keyword {
            case .given:
                guard let given = parser.given(start) else { return parser.recover() }
                if parser.finishStatement() { givens.append(given) }
            default:
                guard let expectation = parser.expectation(start) else { return parser.recover() }
                if parser.finishStatement() { expectations.append(expectation) }
            }
        }
        guard let name else { return nil }
        return TestDeclaration(name: name, givens: givens, expectations: expectations, span: span(from: start))
    }

    // MARK: - given

    private mutating func given(_ start: Int) -> Given? {
        guard let subject = keyword("subject", among: ["namespace", "pod", "operation", "image"]) else { return nil }
        let kind: Given.Kind? =
            switch subject {
            case "namespace": givenNamespace()
            case "pod": givenPod()
            case "operation": choice("operation", Operation.self).map { .operation($0) }
            default: givenImage()
            }
        return kind.map { Given(kind: $0, span: span(from: start)) }
    }

    private mutating func givenNamespace() -> Given.Kind? {
        if accept("labels") { return assignments().map { .namespaceLabels($0) } }
        let next = token(at: index + 1)
        if let word = currentWord, !next.startsLine, next.kind == .word || next.kind == .string,
            statementKeyword(next) == nil, word == "where" || suggestion(for: word, among: ["labels"]) != nil
        {
            reportUnknownWord("word", meant: "labels", candidates: ["labels"])
            advance()
            return assignments().map { .namespaceLabels($0) }
        }
        return name("the name of a namespace, or `labels`").map { .namespace($0) }
    }

    private mutating func givenPod() -> Given.Kind? {
        guard let word = keyword("word", among: ["labels", "annotations"]) else { return nil }
        return assignments().map { word == "labels" ? .podLabels($0) : .podAnnotations($0) }
    }

    private mutating func givenImage() -> Given.Kind? {
        guard let word = keyword("word", among: ["in", "was"]) else { return nil }
        if word == "in" { return choice("place", Place.self).map { .place($0) } }
        return string("a reference in quotes").map { .oldImage($0) }
    }

    private mutating func assignments() -> [LabelAssignment]? {
        list("a label, `key = value`") { parser in
            let token = parser.current
            return token.kind == .string || (token.kind == .word && parser.statementKeyword(token) == nil)
        } element: { parser in
            guard let key = parser.name("a label, `key = value`"), parser.equals("a value"),
                let value = parser.name("a value", help: ["the empty value is `\"\"`"], insert: " \"\"")
            else { return nil }
            return LabelAssignment(key: key, value: value)
        }
    }

    // MARK: - expect

    /// The clauses of an `expect`, as far as they were read.
    private struct Clauses {
        var outcome: Keyword<Expectation.Outcome>?
        var becomes: (literal: Literal, span: Span)?
        var denial: Literal?
        var rule: (literal: Literal, span: Span)?
        var warnings: [Literal] = []

        var isEmpty: Bool { outcome == nil && becomes == nil && rule == nil && warnings.isEmpty }
    }

    private static let clauseWords = ["becomes", "by", "warns"] + Expectation.Outcome.allCases.map(\.rawValue)

    private mutating func expectation(_ start: Int) -> Expectation? {
        guard let image = name("an image") else { return nil }
        var clauses = Clauses()
        var isValid = true
        while !isAtEnd {
            if current.kind == .comma {
                report(
                    .unexpectedText, "unexpected `,`", at: current.span, label: "no comma stands between expectations",
                    help: ["remove it"], fix: (current.span, ""))
                advance()
                continue
            }
            if statementKeyword(current) != nil { break }
            guard let isConsistent = clause(&clauses) else { return nil }
            isValid = isValid && isConsistent
        }
        guard isValid else { return nil }
        let span = span(from: start)
        if clauses.isEmpty {
            report(
                .nothingExpected, "nothing is expected of `\(source.excerpt(image.span.range))`", at: span,
                help: ["write `becomes \"…\"`, `unchanged`, `denied`, … after the image"])
            return nil
        }
        return Expectation(
            image: image, outcome: clauses.outcome, becomes: clauses.becomes?.literal, denial: clauses.denial,
            rule: clauses.rule?.literal, warnings: clauses.warnings, span: span)
    }

    /// Reads one clause. Nil if it is broken, false if it contradicts another.
    private mutating func clause(_ clauses: inout Clauses) -> Bool? {
        let start = index
        if current.kind == .unknown, ["->", "=>"].contains(source.text(current.span.range)) {
            advance()
            return becomes(start, &clauses)
        }
        guard current.kind == .word || current.kind == .string else {
            if current.kind != .unknown {
                report(
                    .unexpectedText, "unexpected \(quote(current))", at: current.span,
                    label: "expected `becomes`, `by`, `warns` or an outcome")
            }
            return nil
        }
        if current.kind == .string, clauses.isEmpty, quotedKeyword(among: Self.clauseWords) == nil {
            report(
                .missingPart, "expected `becomes` before \(quote(current))", at: current.span,
                help: ["write `becomes \(source.excerpt(current.span.range))`"], fix: (gap, " becomes"))
            return becomes(start, &clauses)
        }
        guard let word = keyword("expectation", among: Self.clauseWords) else { return nil }
        switch word {
        case "becomes": return becomes(start, &clauses)
        case "by":
            guard let rule = name("the name of a rule") else { return nil }
            return set((rule, span(from: start)), earlier: clauses.rule?.span, of: "`by`") { clauses.rule = $0 }
        case "warns":
            guard let text = string("the text of the warning in quotes") else { return nil }
            clauses.warnings.append(text)
            return true
        default: return outcome(word, start, &clauses)
        }
    }

    private mutating func becomes(_ start: Int, _ clauses: inout Clauses) -> Bool? {
        guard let reference = string("a reference in quotes") else { return nil }
        let span = span(from: start)
        if let outcome = clauses.outcome, outcome.value != .bypassed {
            return contradiction(span, "`becomes`", outcome.span, "`\(outcome.value.rawValue)`")
        }
        return set((reference, span), earlier: clauses.becomes?.span, of: "`becomes`") { clauses.becomes = $0 }
    }

    private mutating func outcome(_ word: String, _ start: Int, _ clauses: inout Clauses) -> Bool? {
        guard let value = Expectation.Outcome(rawValue: word) else { return nil }
        let place = token(at: start).span
        var denial: Literal?
        if value == .denied, !isAtEnd, current.kind == .string {
            denial = literal(current)
            advance()
        }
        if let earlier = clauses.outcome {
            return contradiction(place, "`\(word)`", earlier.span, "`\(earlier.value.rawValue)`")
        }
        if let becomes = clauses.becomes, value != .bypassed {
            return contradiction(place, "`\(word)`", becomes.span, "`becomes`")
        }
        clauses.outcome = Keyword(value: value, span: place)
        clauses.denial = denial
        return true
    }

    private mutating func set<Value>(
        _ value: Value, earlier: Span?, of what: String, assign: (Value) -> Void
    ) -> Bool {
        if let earlier { return contradiction(span(from: max(0, index - 2)), what, earlier, what) }
        assign(value)
        return true
    }

    private mutating func contradiction(_ span: Span, _ what: String, _ earlier: Span, _ other: String) -> Bool {
        let isRepeated = what == other
        report(
            .conflictingExpectations,
            isRepeated ? "\(what) stands twice" : "\(what) and \(other) cannot both be expected", at: span,
            secondary: [Diagnostic.Label(span: earlier, text: isRepeated ? "here first" : "because of this")],
            help: ["keep one of them", "write an `expect` for each image"])
        return false
    }
}
