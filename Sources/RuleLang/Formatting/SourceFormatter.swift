/// The canonical layout of a rule file.
///
/// The formatter walks the tokens in order and decides only the white space between them, so that nothing the user
/// wrote can be lost. Line breaks inside a list stay where the user put them; lines of over 100 characters are
/// broken after commas besides. The one token that changes is `==`, which becomes `=`.
public enum SourceFormatter {
    /// The longest line, in characters, that is not broken after a comma; comments do not count.
    public static let lineLength = 100

    /// The file of a tree in canonical layout: formatting the result again changes nothing, and it `means` the same.
    ///
    /// The tree has to come from a file without syntax errors; of others the layout is unspecified.
    public static func format(_ tree: SyntaxTree) -> String {
        var layout = Layout(tree)
        return layout.run()
    }

    /// The comments of a file in order, each from `#` to its last character that is not white space.
    public static func comments(of tree: SyntaxTree) -> [String] {
        tree.tokens.flatMap { Trivia(before: $0, in: tree.source).comments.map(\.text) }
    }
}

/// One run of the formatter over the tokens of a file.
private struct Layout {
    private static let level = 4

    private let tree: SyntaxTree
    private let tokens: [Token]
    private let trivia: [Trivia]
    /// The offsets at which statements begin.
    private var statementStarts: Set<Int> = []
    /// The offsets at which modifiers begin, which stand one a line in a block of their own.
    private var modifierStarts: Set<Int> = []
    /// The offsets at which rules and tests begin.
    private var blockStarts: Set<Int> = []

    private var output = ""
    /// The current line's indentation and its length in characters, comments left out.
    private var lineIndent = 0
    private var column = 0
    /// Whether the current line is full: a comment stands at its end.
    private var endsInComment = false
    /// How many braces are open.
    private var depth = 0
    /// For each open parenthesis, the indentation of its line and whether a line break follows it.
    private var parentheses: [(indent: Int, isBroken: Bool)] = []
    /// Comments that stood before a `{`, which has to stay on its line; they follow it.
    private var deferred: [Trivia.Comment] = []

    init(_ tree: SyntaxTree) {
        self.tree = tree
        tokens = tree.tokens
        trivia = tree.tokens.map { Trivia(before: $0, in: tree.source) }
        for statement in tree.statements {
            switch statement {
            case .language(_, let span), .ignore(_, let span), .bypass(_, let span), .accept(_, let span):
                statementStarts.insert(span.start)
            case .binding(let binding): statementStarts.insert(binding.span.start)
            case .rule(let rule):
                blockStarts.insert(rule.span.start)
                for statement in rule.statements { add(statement) }
            case .test(let test):
                blockStarts.insert(test.span.start)
                statementStarts.formUnion(test.givens.map(\.span.start))
                statementStarts.formUnion(test.expectations.map(\.span.start))
            }
        }
        statementStarts.formUnion(blockStarts)
    }

    private mutating func add(_ statement: RuleStatement) {
        switch statement {
        case .when(_, let span), .observe(let span), .accept(_, let span): statementStarts.insert(span.start)
        case .mark(let mark): statementStarts.insert(mark.span.start)
        case .action(let action):
            statementStarts.insert(action.span.start)
            modifierStarts.formUnion(action.modifiers.map(\.span.start))
        }
    }

    mutating func run() -> String {
        for index in tokens.indices { place(index) }
        if !output.isEmpty { output += "\n" }
        return output
    }

    // MARK: Tokens

    private mutating func place(_ index: Int) {
        let token = tokens[index]
        let previous = index > 0 ? tokens[index - 1].kind : nil
        if token.kind == .leftBrace, previous != nil, !startsLine(index) {
            deferred += trivia[index].comments
            append(text(of: token), afterSpace: true)
            depth += 1
            return
        }
        if startsLine(index) {
            startLine(index, after: previous)
        } else {
            continueStatement(index, after: previous)
        }
        switch token.kind {
        case .leftBrace: depth += 1
        case .leftParenthesis: parentheses.append((lineIndent, breaksAfterOpening(index)))
        case .rightParenthesis: _ = parentheses.popLast()
        default: break
        }
    }

    /// Whether a token begins a line of its own whatever the user wrote.
    private func startsLine(_ index: Int) -> Bool {
        guard index > 0 else { return true }
        let token = tokens[index]
        switch tokens[index - 1].kind {
        case .leftBrace, .rightBrace: return true
        default: break
        }
        switch token.kind {
        case .rightBrace, .endOfFile: return true
        default: break
        }
        let start = token.span.start
        return statementStarts.contains(start) || (depth > 1 && modifierStarts.contains(start))
    }

    /// Puts a token on a new line, with the comments before it and the empty lines that belong there.
    private mutating func startLine(_ index: Int, after previous: Token.Kind?) {
        let token = tokens[index]
        let comments = deferred + trivia[index].comments
        deferred = []
        parentheses = []
        let isEnd = token.kind == .rightBrace || token.kind == .endOfFile
        // A block at the top is set off together with the comments right above it.
        var setOff: Int?
        if depth == 0, blockStarts.contains(token.span.start) {
            var head = comments.count
            var followsBlankLine = trivia[index].endsWithBlankLine
            while head > 0, !followsBlankLine, !comments[head - 1].trailsToken {
                head -= 1
                followsBlankLine = comments[head].followsBlankLine
            }
            setOff = head
        }
        var isFirst = previous == nil || previous == .leftBrace
        var followsBlock = depth == 0 && previous == .rightBrace
        for (position, comment) in comments.enumerated() {
            if comment.trailsToken, previous != nil, !endsInComment {
                trail(comment)
                continue
            }
            let isSetOff = followsBlock || setOff == position || comment.followsBlankLine
            newLine(indent: depth * Self.level, afterBlankLine: isSetOff && !isFirst)
            output += comment.text
            endsInComment = true
            isFirst = false
            followsBlock = false
        }
        if token.kind == .rightBrace { depth = max(0, depth - 1) }
        guard token.kind != .endOfFile else { return }
        let isSetOff = followsBlock || setOff == comments.count || trivia[index].endsWithBlankLine
        newLine(indent: depth * Self.level, afterBlankLine: isSetOff && !isFirst && !isEnd)
        append(text(of: token), afterSpace: false)
    }

    /// Puts a token behind the one before it, or on a continuation line where the user broke the line, where a
    /// comment needs it, or where the line would become too long.
    private mutating func continueStatement(_ index: Int, after previous: Token.Kind?) {
        let comments = trivia[index].comments
        let isForced = hasForcedBreak(index)
        if isForced || isTooLong(index) {
            let inside = (parentheses.last?.indent ?? depth * Self.level) + Self.level
            for comment in comments {
                if comment.trailsToken, !endsInComment {
                    trail(comment)
                } else {
                    newLine(indent: inside, afterBlankLine: false)
                    output += comment.text
                    endsInComment = true
                }
            }
            let closes = tokens[index].kind == .rightParenthesis
            newLine(indent: closes ? max(0, inside - Self.level) : inside, afterBlankLine: false)
            append(text(of: tokens[index]), afterSpace: false)
        } else {
            append(text(of: tokens[index]), afterSpace: needsSpace(after: previous, before: tokens[index].kind))
        }
    }

    // MARK: Breaks

    /// Whether a line break stays before a token in the middle of a statement.
    private func hasForcedBreak(_ index: Int) -> Bool {
        guard trivia[index].comments.isEmpty else { return true }
        if tokens[index].kind == .rightParenthesis, let innermost = parentheses.last { return innermost.isBroken }
        guard trivia[index].breaksLine, index > 0 else { return false }
        switch tokens[index - 1].kind {
        case .comma, .leftParenthesis: return true
        default: return false
        }
    }

    private func breaksAfterOpening(_ index: Int) -> Bool {
        guard index + 1 < tokens.count, trivia[index + 1].breaksLine else { return false }
        return tokens[index + 1].kind != .rightParenthesis || !trivia[index + 1].comments.isEmpty
    }

    /// Whether a token after a comma belongs on the next line, because what can not be parted from it would not fit.
    private func isTooLong(_ index: Int) -> Bool {
        guard index > 0, tokens[index - 1].kind == .comma else { return false }
        // At the beginning of a line the parser would take it for a new statement.
        if tokens[index].kind == .word, StatementKeyword(rawValue: text(of: tokens[index])) != nil { return false }
        var width = column
        var position = index
        while position < tokens.count, width <= SourceFormatter.lineLength {
            let kind = tokens[position].kind
            if position > index {
                if startsLine(position) { break }
                if !trivia[position].comments.isEmpty, kind != .leftBrace { break }
                if trivia[position].breaksLine, tokens[position - 1].kind == .leftParenthesis { break }
            }
            if needsSpace(after: tokens[position - 1].kind, before: kind) { width += 1 }
            width += text(of: tokens[position]).count
            if kind == .comma { break }
            position += 1
        }
        return width > SourceFormatter.lineLength
    }

    private func needsSpace(after previous: Token.Kind?, before kind: Token.Kind) -> Bool {
        switch kind {
        case .comma, .rightParenthesis: return false
        default: break
        }
        switch previous {
        case .leftParenthesis, .exclamation, nil: return false
        default: return true
        }
    }

    // MARK: Output

    private func text(of token: Token) -> String {
        token.kind == .doubleEquals ? "=" : tree.source.text(token.span.range)
    }

    private mutating func append(_ text: String, afterSpace: Bool) {
        if afterSpace {
            output += " "
            column += 1
        }
        output += text
        column += text.count
    }

    /// Puts a comment at the end of the current line.
    private mutating func trail(_ comment: Trivia.Comment) {
        output += "  " + comment.text
        endsInComment = true
    }

    private mutating func newLine(indent: Int, afterBlankLine: Bool) {
        if !output.isEmpty { output += afterBlankLine ? "\n\n" : "\n" }
        output += String(repeating: " ", count: indent)
        lineIndent = indent
        column = indent
        endsInComment = false
    }
}
