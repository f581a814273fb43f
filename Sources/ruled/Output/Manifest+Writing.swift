extension Manifest {
    /// The value as JSON (RFC 8259) in one line.
    var json: [UInt8] {
        var bytes: [UInt8] = []
        writeJSON(into: &bytes)
        return bytes
    }

    private func writeJSON(into bytes: inout [UInt8]) {
        switch value {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .boolean(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .number(let text): bytes.append(contentsOf: Self.jsonNumber(text).utf8)
        case .string(let text): Self.writeJSON(text, into: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                element.writeJSON(into: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                Self.writeJSON(member.key, into: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.writeJSON(into: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private static func writeJSON(_ text: String, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\t"): bytes.append(contentsOf: "\\t".utf8)
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                bytes.append(contentsOf: ("\\u00" + (digits.count == 1 ? "0" : "") + digits).utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// YAML writes numbers in more ways than JSON: `0x1F`, `+1`, `.5`, `1_000`, and `0755`, which is octal.
    private static func jsonNumber(_ text: String) -> String {
        let plain = text.filter { $0 != "_" }
        let isNegative = plain.hasPrefix("-")
        let digits = isNegative || plain.hasPrefix("+") ? String(plain.dropFirst()) : plain
        var integer: Int?
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.hasPrefix(prefix) {
            integer = Int(digits.dropFirst(2), radix: radix)
        }
        if integer == nil, digits.hasPrefix("0") { integer = Int(digits, radix: 8) }
        if let integer { return (isNegative ? "-" : "") + String(integer) }
        let isInteger = digits.allSatisfy { $0.isASCII && $0.isNumber }
        if isInteger, !digits.hasPrefix("0") { return (isNegative ? "-" : "") + digits }
        guard let number = Double(plain), number.isFinite else { return "0" }
        return "\(number)"
    }

    /// The value as a YAML document in block style, as kubectl prints one, with a line break at the end.
    var yaml: String {
        var text = ""
        writeYAML(into: &text, indent: 0, isInline: false)
        return text
    }

    /// Writes a value; `isInline` where something already stands in the line (`- ` of a list, or nothing yet).
    private func writeYAML(into text: inout String, indent: Int, isInline: Bool) {
        let margin = String(repeating: " ", count: indent)
        switch value {
        case .object(let members) where !members.isEmpty:
            for (index, member) in members.enumerated() {
                if index > 0 || !isInline { text += margin }
                text += Self.yamlScalar(member.key, indent: nil) + ":"
                member.value.writeYAMLMember(into: &text, indent: indent)
            }
        case .array(let elements) where !elements.isEmpty:
            for (index, element) in elements.enumerated() {
                if index > 0 || !isInline { text += margin }
                text += "- "
                element.writeYAML(into: &text, indent: indent + 2, isInline: true)
            }
        default:
            text += (isInline ? "" : margin) + yamlScalar(indent: indent) + "\n"
        }
    }

    /// Writes the value of a key, from after its colon on.
    private func writeYAMLMember(into text: inout String, indent: Int) {
        switch value {
        case .object(let members) where !members.isEmpty:
            text += "\n"
            writeYAML(into: &text, indent: indent + 2, isInline: false)
        case .array(let elements) where !elements.isEmpty:
            text += "\n"
            writeYAML(into: &text, indent: indent, isInline: false)
        default:
            text += " " + yamlScalar(indent: indent + 2) + "\n"
        }
    }

    private func yamlScalar(indent: Int) -> String {
        switch value {
        case .null: "null"
        case .boolean(let value): value ? "true" : "false"
        case .number(let text): text
        case .string(let text): Self.yamlScalar(text, indent: indent)
        case .array: "[]"
        case .object: "{}"
        }
    }

    /// A text as a scalar: plain where it reads back as itself, else a block of lines (where an indentation is
    /// given) or in double quotes.
    private static func yamlScalar(_ text: String, indent: Int?) -> String {
        if isPlain(text) { return text }
        if let indent, let block = block(text, indent: indent) { return block }
        var bytes: [UInt8] = []
        writeJSON(text, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Several lines as `|`; nil where that would not read back the same.
    private static func block(_ text: String, indent: Int) -> String? {
        let bytes = Array(text.utf8)
        guard let last = bytes.lastIndex(where: { $0 != UInt8(ascii: "\n") }), bytes.contains(UInt8(ascii: "\n")),
            bytes.first != UInt8(ascii: " "), bytes.first != UInt8(ascii: "\n"),
            text.unicodeScalars.allSatisfy({ isPrintable($0) || $0 == "\n" || $0 == "\t" })
        else { return nil }
        let breaks = bytes.count - 1 - last
        guard breaks <= 1 else { return nil }
        let margin = String(repeating: " ", count: indent)
        let lines = String(decoding: bytes[...last], as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.isEmpty ? "" : margin + $0 }
        return (breaks == 1 ? "|" : "|-") + "\n" + lines.joined(separator: "\n")
    }

    /// Whether a plain scalar reads back as exactly this text, under YAML 1.1 and 1.2.
    private static func isPlain(_ text: String) -> Bool {
        guard case .string = YAMLDocuments.plain(text), let first = text.utf8.first, let last = text.utf8.last,
            last != UInt8(ascii: " "), last != UInt8(ascii: ":"), text != "<<", text != "=",
            text.unicodeScalars.allSatisfy(isPrintable)
        else { return false }
        switch first {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "/"),
            UInt8(ascii: "_"), UInt8(ascii: "$"), UInt8(ascii: "("), 0x80...:
            break
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."):
            // Dates, and numbers in every base, begin like this.
            let numeric: Set<Character> = Set("0123456789abcdefxotzABCDEFXOTZ_+-:. ")
            if text.allSatisfy({ numeric.contains($0) }) { return false }
        case UInt8(ascii: "-"):
            guard let second = text.utf8.dropFirst().first, second == UInt8(ascii: "-") else { return false }
            if text.hasPrefix("---") { return false }
        default:
            return false
        }
        var previous: UInt8 = 0
        for byte in text.utf8 {
            if byte == UInt8(ascii: " "), previous == UInt8(ascii: ":") { return false }
            if byte == UInt8(ascii: "#"), previous == UInt8(ascii: " ") { return false }
            previous = byte
        }
        return true
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }
}
