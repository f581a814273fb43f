/// JSON (RFC 8259) as a manifest: one value, or several one after another.
struct JSONDocuments {
    private static let depthLimit = 256
    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    private var lineStart = 0

    /// The values of a text.
    static func parse(_ bytes: [UInt8]) throws(ManifestError) -> [Manifest] {
        var parser = JSONDocuments(bytes: bytes)
        var documents: [Manifest] = []
        parser.skipSpace()
        while parser.position < bytes.count {
            documents.append(try parser.value(depth: 0))
            parser.skipSpace()
        }
        return documents
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func failure(_ message: String) -> ManifestError {
        ManifestError(message, line: line, column: position - lineStart + 1)
    }

    private mutating func skipSpace() {
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\n"):
                position += 1
                line += 1
                lineStart = position
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
                position += 1
            default:
                return
            }
        }
    }

    private mutating func value(depth: Int) throws(ManifestError) -> Manifest {
        guard depth < Self.depthLimit else {
            throw failure("values stand more than \(Self.depthLimit) deep in one another")
        }
        let start = line
        guard let byte = next else { throw failure("the text ends where a value should stand") }
        switch byte {
        case UInt8(ascii: "{"): return Manifest(.object(try object(depth: depth)), line: start)
        case UInt8(ascii: "["): return Manifest(.array(try array(depth: depth)), line: start)
        case UInt8(ascii: "\""): return Manifest(.string(try string()), line: start)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return Manifest(.number(try number()), line: start)
        case UInt8(ascii: "t"): return Manifest(try word("true", .boolean(true)), line: start)
        case UInt8(ascii: "f"): return Manifest(try word("false", .boolean(false)), line: start)
        case UInt8(ascii: "n"): return Manifest(try word("null", .null), line: start)
        default: throw failure("no value begins like this")
        }
    }

    private mutating func word(_ text: StaticString, _ value: Manifest.Value) throws(ManifestError) -> Manifest.Value {
        let expected = Array("\(text)".utf8)
        guard bytes[position...].starts(with: expected) else { throw failure("no value begins like this") }
        position += expected.count
        return value
    }

    private mutating func array(depth: Int) throws(ManifestError) -> [Manifest] {
        var elements: [Manifest] = []
        position += 1
        skipSpace()
        if next == UInt8(ascii: "]") {
            position += 1
            return elements
        }
        while true {
            skipSpace()
            elements.append(try value(depth: depth + 1))
            skipSpace()
            let byte = next
            position += 1
            if byte == UInt8(ascii: "]") { return elements }
            if byte != UInt8(ascii: ",") {
                position -= 1
                throw failure("a list goes on with `,` or ends with `]`")
            }
        }
    }

    private mutating func object(depth: Int) throws(ManifestError) -> [Manifest.Member] {
        var members: [Manifest.Member] = []
        position += 1
        skipSpace()
        if next == UInt8(ascii: "}") {
            position += 1
            return members
        }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw failure("a key in double quotes should stand here") }
            let key = try string()
            skipSpace()
            guard next == UInt8(ascii: ":") else { throw failure("`:` should stand after a key") }
            position += 1
            skipSpace()
            members.append(Manifest.Member(key: key, value: try value(depth: depth + 1)))
            skipSpace()
            let byte = next
            position += 1
            if byte == UInt8(ascii: "}") { return members }
            if byte != UInt8(ascii: ",") {
                position -= 1
                throw failure("a map goes on with `,` or ends with `}`")
            }
        }
    }

    private mutating func number() throws(ManifestError) -> String {
        let start = position
        func isDigit(_ byte: UInt8?) -> Bool {
            byte.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
        }
        if next == UInt8(ascii: "-") { position += 1 }
        guard isDigit(next) else { throw failure("a digit should stand here") }
        if next == UInt8(ascii: "0") { position += 1 } else { while isDigit(next) { position += 1 } }
        if next == UInt8(ascii: ".") {
            position += 1
            guard isDigit(next) else { throw failure("a digit should stand here") }
            while isDigit(next) { position += 1 }
        }
        if let exponent = next, exponent | 32 == UInt8(ascii: "e") {
            position += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            guard isDigit(next) else { throw failure("a digit should stand here") }
            while isDigit(next) { position += 1 }
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func string() throws(ManifestError) -> String {
        position += 1
        var content: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                return String(decoding: content, as: UTF8.self)
            case UInt8(ascii: "\\"):
                try escape(into: &content)
            case 0..<0x20:
                position -= 1
                throw failure("a control character in a string; write it as `\\u` and four digits")
            default:
                content.append(byte)
            }
        }
        throw failure("the text ends within a string")
    }

    private mutating func escape(into content: inout [UInt8]) throws(ManifestError) {
        guard let byte = next else { throw failure("the text ends within a string") }
        position += 1
        switch byte {
        case UInt8(ascii: "n"): content.append(UInt8(ascii: "\n"))
        case UInt8(ascii: "t"): content.append(UInt8(ascii: "\t"))
        case UInt8(ascii: "r"): content.append(UInt8(ascii: "\r"))
        case UInt8(ascii: "b"): content.append(8)
        case UInt8(ascii: "f"): content.append(12)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "u"):
            var code = try codeUnit()
            if (0xD800..<0xDC00).contains(code),
                bytes[position...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")])
            {
                let mark = position
                position += 2
                let low = try codeUnit()
                if (0xDC00..<0xE000).contains(low) {
                    code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
                } else {
                    position = mark
                }
            }
            // Half a surrogate pair is no character: U+FFFD, as Kubernetes makes of it.
            content.append(contentsOf: String(Unicode.Scalar(code).map(Character.init) ?? "\u{FFFD}").utf8)
        default:
            position -= 1
            throw failure("no such escape in a string")
        }
    }

    private mutating func codeUnit() throws(ManifestError) -> UInt32 {
        guard position + 4 <= bytes.count,
            bytes[position..<position + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let code = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw failure("`\\u` takes four hexadecimal digits") }
        position += 4
        return code
    }
}
