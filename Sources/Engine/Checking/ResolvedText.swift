import RuleLang

/// A literal with its names put in, and the way back from its characters to the source.
struct ResolvedText: Sendable {
    /// A stretch of the text and where it comes from.
    private struct Piece {
        let start: Int
        let end: Int
        let span: Span
        /// Whether each byte of the text is a byte of the source.
        let runsInStep: Bool
    }

    let text: String
    /// The literal's span, quotes included.
    let span: Span
    private let pieces: [Piece]

    /// Puts names into a literal. `value` gives what a name stands for, or nil for a name that is unknown, which it
    /// has reported; the text then does not resolve.
    init?(_ literal: Literal, value: (String, Span) -> String?) {
        var text = ""
        var length = 0
        var pieces: [Piece] = []
        var isWhole = true
        for segment in literal.segments {
            let part: String
            var runsInStep = false
            switch segment.kind {
            case .text(let characters):
                part = characters
                runsInStep = characters.utf8.count == segment.span.range.count
            case .interpolation(let name):
                guard let found = value(name, segment.span) else {
                    isWhole = false
                    continue
                }
                part = found
            }
            let end = length + part.utf8.count
            pieces.append(Piece(start: length, end: end, span: segment.span, runsInStep: runsInStep))
            text += part
            length = end
            guard length <= Self.maximumLength else { break }
        }
        guard isWhole else { return nil }
        self.text = text
        self.span = literal.span
        self.pieces = pieces
    }

    /// Texts beyond this many bytes are refused, so that names that multiply each other stay small.
    static let maximumLength = 65_536

    /// The source of a range of the text's UTF-8 bytes; of an interpolated name, all of it.
    func span(_ range: Range<Int>) -> Span {
        var result: Span?
        for piece in pieces
        where piece.start < max(range.upperBound, range.lowerBound + 1) && piece.end > range.lowerBound {
            var part = piece.span
            if piece.runsInStep {
                part.start += max(0, range.lowerBound - piece.start)
                part.end -= max(0, piece.end - max(range.upperBound, range.lowerBound))
                part.end = max(part.start, part.end)
            }
            result = result.map { $0.union(part) } ?? part
        }
        return result ?? span
    }
}
