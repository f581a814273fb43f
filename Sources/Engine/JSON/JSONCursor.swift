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

    @inline(never)
    private func fault(_ reason: String) -> JSONError { JSONError(offset: offset, reason: reason) }

    @inline(__always)
    private func next(_ bytes: ByteSpan) -> UInt8? { offset < bytes.count ? bytes[offset] : nil }

    @inline(__always)
    private mutating func skipWhiteSpace(_ bytes: ByteSpan) {
        // What the API server sends has none.
        while offset < bytes.count, bytes[offset] <= 0x20, Self.isWhiteSpace(bytes[offset]) { offset &+= 1 }
    }

    @inline(__always)
    private static func isWhiteSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
    }

    @inline(__always)
    private mutating func expect(_ byte: UInt8, _ bytes: ByteSpan, _ what: StaticString) throws(JSONError) {
        skipWhiteSpace(bytes)
        guard offset < bytes.count, bytes[offset] == byte else { throw missing(what, bytes) }
        offset &+= 1
    }

    @inline(never)
    private func missing(_ what: StaticString, _ bytes: ByteSpan) -> JSONError {
        fault(offset < bytes.count ? "expected \(what)" : "the text ends before \(what)")
    }

    /// What the next value is.
    mutating func kind(_ bytes: ByteSpan) throws(JSONError) -> Kind {
        skipWhiteSpace(bytes)
        switch next(bytes) {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
        case UInt8(ascii: "n"): return .null
        case nil: throw fault("the text ends before a value")
        case let byte? where byte == UInt8(ascii: "-") || Self.isDigit(byte): return .number
        default: throw fault("expected a value")
        }
    }

    /// Checks that nothing but white space follows.
    mutating func finish(_ bytes: ByteSpan) throws(JSONError) {
        skipWhiteSpace(bytes)
        if offset < bytes.count { throw fault("something follows the value") }
    }

    // MARK: Objects and lists

    /// Enters an object; its keys come by `nextKey`.
    mutating func enterObject(_ bytes: ByteSpan) throws(JSONError) {
        try expect(UInt8(ascii: "{"), bytes, "`{`")
        try descend()
    }

    /// Enters a list; its elements come by `nextElement`.
    mutating func enterArray(_ bytes: ByteSpan) throws(JSONError) {
        try expect(UInt8(ascii: "["), bytes, "`[`")
        try descend()
    }

    @inline(__always)
    private mutating func descend() throws(JSONError) {
        depth &+= 1
        guard depth <= Self.maximumDepth else { throw tooDeep() }
    }

    @inline(never)
    private func tooDeep() -> JSONError { fault("more than \(Self.maximumDepth) levels of nesting") }

    /// The next key with its colon read, or nil at the end of the object.
    @inline(__always)
    mutating func nextKey(_ bytes: ByteSpan, isFirst: Bool) throws(JSONError) -> JSONString? {
        skipWhiteSpace(bytes)
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "}") {
            offset &+= 1
            depth &-= 1
            return nil
        }
        if !isFirst {
            try expect(UInt8(ascii: ","), bytes, "`,` or `}`")
            skipWhiteSpace(bytes)
        }
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") else { throw fault("expected a key in quotes") }
        let key = try readString(bytes)
        try expect(UInt8(ascii: ":"), bytes, "`:`")
        return key
    }

    /// Whether a further element of the list comes; its value is next.
    @inline(__always)
    mutating func nextElement(_ bytes: ByteSpan, isFirst: Bool) throws(JSONError) -> Bool {
        skipWhiteSpace(bytes)
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "]") {
            offset &+= 1
            depth &-= 1
            return false
        }
        if !isFirst {
            try expect(UInt8(ascii: ","), bytes, "`,` or `]`")
            skipWhiteSpace(bytes)
            if offset < bytes.count, bytes[offset] == UInt8(ascii: "]") { throw fault("expected a value") }
        }
        return true
    }

    // MARK: Skipping

    /// Reads past a value, and checks it. Iterative: of what it nests, one bit a level is kept.
    mutating func skipValue(_ bytes: ByteSpan) throws(JSONError) {
        var open = OpenBrackets()
        while true {
            // A value comes.
            skipWhiteSpace(bytes)
            guard offset < bytes.count else { throw fault("the text ends before a value") }
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                offset &+= 1
                try skipString(bytes)
            case UInt8(ascii: "{"):
                offset &+= 1
                try descend()
                if try skipKey(bytes, isFirst: true) {
                    open.push(isObject: true)
                    continue
                }
            case UInt8(ascii: "["):
                offset &+= 1
                try descend()
                if try nextElement(bytes, isFirst: true) {
                    open.push(isObject: false)
                    continue
                }
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try skipNumber(bytes)
            case UInt8(ascii: "t"): try skipWord("true", bytes)
            case UInt8(ascii: "f"): try skipWord("false", bytes)
            case UInt8(ascii: "n"): try skipWord("null", bytes)
            default: throw fault("expected a value")
            }
            // A value has ended, and with it perhaps what holds it.
            while true {
                guard !open.isEmpty else { return }
                if open.isObject ? try skipKey(bytes, isFirst: false) : try nextElement(bytes, isFirst: false) { break }
                open.pop()
            }
        }
    }

    /// As `nextKey`, for keys that nobody asks for.
    @inline(__always)
    private mutating func skipKey(_ bytes: ByteSpan, isFirst: Bool) throws(JSONError) -> Bool {
        try nextKey(bytes, isFirst: isFirst) != nil
    }

    /// Reads past `null`, if that is what comes.
    mutating func skipNull(_ bytes: ByteSpan) throws(JSONError) -> Bool {
        guard try kind(bytes) == .null else { return false }
        try skipWord("null", bytes)
        return true
    }

    /// Reads `true` or `false`.
    mutating func readBoolean(_ bytes: ByteSpan) throws(JSONError) -> Bool {
        let isTrue = next(bytes) == UInt8(ascii: "t")
        try skipWord(isTrue ? "true" : "false", bytes)
        return isTrue
    }

    private mutating func skipWord(_ word: String, _ bytes: ByteSpan) throws(JSONError) {
        for byte in word.utf8 {
            guard next(bytes) == byte else { throw fault("expected `\(word)`") }
            offset &+= 1
        }
    }

    @inline(__always)
    private mutating func skipDigits(_ bytes: ByteSpan) throws(JSONError) {
        guard let first = next(bytes), Self.isDigit(first) else { throw fault("expected a digit") }
        while offset < bytes.count, Self.isDigit(bytes[offset]) { offset &+= 1 }
    }

    private mutating func skipNumber(_ bytes: ByteSpan) throws(JSONError) {
        if next(bytes) == UInt8(ascii: "-") { offset &+= 1 }
        if next(bytes) == UInt8(ascii: "0") {
            offset &+= 1
            if let byte = next(bytes), Self.isDigit(byte) { throw fault("a number does not begin with 0") }
        } else {
            try skipDigits(bytes)
        }
        if next(bytes) == UInt8(ascii: ".") {
            offset &+= 1
            try skipDigits(bytes)
        }
        if next(bytes) == UInt8(ascii: "e") || next(bytes) == UInt8(ascii: "E") {
            offset &+= 1
            if next(bytes) == UInt8(ascii: "+") || next(bytes) == UInt8(ascii: "-") { offset &+= 1 }
            try skipDigits(bytes)
        }
    }

    @inline(__always)
    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 <= 9 }

    // MARK: Strings

    /// Reads a string as it stands. Half a surrogate pair counts as U+FFFD; bytes that are not UTF-8 are refused.
    @inline(__always)
    mutating func readString(_ bytes: ByteSpan) throws(JSONError) -> JSONString {
        try expect(UInt8(ascii: "\""), bytes, "a string")
        let start = offset
        let hasEscapes = try skipString(bytes)
        return JSONString(slice: TextSlice(start: start, count: offset &- 1 &- start), hasEscapes: hasEscapes)
    }

    /// Goes on behind the closing quote of the string whose text begins here; returns whether escapes stand in it.
    @inline(__always) @discardableResult
    private mutating func skipString(_ bytes: ByteSpan) throws(JSONError) -> Bool {
        // Most strings end within one block.
        offset &+= JSONBlock.plainLength(bytes, at: offset)
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") {
            offset &+= 1
            return false
        }
        return try skipRestOfString(bytes)
    }

    @inline(never)
    private mutating func skipRestOfString(_ bytes: ByteSpan) throws(JSONError) -> Bool {
        var hasEscapes = false
        var isUTF8 = true
        while true {
            guard offset < bytes.count else { throw fault("the text ends within a string") }
            let byte = bytes[offset]
            switch byte {
            case UInt8(ascii: "\""):
                guard isUTF8 else { throw fault("a string is not UTF-8") }
                offset &+= 1
                return hasEscapes
            case UInt8(ascii: "\\"):
                hasEscapes = true
                offset &+= 1
                try skipEscape(bytes)
            case 0..<0x20:
                throw fault("a control character in a string")
            case 0x80...:
                let length = JSONBlock.scalarLength(bytes, at: offset)
                isUTF8 = isUTF8 && length > 0
                offset &+= max(length, 1)
                continue
            default:
                offset &+= 1
            }
            // What ends a run of plain characters is often followed by another run.
            var length: Int
            repeat {
                length = JSONBlock.plainLength(bytes, at: offset)
                offset &+= length
            } while length == JSONBlock.width
        }
    }

    @inline(__always)
    private mutating func skipEscape(_ bytes: ByteSpan) throws(JSONError) {
        guard let byte = next(bytes) else { throw fault("the text ends within a string") }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            offset &+= 1
        case UInt8(ascii: "u"):
            offset &+= 1
            for _ in 0..<4 {
                guard let byte = next(bytes) else { throw fault("the text ends within a string") }
                guard JSONString.hexadecimal(byte) != nil else { throw fault("expected four hexadecimal digits") }
                offset &+= 1
            }
        default: throw fault("an escape that JSON does not have")
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
