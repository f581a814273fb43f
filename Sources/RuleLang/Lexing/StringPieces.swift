/// Reads what stands between the quotes of a string, piece by piece. The lexer reports the broken pieces, the
/// parser makes segments of all of them: both see the same string.
struct StringPieces: Sequence, IteratorProtocol {
    /// A piece of a string.
    enum Piece: Equatable {
        /// Characters that stand for themselves.
        case text(Range<Int>)
        /// `\"`, `\\` or `\$`, and the character that it stands for.
        case escape(Range<Int>, character: UInt8)
        /// A backslash with a character that it does not escape.
        case unknownEscape(Range<Int>)
        /// `${name}`, and where the name stands.
        case interpolation(Range<Int>, name: Range<Int>)
        /// `${` without a proper name and a `}`; the range is `${` alone where there is no `}`.
        case brokenInterpolation(Range<Int>, isClosed: Bool)
        /// One control character.
        case control(Range<Int>)
    }

    /// How far to look for the `}` of a broken `${`: beyond, only `${` itself is to blame.
    private static let lookahead = 128

    private let bytes: [UInt8]
    private var offset: Int
    private let end: Int

    /// Reads the bytes of a range, which does not include the quotes.
    init(bytes: [UInt8], range: Range<Int>) {
        let range = range.clamped(to: 0..<bytes.count)
        self.bytes = bytes
        offset = range.lowerBound
        end = range.upperBound
    }

    mutating func next() -> Piece? {
        guard offset < end else { return nil }
        let start = offset
        let byte = bytes[start]
        if byte == Bytes.backslash { return escape(start) }
        if startsInterpolation(start) { return interpolation(start) }
        if isControl(byte) {
            offset = start + 1
            return .control(start..<offset)
        }
        while offset < end, bytes[offset] != Bytes.backslash, !startsInterpolation(offset), !isControl(bytes[offset]) {
            offset += 1
        }
        return .text(start..<offset)
    }

    private func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }

    private func startsInterpolation(_ start: Int) -> Bool {
        bytes[start] == Bytes.dollar && start + 1 < end && bytes[start + 1] == UInt8(ascii: "{")
    }

    private mutating func escape(_ start: Int) -> Piece {
        guard start + 1 < end else {
            offset = end
            return .unknownEscape(start..<end)
        }
        let escaped = bytes[start + 1]
        offset = Swift.min(end, start + 1 + Bytes.sequenceLength(escaped))
        switch escaped {
        case Bytes.quote, Bytes.backslash, Bytes.dollar: return .escape(start..<offset, character: escaped)
        default: return .unknownEscape(start..<offset)
        }
    }

    private mutating func interpolation(_ start: Int) -> Piece {
        let nameStart = start + 2
        var nameEnd = nameStart
        while nameEnd < end, Bytes.isName(bytes[nameEnd]) { nameEnd += 1 }
        if nameEnd < end, bytes[nameEnd] == UInt8(ascii: "}"), nameEnd > nameStart, Bytes.isLetter(bytes[nameStart]) {
            offset = nameEnd + 1
            return .interpolation(start..<offset, name: nameStart..<nameEnd)
        }
        var close = nameStart
        let limit = Swift.min(end, nameStart + Self.lookahead)
        while close < limit, bytes[close] != UInt8(ascii: "}"), bytes[close] != Bytes.dollar,
            bytes[close] != Bytes.backslash, !isControl(bytes[close])
        {
            close += 1
        }
        let isClosed = close < limit && bytes[close] == UInt8(ascii: "}")
        offset = isClosed ? close + 1 : nameStart
        return .brokenInterpolation(start..<offset, isClosed: isClosed)
    }
}
