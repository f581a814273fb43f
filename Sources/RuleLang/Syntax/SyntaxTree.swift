/// What parsing one file gives: the tokens, and the statements that could be made of them.
public struct SyntaxTree: Sendable, Equatable {
    /// The file's index in the list of files that were read together.
    public let file: Int
    /// The source.
    public let source: SourceFile
    /// All tokens, the end of the file last; none in a tree that does without them.
    public let tokens: [Token]
    /// The statements in source order; a broken one is left out.
    public let statements: [Statement]

    /// Makes a tree.
    public init(file: Int, source: SourceFile, tokens: [Token], statements: [Statement]) {
        self.file = file
        self.source = source
        self.tokens = tokens
        self.statements = statements
    }
}

extension SyntaxTree {
    /// The tree without its tokens, which are a third of its memory, and which only formatting looks at.
    public var withoutTokens: SyntaxTree {
        SyntaxTree(file: file, source: source, tokens: [], statements: statements)
    }
}

/// A word or a string as it stands in the source.
public struct Literal: Sendable, Equatable {
    /// A piece of a literal.
    public struct Segment: Sendable, Equatable {
        /// What the piece is.
        public enum Kind: Sendable, Equatable {
            /// Characters that stand for themselves, or one escape sequence, decoded.
            case text(String)
            /// `${name}`: the name.
            case interpolation(String)
        }
        /// What the piece is.
        public let kind: Kind
        /// The source bytes of the piece; an escape is a segment of its own, so that text and source run in step.
        public let span: Span

        /// Makes a segment.
        public init(kind: Kind, span: Span) {
            self.kind = kind
            self.span = span
        }
    }

    /// The pieces in order; empty for `""`.
    public let segments: [Segment]
    /// Whether it stands in quotes. A quoted word is never a keyword.
    public let isQuoted: Bool
    /// The source bytes, quotes included.
    public let span: Span

    /// Makes a literal.
    public init(segments: [Segment], isQuoted: Bool, span: Span) {
        self.segments = segments
        self.isQuoted = isQuoted
        self.span = span
    }

    /// The text, if nothing is interpolated.
    public var plainText: String? {
        var text = ""
        for segment in segments {
            guard case .text(let piece) = segment.kind else { return nil }
            text += piece
        }
        return text
    }
}

/// A statement at the top of a file.
public enum Statement: Sendable, Equatable {
    /// `language 1`
    case language(version: Literal, span: Span)
    /// `let NAME = STRING`
    case binding(Binding)
    /// `ignore …`
    case ignore(IgnoreSubject, span: Span)
    /// `bypass "HOST/", …`
    case bypass(prefixes: [Literal], span: Span)
    /// `rule NAME … { … }`
    case rule(RuleDeclaration)
    /// `test "NAME" { … }`
    case test(TestDeclaration)
    /// `accept CODE, …`
    case accept(codes: [Literal], span: Span)
}

/// `let NAME = STRING`
public struct Binding: Sendable, Equatable {
    /// The name.
    public let name: Literal
    /// The value, perhaps with other names in it.
    public let value: Literal
    /// The whole statement.
    public let span: Span

    /// Makes a binding.
    public init(name: Literal, value: Literal, span: Span) {
        self.name = name
        self.value = value
        self.span = span
    }
}

/// What an `ignore` names.
public enum IgnoreSubject: Sendable, Equatable {
    /// The webhook's own image.
    case selfImage
    /// Images by pattern.
    case images([Literal])
    /// Whatever a condition holds for.
    case condition(Condition)
}

/// `rule NAME overrides NAME, … { … }`
public struct RuleDeclaration: Sendable, Equatable {
    /// The rule's name.
    public let name: Literal
    /// The names after `overrides`; none where the word is not there.
    public let overrides: [Literal]
    /// What stands between the braces, in order.
    public let statements: [RuleStatement]
    /// From `rule` to the closing brace.
    public let span: Span

    /// Makes a rule.
    public init(name: Literal, overrides: [Literal] = [], statements: [RuleStatement], span: Span) {
        self.name = name
        self.overrides = overrides
        self.statements = statements
        self.span = span
    }
}

/// A statement in a rule.
public enum RuleStatement: Sendable, Equatable {
    /// `when CONDITION`
    case when(Condition, span: Span)
    /// `rewrite`, `allow` or `deny`
    case action(ActionStatement)
    /// `observe`
    case observe(span: Span)
    /// `mark label|annotation KEY = VALUE`
    case mark(MarkStatement)
    /// `accept CODE, …`
    case accept(codes: [Literal], span: Span)
}

/// `rewrite PATTERN, … to TARGET …`, `allow PATTERN, … …`, `deny PATTERN, … because "…" …`
public struct ActionStatement: Sendable, Equatable {
    /// What the action does.
    public enum Kind: Sendable, Equatable {
        case rewrite(target: Literal)
        case allow
        case deny(reason: Literal)
    }
    /// What the action does.
    public let kind: Kind
    /// The patterns; at least one.
    public let patterns: [Literal]
    /// The modifiers in order, however they are written.
    public let modifiers: [Modifier]
    /// The whole statement.
    public let span: Span

    /// Makes an action.
    public init(kind: Kind, patterns: [Literal], modifiers: [Modifier], span: Span) {
        self.kind = kind
        self.patterns = patterns
        self.modifiers = modifiers
        self.span = span
    }
}

/// What an action carries besides its patterns.
public struct Modifier: Sendable, Equatable {
    /// Which modifier it is.
    public enum Kind: Sendable, Equatable {
        /// `insert library`
        case insertLibrary
        /// `drop library`
        case dropLibrary
        /// `digest to tag`
        case digestToTag
        /// `warn "…"`
        case warn(Literal)
    }
    /// Which modifier it is.
    public let kind: Kind
    /// The modifier's words.
    public let span: Span

    /// Makes a modifier.
    public init(kind: Kind, span: Span) {
        self.kind = kind
        self.span = span
    }
}

/// `mark label|annotation KEY = VALUE`
public struct MarkStatement: Sendable, Equatable {
    /// Where a mark is written.
    public enum Kind: Sendable, Equatable { case label, annotation }
    /// Where the mark is written.
    public let kind: Kind
    /// The key.
    public let key: Literal
    /// The value.
    public let value: Literal
    /// The whole statement.
    public let span: Span

    /// Makes a mark.
    public init(kind: Kind, key: Literal, value: Literal, span: Span) {
        self.kind = kind
        self.key = key
        self.value = value
        self.span = span
    }
}
