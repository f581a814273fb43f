/// Writes JSON as bytes, the form an answer leaves in.
enum JSONBytes {
    /// Appends a string in quotes.
    static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 { append(byte, to: &bytes) }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends a slice of other bytes, which are UTF-8, as a string in quotes.
    static func append(_ text: TextSlice, _ source: ByteSpan, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        if text.allBytes(source, isPlain) {
            bytes.append(source, text)
        } else {
            for index in text.range { append(source[index], to: &bytes) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends a byte of a string.
    @inline(__always)
    private static func append(_ byte: UInt8, to bytes: inout [UInt8]) {
        if isPlain(byte) { bytes.append(byte) } else { appendEscaped(byte, to: &bytes) }
    }

    /// Whether a byte stands for itself in a string; outside ASCII it does.
    @inline(__always)
    static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") && byte != 0x7f
    }

    private static func appendEscaped(_ byte: UInt8, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x0a: bytes.append(UInt8(ascii: "n"))
        case 0x0d: bytes.append(UInt8(ascii: "r"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0..<0x20, 0x7f:
            let digits = Array("0123456789abcdef".utf8)
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 15)])
        default: bytes.append(byte)
        }
    }
}

/// Standard base64 with padding (RFC 4648, section 4).
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Puts the base64 of the bytes from an index on in their place. It is longer than they are, so that going from
    /// the end nothing is written over that is still to be read.
    static func encode(_ bytes: inout [UInt8], from start: Int) {
        let alphabet = alphabet
        let count = bytes.count &- start
        let length = (count &+ 2) / 3 &* 4
        bytes.append(addingCapacity: length &- count) { output in
            output.append(repeating: UInt8(ascii: "="), count: length &- count)
        }
        var span = bytes.mutableSpan
        let rest = count % 3
        if rest > 0 {
            let from = start &+ count &- rest
            let to = start &+ length &- 4
            let first = span[from]
            let second = rest > 1 ? span[from &+ 1] : 0
            span[to] = alphabet[Int(first &>> 2)]
            span[to &+ 1] = alphabet[Int((first & 3) &<< 4 | second &>> 4)]
            span[to &+ 2] = rest > 1 ? alphabet[Int((second & 15) &<< 2)] : UInt8(ascii: "=")
            span[to &+ 3] = UInt8(ascii: "=")
        }
        var group = count / 3
        while group > 0 {
            group &-= 1
            let from = start &+ group &* 3
            let to = start &+ group &* 4
            let bits = Int(span[from]) &<< 16 | Int(span[from &+ 1]) &<< 8 | Int(span[from &+ 2])
            span[to &+ 3] = alphabet[bits & 63]
            span[to &+ 2] = alphabet[bits &>> 6 & 63]
            span[to &+ 1] = alphabet[bits &>> 12 & 63]
            span[to] = alphabet[bits &>> 18]
        }
    }
}
