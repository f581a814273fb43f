/// Strings as JSON spells them (RFC 8259, section 7).
public enum JSONText {
    /// The string in double quotes, with everything escaped that has to be.
    ///
    /// DEL, the C1 controls, U+2028 and U+2029 are escaped too, which JSON permits: the output may end up on a
    /// terminal or in a script.
    public static func quote(_ s: String) -> String {
        var text = ""
        text.reserveCapacity(s.utf8.count + 2)
        appendQuoted(s, to: &text)
        return text
    }

    static func appendQuoted(_ s: String, to text: inout String) {
        text.append("\"")
        // Nearly all texts are plain ASCII: one pass over bytes instead of one over scalars.
        if s.utf8.allSatisfy({ (0x20..<0x7F).contains($0) && $0 != 0x22 && $0 != 0x5C }) {
            text.append(s)
            text.append("\"")
            return
        }
        for scalar in s.unicodeScalars {
            switch scalar.value {
            case 0x22: text.append("\\\"")
            case 0x5C: text.append("\\\\")
            case 0x0A: text.append("\\n")
            case 0x0D: text.append("\\r")
            case 0x09: text.append("\\t")
            case 0x00..<0x20, 0x7F..<0xA0, 0x2028, 0x2029:
                let digits = String(scalar.value, radix: 16)
                text.append("\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits)
            default: text.unicodeScalars.append(scalar)
            }
        }
        text.append("\"")
    }
}

/// Writes JSON piece by piece, with keys in the order in which they are given.
///
/// The caller keeps objects and arrays balanced and gives each value in an object a key; a surplus end is ignored.
public struct JSONWriter: Sendable {
    /// What has been written so far.
    public private(set) var text = ""
    private let isPretty: Bool
    /// For each open object or array, how it closes and whether something is in it.
    private var open: [(close: String, hasContent: Bool)] = []
    private var followsKey = false

    /// Makes a writer; `pretty` puts each member on a line of its own, two spaces a level.
    public init(pretty: Bool = false) {
        isPretty = pretty
    }

    /// Begins an object, which `endObject` ends.
    public mutating func beginObject() {
        begin("{", "}")
    }

    /// Ends the innermost object.
    public mutating func endObject() {
        end()
    }

    /// Begins an array, which `endArray` ends.
    public mutating func beginArray() {
        begin("[", "]")
    }

    /// Ends the innermost array.
    public mutating func endArray() {
        end()
    }

    /// Writes the key of the value that comes next.
    public mutating func key(_ name: String) {
        separate()
        JSONText.appendQuoted(name, to: &text)
        text.append(isPretty ? ": " : ":")
        followsKey = true
    }

    /// Writes a string, or `null`.
    public mutating func value(_ value: String?) {
        separate()
        if let value { JSONText.appendQuoted(value, to: &text) } else { text.append("null") }
    }

    /// Writes an integer, or `null`.
    public mutating func value(_ value: Int?) {
        raw(value.map { String($0) } ?? "null")
    }

    /// Writes a truth value, or `null`.
    public mutating func value(_ value: Bool?) {
        raw(value.map { $0 ? "true" : "false" } ?? "null")
    }

    /// Writes an array of strings.
    public mutating func value(_ values: [String]) {
        beginArray()
        for element in values { value(element) }
        endArray()
    }

    /// Writes `null`.
    public mutating func null() {
        raw("null")
    }

    /// Writes a value that is JSON already.
    public mutating func raw(_ json: String) {
        separate()
        text.append(json)
    }

    /// Writes a key and a string, or `null`.
    public mutating func member(_ name: String, _ value: String?) {
        key(name)
        self.value(value)
    }

    /// Writes a key and an integer, or `null`.
    public mutating func member(_ name: String, _ value: Int?) {
        key(name)
        self.value(value)
    }

    /// Writes a key and a truth value, or `null`.
    public mutating func member(_ name: String, _ value: Bool?) {
        key(name)
        self.value(value)
    }

    /// Writes a key and an array of strings.
    public mutating func member(_ name: String, _ values: [String]) {
        key(name)
        value(values)
    }

    private mutating func begin(_ opening: String, _ close: String) {
        raw(opening)
        open.append((close, false))
    }

    private mutating func end() {
        guard let innermost = open.popLast() else { return }
        followsKey = false
        if innermost.hasContent { breakLine() }
        text.append(innermost.close)
    }

    /// Writes what stands before a key or a value: nothing after a key, a comma after another value.
    private mutating func separate() {
        if followsKey {
            followsKey = false
            return
        }
        guard !open.isEmpty else { return }
        if open[open.count - 1].hasContent { text.append(",") }
        open[open.count - 1].hasContent = true
        breakLine()
    }

    private mutating func breakLine() {
        guard isPretty else { return }
        text.append("\n")
        text.append(String(repeating: "  ", count: open.count))
    }
}
