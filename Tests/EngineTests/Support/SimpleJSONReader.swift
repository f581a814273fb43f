@testable import Engine

/// The obvious JSON reader, which the engine's is held against. Reads JSON (RFC 8259) as it comes: the caller takes the values it needs and skips the others, which are checked
/// all the same. The text may come from anywhere; nesting is bounded, and nothing recurses on it.
struct SimpleJSONReader {
    typealias Kind = JSONCursor.Kind

    /// Arrays and objects within one another. Kubernetes objects stay below 50.
    static let maximumDepth = 512

    let bytes: [UInt8]
    private(set) var offset: Int
    private var depth = 0

    init(_ bytes: [UInt8], at offset: Int = 0) {
        self.bytes = bytes
        self.offset = offset
    }

    private func fault(_ reason: String) -> JSONError { JSONError(offset: offset, reason: reason) }

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipWhiteSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { offset += 1 }
    }

    private mutating func expect(_ byte: UInt8, _ what: String) throws(JSONError) {
        skipWhiteSpace()
        guard next == byte else { throw fault(next == nil ? "the text ends before \(what)" : "expected \(what)") }
        offset += 1
    }

    /// What the next value is.
    mutating func kind() throws(JSONError) -> Kind {
        skipWhiteSpace()
        switch next {
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
    mutating func finish() throws(JSONError) {
        skipWhiteSpace()
        if next != nil { throw fault("something follows the value") }
    }

    /// Reads an object; `body` reads or skips the value of each key.
    mutating func readObject<Fault: Error>(
        _ wrap: (JSONError) -> Fault, _ body: (String, inout SimpleJSONReader) throws(Fault) -> Void
    ) throws(Fault) {
        do throws(JSONError) { try enter(UInt8(ascii: "{"), "`{`") } catch { throw wrap(error) }
        var isFirst = true
        while true {
            let key: String?
            do throws(JSONError) { key = try nextKey(isFirst: isFirst) } catch { throw wrap(error) }
            guard let key else { return }
            isFirst = false
            try body(key, &self)
        }
    }

    /// Reads an array; `body` reads or skips each element.
    mutating func readArray<Fault: Error>(
        _ wrap: (JSONError) -> Fault, _ body: (Int, inout SimpleJSONReader) throws(Fault) -> Void
    ) throws(Fault) {
        do throws(JSONError) { try enter(UInt8(ascii: "["), "`[`") } catch { throw wrap(error) }
        var index = 0
        while true {
            let hasElement: Bool
            do throws(JSONError) { hasElement = try nextElement(isFirst: index == 0) } catch { throw wrap(error) }
            guard hasElement else { return }
            try body(index, &self)
            index += 1
        }
    }

    private mutating func enter(_ bracket: UInt8, _ what: String) throws(JSONError) {
        try expect(bracket, what)
        depth += 1
        guard depth <= Self.maximumDepth else { throw fault("more than \(Self.maximumDepth) levels of nesting") }
    }

    /// The next key with its colon read, or nil at the end of the object.
    private mutating func nextKey(isFirst: Bool) throws(JSONError) -> String? {
        skipWhiteSpace()
        if next == UInt8(ascii: "}") {
            offset += 1
            depth -= 1
            return nil
        }
        if !isFirst {
            try expect(UInt8(ascii: ","), "`,` or `}`")
            skipWhiteSpace()
        }
        guard next == UInt8(ascii: "\"") else { throw fault("expected a key in quotes") }
        let key = try readString()
        try expect(UInt8(ascii: ":"), "`:`")
        return key
    }

    private mutating func nextElement(isFirst: Bool) throws(JSONError) -> Bool {
        skipWhiteSpace()
        if next == UInt8(ascii: "]") {
            offset += 1
            depth -= 1
            return false
        }
        if !isFirst {
            try expect(UInt8(ascii: ","), "`,` or `]`")
            skipWhiteSpace()
            if next == UInt8(ascii: "]") { throw fault("expected a value") }
        }
        return true
    }

    // MARK: Skipping

    /// Reads past a value, and checks it. Iterative: what it nests is kept in a list of bounded length.
    mutating func skipValue() throws(JSONError) {
        /// For each open bracket whether it is an object.
        var open: [Bool] = []
        var isFirst = true
        repeat {
            if let isObject = open.last {
                let goesOn: Bool
                if isObject {
                    goesOn = try nextKey(isFirst: isFirst) != nil
                } else {
                    goesOn = try nextElement(isFirst: isFirst)
                }
                guard goesOn else {
                    open.removeLast()
                    isFirst = false
                    continue
                }
            }
            switch try kind() {
            case .object:
                try enter(UInt8(ascii: "{"), "`{`")
                open.append(true)
                isFirst = true
            case .array:
                try enter(UInt8(ascii: "["), "`[`")
                open.append(false)
                isFirst = true
            case .string:
                _ = try readString()
                isFirst = false
            case .number:
                try skipNumber()
                isFirst = false
            case .boolean:
                try skipWord(next == UInt8(ascii: "t") ? "true" : "false")
                isFirst = false
            case .null:
                try skipWord("null")
                isFirst = false
            }
        } while !open.isEmpty
    }

    /// Reads past `null`, if that is what comes.
    mutating func skipNull() throws(JSONError) -> Bool {
        guard try kind() == .null else { return false }
        try skipWord("null")
        return true
    }

    /// Reads `true` or `false`.
    mutating func readBoolean() throws(JSONError) -> Bool {
        let isTrue = next == UInt8(ascii: "t")
        try skipWord(isTrue ? "true" : "false")
        return isTrue
    }

    private mutating func skipWord(_ word: String) throws(JSONError) {
        for byte in word.utf8 {
            guard next == byte else { throw fault("expected `\(word)`") }
            offset += 1
        }
    }

    private mutating func skipDigits() throws(JSONError) {
        guard let first = next, Self.isDigit(first) else { throw fault("expected a digit") }
        while let byte = next, Self.isDigit(byte) { offset += 1 }
    }

    private mutating func skipNumber() throws(JSONError) {
        if next == UInt8(ascii: "-") { offset += 1 }
        if next == UInt8(ascii: "0") {
            offset += 1
            if let byte = next, Self.isDigit(byte) { throw fault("a number does not begin with 0") }
        } else {
            try skipDigits()
        }
        if next == UInt8(ascii: ".") {
            offset += 1
            try skipDigits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            offset += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { offset += 1 }
            try skipDigits()
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    // MARK: Strings

    /// Reads a string. Half a surrogate pair becomes U+FFFD; bytes that are not UTF-8 are refused.
    mutating func readString() throws(JSONError) -> String {
        try expect(UInt8(ascii: "\""), "a string")
        var decoded: [UInt8] = []
        var start = offset
        while true {
            guard let byte = next else { throw fault("the text ends within a string") }
            switch byte {
            case UInt8(ascii: "\""):
                decoded += bytes[start..<offset]
                guard let text = String(validating: decoded, as: UTF8.self) else {
                    throw fault("a string is not UTF-8")
                }
                offset += 1
                return text
            case UInt8(ascii: "\\"):
                decoded += bytes[start..<offset]
                offset += 1
                try readEscape(into: &decoded)
                start = offset
            case 0..<0x20:
                throw fault("a control character in a string")
            default:
                offset += 1
            }
        }
    }

    private mutating func readEscape(into decoded: inout [UInt8]) throws(JSONError) {
        guard let byte = next else { throw fault("the text ends within a string") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(byte)
        case UInt8(ascii: "b"): decoded.append(0x08)
        case UInt8(ascii: "f"): decoded.append(0x0c)
        case UInt8(ascii: "n"): decoded.append(0x0a)
        case UInt8(ascii: "r"): decoded.append(0x0d)
        case UInt8(ascii: "t"): decoded.append(0x09)
        case UInt8(ascii: "u"):
            let first = try readHexadecimal()
            var scalar = first
            if (0xd800..<0xdc00).contains(first), next == UInt8(ascii: "\\"), offset + 1 < bytes.count,
                bytes[offset + 1] == UInt8(ascii: "u")
            {
                let mark = offset
                offset += 2
                let second = try readHexadecimal()
                if (0xdc00..<0xe000).contains(second) {
                    scalar = 0x10000 + (first - 0xd800) << 10 + (second - 0xdc00)
                } else {
                    offset = mark
                }
            }
            decoded += Array(String(Unicode.Scalar(scalar) ?? "\u{fffd}").utf8)
        default:
            offset -= 1
            throw fault("an escape that JSON does not have")
        }
    }

    private mutating func readHexadecimal() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next else { throw fault("the text ends within a string") }
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw fault("expected four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            offset += 1
        }
        return value
    }
}
