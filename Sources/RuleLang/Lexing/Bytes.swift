/// What a byte may be part of.
enum Bytes {
    static let newline = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")
    static let dollar = UInt8(ascii: "$")

    /// `[A-Za-z0-9]`
    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    /// `[A-Za-z]`
    static func isLetter(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) && byte > UInt8(ascii: "9")
    }

    /// A byte of a bare word: `[A-Za-z0-9._/*-]`.
    static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "/"), UInt8(ascii: "*"), UInt8(ascii: "-"): true
        default: isAlphanumeric(byte)
        }
    }

    /// A byte of the name in `${name}`, after its first letter: `[A-Za-z0-9_-]`.
    static func isName(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }

    /// An ASCII byte that people write in bare words though it needs quotes.
    static func isGlue(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "+"), UInt8(ascii: "~"), dollar, UInt8(ascii: "%"),
            UInt8(ascii: "&"), UInt8(ascii: "?"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "|"), backslash,
            UInt8(ascii: "^"):
            true
        default: false
        }
    }

    /// A space, a tab or a line break.
    static func isWhiteSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == newline || byte == carriageReturn
    }

    /// An ASCII control character other than those of white space.
    static func isControl(_ byte: UInt8) -> Bool {
        (byte < 0x20 && !isWhiteSpace(byte)) || byte == 0x7F
    }

    /// The length of the UTF-8 sequence that a byte begins; 1 for what begins none.
    static func sequenceLength(_ byte: UInt8) -> Int {
        switch byte {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 1
        }
    }
}

extension SourceFile {
    /// A piece of the source for a message: one line, at most about 60 bytes.
    func excerpt(_ range: Range<Int>) -> String {
        let limit = 60
        let range = range.clamped(to: 0..<bytes.count)
        var end = range.upperBound
        if range.count > limit {
            end = range.lowerBound + limit
            while end > range.lowerBound, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        }
        var result = ""
        for scalar in text(range.lowerBound..<end).unicodeScalars {
            result.unicodeScalars.append(scalar.value < 0x20 || scalar.value == 0x7F ? "\u{FFFD}" : scalar)
        }
        return end < range.upperBound ? result + "…" : result
    }

    /// A piece of the source as a string of the rule language would hold it, for a fix.
    func quoted(_ range: Range<Int>) -> String {
        var result = "\""
        for scalar in text(range).unicodeScalars where !(scalar.value < 0x20 || scalar.value == 0x7F) {
            if scalar == "\"" || scalar == "\\" { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
        return result + "\""
    }

    /// Whether a range holds nothing but white space, so that a fix may replace it.
    func isWhiteSpace(_ range: Range<Int>) -> Bool {
        bytes[range.clamped(to: 0..<bytes.count)].allSatisfy(Bytes.isWhiteSpace)
    }
}
