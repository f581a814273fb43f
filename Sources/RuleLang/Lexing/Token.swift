/// A token of a rule file. Tokens are lossless: the bytes between the end of one and the start of the next are
/// its trivia (white space, line breaks, comments), so that the file can be put together again from its tokens.
public struct Token: Sendable, Equatable {
    /// What a token is.
    public enum Kind: Sendable, Equatable {
        /// A bare word: `[A-Za-z0-9._/*-]+`. Keywords are words; where a word stands decides.
        case word
        /// A string in double quotes, its quotes included.
        case string
        case leftBrace, rightBrace, leftParenthesis, rightParenthesis
        case comma
        case equals
        case doubleEquals
        case notEquals
        case exclamation
        /// Bytes that belong to no token; already reported by the lexer.
        case unknown
        case endOfFile
    }

    // In this order, and with 32 bits for the offset, a token has 20 bytes: large files have millions.
    /// The token's bytes, without trivia.
    public let span: Span
    private let storedTriviaStart: UInt32
    /// What the token is.
    public let kind: Kind
    /// Whether a line break stands in the trivia before the token.
    public let startsLine: Bool

    /// Where the trivia before the token begins: the end of the token before, or 0.
    public var triviaStart: Int { Int(storedTriviaStart) }

    /// Makes a token.
    public init(kind: Kind, span: Span, triviaStart: Int, startsLine: Bool) {
        self.kind = kind
        self.span = span
        storedTriviaStart = UInt32(clamping: triviaStart)
        self.startsLine = startsLine
    }
}
