/// What the formatter keeps of the bytes between two tokens.
struct Trivia {
    /// A comment, from `#` to the end of its line, without white space at its end.
    struct Comment {
        let text: String
        /// Whether the comment stands on the line of the token before it.
        let trailsToken: Bool
        /// Whether an empty line stands before it.
        let followsBlankLine: Bool
    }

    /// The comments in order.
    private(set) var comments: [Comment] = []
    /// Whether a line break stands in the trivia.
    private(set) var breaksLine = false
    /// Whether an empty line stands between the last comment, or the token before, and the token.
    private(set) var endsWithBlankLine = false

    /// Reads the trivia before a token.
    init(before token: Token, in source: SourceFile) {
        let end = min(token.span.start, source.bytes.count)
        var offset = max(0, token.triviaStart)
        let isAtStart = offset == 0
        var lineBreaks = 0
        while offset < end {
            let byte = source.bytes[offset]
            if byte == UInt8(ascii: "\n") {
                lineBreaks += 1
                breaksLine = true
            } else if byte == UInt8(ascii: "#") {
                var stop = offset
                while stop < end, source.bytes[stop] != UInt8(ascii: "\n") { stop += 1 }
                let next = stop
                while stop > offset, Self.isSpace(source.bytes[stop - 1]) { stop -= 1 }
                comments.append(
                    Comment(
                        text: source.text(offset..<stop),
                        trailsToken: comments.isEmpty && lineBreaks == 0 && !isAtStart,
                        followsBlankLine: lineBreaks > 1))
                lineBreaks = 0
                offset = next
                continue
            }
            offset += 1
        }
        endsWithBlankLine = lineBreaks > 1
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }
}
