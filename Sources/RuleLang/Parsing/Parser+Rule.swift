extension Parser {
    // MARK: - Rules

    mutating func rule(_ start: Int) -> RuleDeclaration? {
        let keyword = token(at: start)
        let name = ruleName()
        let overrides = overriddenRules()
        let opening = openBlock("rule", scope: .rule)
        var body: [RuleStatement] = []
        block(opening, keyword: keyword, scope: .rule) { parser, keyword in
            if let statement = parser.ruleStatement(keyword) {
                if parser.finishStatement() { body.append(statement) }
            } else {
                parser.recover()
            }
        }
        guard let name else { return nil }
        return RuleDeclaration(name: name, overrides: overrides, statements: body, span: span(from: start))
    }

    /// The rules after `overrides`, which may follow the name.
    private mutating func overriddenRules() -> [Literal] {
        guard let word = currentWord, suggestion(for: word, among: ["overrides"]) != nil || word == "overrides",
            keyword("word", among: ["overrides"]) != nil
        else { return [] }
        if let names = names("the name of a rule", help: ["write `rule NAME overrides OTHER, … {`"]) { return names }
        while !isAtEnd, current.kind != .leftBrace { advance() }
        return []
    }

    private mutating func ruleName() -> Literal? {
        if !isAtEnd, current.kind == .leftBrace {
            report(
                .missingPart, "expected the name of the rule, found `{`", at: current.span,
                help: ["write `rule NAME {`"])
            return nil
        }
        return name("the name of the rule", help: ["write `rule NAME {`"])
    }

    private mutating func ruleStatement(_ keyword: StatementKeyword) -> RuleStatement? {
        let start = index
        advance()
        switch keyword {
        case .when: return condition().map { .when($0, span: span(from: start)) }
        case .rewrite: return rewrite(start).map { .action($0) }
        case .allow: return allow(start).map { .action($0) }
        case .deny: return deny(start).map { .action($0) }
        case .observe: return .observe(span: span(from: start))
        case .mark: return mark(start).map { .mark($0) }
        case .accept: return names("the code of a warning").map { .accept(codes: $0, span: span(from: start)) }
        case .language, .let, .ignore, .bypass, .rule, .test, .given, .expect: return nil
        }
    }

    // MARK: - Actions

    private mutating func rewrite(_ start: Int) -> ActionStatement? {
        guard let patterns = strings("a pattern in quotes", until: "to"), connective("to", after: "the patterns"),
            let target = string("a target in quotes"), let modifiers = modifiers()
        else { return nil }
        return ActionStatement(
            kind: .rewrite(target: target), patterns: patterns, modifiers: modifiers, span: span(from: start))
    }

    private mutating func allow(_ start: Int) -> ActionStatement? {
        guard let patterns = strings("a pattern in quotes"), let modifiers = modifiers() else { return nil }
        return ActionStatement(kind: .allow, patterns: patterns, modifiers: modifiers, span: span(from: start))
    }

    private mutating func deny(_ start: Int) -> ActionStatement? {
        guard let patterns = strings("a pattern in quotes", until: "because"),
            connective("because", after: "the patterns"), let reason = string("the reason in quotes"),
            let modifiers = modifiers()
        else { return nil }
        return ActionStatement(
            kind: .deny(reason: reason), patterns: patterns, modifiers: modifiers, span: span(from: start))
    }

    private static let modifierWords = ["insert", "drop", "digest", "warn"]

    /// Reads the modifiers on the action's line, then those in `{ }` after it.
    private mutating func modifiers() -> [Modifier]? {
        var modifiers: [Modifier] = []
        while !isAtEnd, current.kind != .leftBrace {
            if current.kind == .word, statementKeyword(current) != nil { return modifiers }
            guard current.kind == .word || current.kind == .string else { return modifiers }
            guard let modifier = modifier() else { return nil }
            modifiers.append(modifier)
        }
        guard !isAtEnd, current.kind == .leftBrace else {
            return startsModifier ? modifiers + modifiersWithoutBrace() : modifiers
        }
        let open = current
        advance()
        while true {
            continues = true
            switch current.kind {
            case .rightBrace:
                advance()
                return modifiers
            case .endOfFile:
                reportUnclosed(open, isModifierBlock: true)
                continues = false
                return modifiers
            case .word where current.startsLine && statementKeyword(current) != nil:
                reportUnclosed(open, isModifierBlock: true)
                continues = false
                return modifiers
            default: break
            }
            let before = index
            beginStatement()
            if let modifier = modifier() {
                modifiers.append(modifier)
            } else {
                recover()
            }
            if index == before { advance() }
        }
    }

    /// Whether a line begins with a modifier, outside `{ }`.
    private var startsModifier: Bool {
        guard current.startsLine, let word = word(current) else { return false }
        return Self.modifierWords.contains(word)
    }

    /// Reads modifiers on lines of their own after an action without a `{`, reported once. A `}` after them is
    /// theirs if the rule goes on behind it.
    private mutating func modifiersWithoutBrace() -> [Modifier] {
        report(
            .brokenLine, "\(quote(current)) stands on a line of its own", at: current.span,
            label: "it belongs to the action before it",
            help: ["write it on the line of its action, or in `{ }` after the action"])
        var modifiers: [Modifier] = []
        while startsModifier {
            beginStatement()
            if let modifier = modifier() {
                modifiers.append(modifier)
            } else {
                recover()
            }
            if !isAtEnd { recover() }
        }
        let next = token(at: index + 1)
        let goesOn =
            next.kind == .rightBrace
            || statementKeyword(next).map { StatementKeyword.Scope.rule.keywords.contains($0) } ?? false
        if current.kind == .rightBrace, goesOn { advance() }
        return modifiers
    }

    private mutating func modifier() -> Modifier? {
        let start = index
        guard let word = keyword("modifier", among: Self.modifierWords) else { return nil }
        switch word {
        case "insert":
            guard keyword("word", among: ["library"]) != nil else { return nil }
            return Modifier(kind: .insertLibrary, span: span(from: start))
        case "drop":
            guard keyword("word", among: ["library"]) != nil else { return nil }
            return Modifier(kind: .dropLibrary, span: span(from: start))
        case "digest":
            guard keyword("word", among: ["to"]) != nil, keyword("word", among: ["tag"]) != nil else { return nil }
            return Modifier(kind: .digestToTag, span: span(from: start))
        default:
            guard let text = string("the text of the warning in quotes") else { return nil }
            return Modifier(kind: .warn(text), span: span(from: start))
        }
    }

    // MARK: - Marks

    private mutating func mark(_ start: Int) -> MarkStatement? {
        guard let word = keyword("kind of mark", among: ["label", "annotation"]), let key = name("a key"),
            equals("a value"), let value = name("a value", help: ["the empty value is `\"\"`"], insert: " \"\"")
        else { return nil }
        return MarkStatement(
            kind: word == "label" ? .label : .annotation, key: key, value: value, span: span(from: start))
    }
}
