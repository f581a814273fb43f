/// What is wrong with a JSON text, and where.
public struct JSONError: Error, Sendable, Equatable {
    /// The offset of the byte at fault.
    public let offset: Int
    /// What is wrong, in words.
    public let reason: String
}

/// Bytes that are looked at where they are. (`Span` alone is a place in a source file here.)
typealias ByteSpan = Swift.Span<UInt8>

/// A part of a text, by its bytes.
struct TextSlice: Hashable, Sendable {
    var start: Int
    var count: Int

    static let empty = TextSlice(start: 0, count: 0)

    var end: Int { start &+ count }
    var range: Range<Int> { start..<(start &+ count) }
    var isEmpty: Bool { count == 0 }
}

/// A place in a JSON text (RFC 8259), which it reads as it comes: the caller takes the values it needs and skips the
/// others, which are checked all the same. The text may come from anywhere; nesting is bounded, nothing recurses on
/// it, and nothing is copied of it.
///
/// The bytes are given to each call, always the same ones: a `ByteSpan` cannot be kept.
struct JSONCursor {
    enum Kind: String {
        case object = "an object"
        case array = "a list"
        case string = "a string"
        case number = "a number"
        case boolean = "true or false"
        case null = "null"
    }

    /// Arrays and objects within one another. Kubernetes objects stay below 50.
    static let maximumDepth = 512

    private(set) var offset: Int
    private var depth = 0

    init(at offset: Int = 0) { self.offset = offset }

    /// The next byte that is no white space, or 0 at the end, which is no byte of JSON.
    @inline(__always)
    private static func peek(_ bytes: ByteSpan, _ offset: inout Int) -> UInt8 {
        while offset < bytes.count {
            let byte = bytes[offset]
            // What the API server sends has no white space.
            if byte > 0x20 || !isWhiteSpace(byte) { return byte }
            offset &+= 1
        }
        return 0
    }

    @inline(__always)
    private static func isWhiteSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
    }

    @inline(never)
    private static func fault(_ reason: StaticString, _ offset: Int) -> JSONError {
        JSONError(offset: offset, reason: "\(reason)")
    }

    @inline(never)
    private static func missing(_ what: StaticString, _ bytes: ByteSpan, _ offset: Int) -> JSONError {
        JSONError(offset: offset, reason: offset < bytes.count ? "expected \(what)" : "the text ends before \(what)")
    }

    @inline(never)
    private static func tooDeep(_ offset: Int) -> JSONError {
        JSONError(offset: offset, reason: "more than \(maximumDepth) levels of nesting")
    }

    /// What the next value is.
    mutating func kind(_ bytes: ByteSpan) throws(JSONError) -> Kind {
        switch Self.peek(bytes, &offset) {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
        case UInt8(ascii: "n"): return .null
        case let byte where byte == UInt8(ascii: "-") || Self.isDigit(byte): return .number
        default: throw Self.noValue(bytes, offset)
        }
    }

    @inline(never)
    private static func noValue(_ bytes: ByteSpan, _ offset: Int) -> JSONError {
        fault(offset < bytes.count ? "expected a value" : "the text ends before a value", offset)
    }

    /// Checks that nothing but white space follows.
    mutating func finish(_ bytes: ByteSpan) throws(JSONError) {
        _ = Self.peek(bytes, &offset)
        if offset < bytes.count { throw Self.fault("something follows the value", offset) }
    }

    // MARK: Objects and lists

    /// Enters an object; its keys come by `nextKey`.
    @inline(__always)
    mutating func enterObject(_ bytes: ByteSpan) throws(JSONError) {
        guard Self.peek(bytes, &offset) == UInt8(ascii: "{") else { throw Self.missing("`{`", bytes, offset) }
        try descend()
    }

    /// Enters a list; its elements come by `nextElement`.
    @inline(__always)
    mutating func enterArray(_ bytes: ByteSpan) throws(JSONError) {
        guard Self.peek(bytes, &offset) == UInt8(ascii: "[") else { throw Self.missing("`[`", bytes, offset) }
        try descend()
    }

    @inline(__always)
    private mutating func descend() throws(JSONError) {
        offset &+= 1
        depth &+= 1
        guard depth <= Self.maximumDepth else { throw Self.tooDeep(offset) }
    }

    /// The next key with its colon read, or nil at the end of the object.
    @inline(__always)
    mutating func nextKey(_ bytes: ByteSpan, isFirst: Bool) throws(JSONError) -> JSONString? {
        let byte = Self.peek(bytes, &offset)
        if byte == UInt8(ascii: "}") {
            offset &+= 1
            depth &-= 1
            return nil
        }
        if !isFirst {
            guard byte == UInt8(ascii: ",") else { throw Self.missing("`,` or `}`", bytes, offset) }
            offset &+= 1
            _ = Self.peek(bytes, &offset)
        }
        let start = offset &+ 1
        var hasEscapes = false
        let end = try Self.keyEnd(bytes, &offset, &hasEscapes)
        return JSONString(slice: TextSlice(start: start, count: end &- start), hasEscapes: hasEscapes)
    }

    /// Goes past a key and its colon; returns where its text ends.
    @inline(__always)
    private static func keyEnd(
        _ bytes: ByteSpan, _ offset: inout Int, _ hasEscapes: inout Bool
    ) throws(JSONError) -> Int {
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") else {
            throw fault("expected a key in quotes", offset)
        }
        let end = try stringEnd(bytes, from: offset &+ 1, &hasEscapes)
        offset = end &+ 1
        guard peek(bytes, &offset) == UInt8(ascii: ":") else { throw missing("`:`", bytes, offset) }
        offset &+= 1
        return end
    }

    /// Whether a further element of the list comes; its value is next.
    @inline(__always)
    mutating func nextElement(_ bytes: ByteSpan, isFirst: Bool) throws(JSONError) -> Bool {
        let byte = Self.peek(bytes, &offset)
        if byte == UInt8(ascii: "]") {
            offset &+= 1
            depth &-= 1
            return false
        }
        if !isFirst {
            guard byte == UInt8(ascii: ",") else { throw Self.missing("`,` or `]`", bytes, offset) }
            offset &+= 1
            if Self.peek(bytes, &offset) == UInt8(ascii: "]") { throw Self.fault("expected a value", offset) }
        }
        return true
    }

    // MARK: Skipping

    /// Reads past a value, and checks it.
    mutating func skipValue(_ bytes: ByteSpan) throws(JSONError) {
        offset = try Self.valueEnd(bytes, from: offset, depth: depth)
    }

    /// Where a value ends that begins, after white space, at an offset. Iterative: of what it nests, one bit a level is
    /// kept. The offset is not the cursor's, so that it can stay in a register.
    private static func valueEnd(_ bytes: ByteSpan, from start: Int, depth: Int) throws(JSONError) -> Int {
        var offset = start
        var depth = depth
        var open = OpenBrackets()
        var hasEscapes = false
        while true {
            // A value comes.
            let byte = peek(bytes, &offset)
            switch byte {
            case UInt8(ascii: "\""):
                offset = try stringEnd(bytes, from: offset &+ 1, &hasEscapes) &+ 1
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                offset &+= 1
                depth &+= 1
                guard depth <= maximumDepth else { throw tooDeep(offset) }
                // The brackets of ASCII that belong together are two apart.
                if peek(bytes, &offset) != byte &+ 2 {
                    open.push(isObject: byte == UInt8(ascii: "{"))
                    if byte == UInt8(ascii: "{") { _ = try keyEnd(bytes, &offset, &hasEscapes) }
                    continue
                }
                offset &+= 1
                depth &-= 1
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): offset = try numberEnd(bytes, from: offset)
            case UInt8(ascii: "t"): offset = try wordEnd("true", bytes, from: offset)
            case UInt8(ascii: "f"): offset = try wordEnd("false", bytes, from: offset)
            case UInt8(ascii: "n"): offset = try wordEnd("null", bytes, from: offset)
            default: throw noValue(bytes, offset)
            }
            // A value has ended, and with it perhaps what holds it.
            while true {
                guard !open.isEmpty else { return offset }
                let byte = peek(bytes, &offset)
                if byte == UInt8(ascii: ",") {
                    offset &+= 1
                    let next = peek(bytes, &offset)
                    if open.isObject {
                        _ = try keyEnd(bytes, &offset, &hasEscapes)
                    } else if next == UInt8(ascii: "]") {
                        throw fault("expected a value", offset)
                    }
                    break
                }
                guard byte == UInt8(ascii: open.isObject ? "}" : "]") else {
                    throw missing(open.isObject ? "`,` or `}`" : "`,` or `]`", bytes, offset)
                }
                offset &+= 1
                depth &-= 1
                open.pop()
            }
        }
    }

    /// Reads past `null`, if that is what comes.
    @inline(__always)
    mutating func skipNull(_ bytes: ByteSpan) throws(JSONError) -> Bool {
        guard Self.peek(bytes, &offset) == UInt8(ascii: "n") else { return false }
        offset = try Self.wordEnd("null", bytes, from: offset)
        return true
    }

    /// Reads `true` or `false`.
    mutating func readBoolean(_ bytes: ByteSpan) throws(JSONError) -> Bool {
        let isTrue = Self.peek(bytes, &offset) == UInt8(ascii: "t")
        offset = try Self.wordEnd(isTrue ? "true" : "false", bytes, from: offset)
        return isTrue
    }

    @inline(__always)
    private static func wordEnd(
        _ word: StaticString, _ bytes: ByteSpan, from start: Int
    ) throws(JSONError) -> Int {
        let slice = TextSlice(start: start, count: word.utf8CodeUnitCount)
        if bytes.count &- start >= slice.count, slice.holds(word, bytes) { return slice.end }
        throw wrongWord(word, bytes, from: start)
    }

    @inline(never)
    private static func wrongWord(_ word: StaticString, _ bytes: ByteSpan, from start: Int) -> JSONError {
        var offset = start
        for byte in "\(word)".utf8 {
            guard offset < bytes.count, bytes[offset] == byte else { break }
            offset &+= 1
        }
        return JSONError(offset: offset, reason: "expected `\(word)`")
    }

    private static func numberEnd(_ bytes: ByteSpan, from start: Int) throws(JSONError) -> Int {
        var offset = start
        if byte(bytes, at: offset) == UInt8(ascii: "-") { offset &+= 1 }
        if byte(bytes, at: offset) == UInt8(ascii: "0") {
            offset &+= 1
            if isDigit(byte(bytes, at: offset)) { throw fault("a number does not begin with 0", offset) }
        } else {
            offset = try digitsEnd(bytes, from: offset)
        }
        if byte(bytes, at: offset) == UInt8(ascii: ".") { offset = try digitsEnd(bytes, from: offset &+ 1) }
        if byte(bytes, at: offset) | 0x20 == UInt8(ascii: "e") {
            offset &+= 1
            let sign = byte(bytes, at: offset)
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { offset &+= 1 }
            offset = try digitsEnd(bytes, from: offset)
        }
        return offset
    }

    /// Where digits end, of which there has to be one.
    @inline(__always)
    private static func digitsEnd(_ bytes: ByteSpan, from start: Int) throws(JSONError) -> Int {
        guard isDigit(byte(bytes, at: start)) else { throw fault("expected a digit", start) }
        var offset = start &+ 1
        while isDigit(byte(bytes, at: offset)) { offset &+= 1 }
        return offset
    }

    /// A byte, or 0 at the end.
    @inline(__always)
    private static func byte(_ bytes: ByteSpan, at offset: Int) -> UInt8 {
        offset < bytes.count ? bytes[offset] : 0
    }

    @inline(__always)
    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 <= 9 }

    // MARK: Strings

    /// Reads a string as it stands. Half a surrogate pair counts as U+FFFD; bytes that are not UTF-8 are refused.
    @inline(__always)
    mutating func readString(_ bytes: ByteSpan) throws(JSONError) -> JSONString {
        guard Self.peek(bytes, &offset) == UInt8(ascii: "\"") else { throw Self.missing("a string", bytes, offset) }
        let start = offset &+ 1
        var hasEscapes = false
        let end = try Self.stringEnd(bytes, from: start, &hasEscapes)
        offset = end &+ 1
        return JSONString(slice: TextSlice(start: start, count: end &- start), hasEscapes: hasEscapes)
    }

    /// Where the closing quote of a string stands whose text begins at an offset, and whether escapes stand in it.
    @inline(__always)
    private static func stringEnd(
        _ bytes: ByteSpan, from start: Int, _ hasEscapes: inout Bool
    ) throws(JSONError) -> Int {
        // Most strings end within one block.
        let end = start &+ JSONBlock.plainLength(bytes, at: start)
        if end < bytes.count, bytes[end] == UInt8(ascii: "\"") { return end }
        return try restOfString(bytes, from: end, &hasEscapes)
    }

    @inline(never)
    private static func restOfString(
        _ bytes: ByteSpan, from start: Int, _ hasEscapes: inout Bool
    ) throws(JSONError) -> Int {
        var offset = start
        var isUTF8 = true
        while true {
            // What ends a run of plain characters is often followed by another run.
            var length: Int
            repeat {
                length = JSONBlock.plainLength(bytes, at: offset)
                offset &+= length
            } while length == JSONBlock.width
            guard offset < bytes.count else { throw fault("the text ends within a string", offset) }
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                guard isUTF8 else { throw fault("a string is not UTF-8", offset) }
                return offset
            case UInt8(ascii: "\\"):
                hasEscapes = true
                offset = try escapeEnd(bytes, from: offset &+ 1)
            case 0..<0x20:
                throw fault("a control character in a string", offset)
            default:
                let length = JSONBlock.scalarLength(bytes, at: offset)
                isUTF8 = isUTF8 && length > 0
                offset &+= max(length, 1)
            }
        }
    }

    /// Where an escape ends whose letter stands at an offset.
    @inline(__always)
    private static func escapeEnd(_ bytes: ByteSpan, from start: Int) throws(JSONError) -> Int {
        guard start < bytes.count else { throw fault("the text ends within a string", start) }
        switch bytes[start] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return start &+ 1
        case UInt8(ascii: "u"):
            for offset in (start &+ 1)..<(start &+ 5) {
                guard offset < bytes.count else { throw fault("the text ends within a string", offset) }
                guard JSONString.hexadecimal(bytes[offset]) != nil else {
                    throw fault("expected four hexadecimal digits", offset)
                }
            }
            return start &+ 5
        default: throw fault("an escape that JSON does not have", start)
        }
    }
}

/// One bit for each bracket that is open: whether it is an object's.
private struct OpenBrackets {
    /// The innermost 64, the last one lowest.
    private var bits: UInt64 = 0
    private var count = 0
    /// Those around them, 64 a word; never more than `JSONCursor.maximumDepth` in all.
    private var outer = InlineArray<8, UInt64>(repeating: 0)

    var isEmpty: Bool { count == 0 }
    var isObject: Bool { bits & 1 == 1 }

    @inline(__always)
    mutating func push(isObject: Bool) {
        if count & 63 == 0, count > 0 { outer[(count &>> 6) &- 1] = bits }
        bits = bits &<< 1 | (isObject ? 1 : 0)
        count &+= 1
    }

    @inline(__always)
    mutating func pop() {
        bits &>>= 1
        count &-= 1
        if count & 63 == 0, count > 0 { bits = outer[(count &>> 6) &- 1] }
    }
}
