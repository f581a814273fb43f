/// A string of a JSON text as it stands between its quotes, found to be right.
struct JSONString {
    let slice: TextSlice
    /// Whether a backslash stands in it, so that its text is not the bytes themselves.
    let hasEscapes: Bool

    /// Appends the text, with U+FFFD for each half of a surrogate pair.
    func decode(_ bytes: ByteSpan, into decoded: inout [UInt8]) {
        var index = slice.start
        while index < slice.end {
            let byte = bytes[index]
            index &+= 1
            guard byte == UInt8(ascii: "\\"), index < slice.end else {
                decoded.append(byte)
                continue
            }
            let letter = bytes[index]
            index &+= 1
            switch letter {
            case UInt8(ascii: "b"): decoded.append(0x08)
            case UInt8(ascii: "f"): decoded.append(0x0c)
            case UInt8(ascii: "n"): decoded.append(0x0a)
            case UInt8(ascii: "r"): decoded.append(0x0d)
            case UInt8(ascii: "t"): decoded.append(0x09)
            case UInt8(ascii: "u"):
                let first = Self.unit(bytes, at: index)
                index &+= 4
                var scalar = first
                if (0xd800..<0xdc00).contains(first), index &+ 6 <= slice.end, bytes[index] == UInt8(ascii: "\\"),
                    bytes[index &+ 1] == UInt8(ascii: "u")
                {
                    let second = Self.unit(bytes, at: index &+ 2)
                    if (0xdc00..<0xe000).contains(second) {
                        scalar = 0x10000 + (first - 0xd800) << 10 + (second - 0xdc00)
                        index &+= 6
                    }
                }
                decoded.append(contentsOf: String(Unicode.Scalar(scalar) ?? "\u{fffd}").utf8)
            default: decoded.append(letter)
            }
        }
    }

    /// Four hexadecimal digits.
    private static func unit(_ bytes: ByteSpan, at start: Int) -> UInt32 {
        var value: UInt32 = 0
        for index in start..<(start &+ 4) {
            value = value << 4 | UInt32(index < bytes.count ? hexadecimal(bytes[index]) ?? 0 : 0)
        }
        return value
    }

    /// What a hexadecimal digit stands for.
    @inline(__always)
    static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

/// Looks at the bytes of a string eight at a time, which is what makes reading fast: most of a review is inside
/// strings.
enum JSONBlock {
    /// The bytes of a block: two words.
    static let width = 16

    /// How many of the next `width` bytes stand for themselves in a string: ASCII, no quote, no backslash, no control
    /// character. Less than `width` near the end of the text.
    @inline(__always)
    static func plainLength(_ bytes: ByteSpan, at offset: Int) -> Int {
        guard bytes.count &- offset >= width else { return plainLengthAtEnd(bytes, at: offset) }
        let first = stops(word(bytes, at: offset))
        if first != 0 { return first.trailingZeroBitCount &>> 3 }
        let second = stops(word(bytes, at: offset &+ 8))
        if second != 0 { return 8 &+ second.trailingZeroBitCount &>> 3 }
        return width
    }

    /// Eight bytes, the first one lowest.
    @inline(__always)
    static func word(_ bytes: ByteSpan, at offset: Int) -> UInt64 {
        // `unsafe` because it makes a value of any bytes: all bytes are a number. It checks the bounds.
        UInt64(littleEndian: unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Has the highest bit set of the first byte that does not stand for itself, and none of a byte before it. A
    /// subtraction reaches into the next byte only from one that is found itself.
    @inline(__always)
    private static func stops(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = (word ^ ones &* 0x22) &- ones
        let backslash = (word ^ ones &* 0x5c) &- ones
        let control = word &- ones &* 0x20
        return (quote | backslash | control | word) & (ones &* 0x80)
    }

    private static func plainLengthAtEnd(_ bytes: ByteSpan, at offset: Int) -> Int {
        var end = offset
        while end < bytes.count {
            let byte = bytes[end]
            if byte < 0x20 || byte >= 0x80 || byte == 0x22 || byte == 0x5c { break }
            end &+= 1
        }
        return end &- offset
    }

    /// The length of the UTF-8 sequence (RFC 3629, section 4) that begins with a byte outside ASCII; 0 where there is
    /// none.
    static func scalarLength(_ bytes: ByteSpan, at offset: Int) -> Int {
        func isContinuation(_ index: Int, _ range: ClosedRange<UInt8> = 0x80...0xbf) -> Bool {
            index < bytes.count && range.contains(bytes[index])
        }
        switch bytes[offset] {
        case 0xc2...0xdf: return isContinuation(offset &+ 1) ? 2 : 0
        case 0xe0: return isContinuation(offset &+ 1, 0xa0...0xbf) && isContinuation(offset &+ 2) ? 3 : 0
        case 0xed: return isContinuation(offset &+ 1, 0x80...0x9f) && isContinuation(offset &+ 2) ? 3 : 0
        case 0xe1...0xef: return isContinuation(offset &+ 1) && isContinuation(offset &+ 2) ? 3 : 0
        case 0xf0: return isFour(0x90...0xbf)
        case 0xf1...0xf3: return isFour(0x80...0xbf)
        case 0xf4: return isFour(0x80...0x8f)
        default: return 0
        }
        func isFour(_ second: ClosedRange<UInt8>) -> Int {
            isContinuation(offset &+ 1, second) && isContinuation(offset &+ 2) && isContinuation(offset &+ 3) ? 4 : 0
        }
    }
}
