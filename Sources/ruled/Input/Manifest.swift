/// A value of a Kubernetes object, from YAML or JSON: the keys keep their order, and every value knows its line.
struct Manifest: Sendable {
    /// A value, as JSON knows it.
    indirect enum Value: Sendable {
        case null
        case boolean(Bool)
        /// The number as it was written.
        case number(String)
        case string(String)
        case array([Manifest])
        case object([Member])
    }

    /// A key and its value.
    struct Member: Sendable {
        let key: String
        var value: Manifest
    }

    /// The value.
    var value: Value
    /// The line where it begins, from 1.
    let line: Int

    init(_ value: Value, line: Int = 1) {
        self.value = value
        self.line = line
    }

    /// The value of a key, of a doubled key the last one; nil where this is no object or has no such key.
    subscript(_ key: String) -> Manifest? {
        guard case .object(let members) = value else { return nil }
        return members.last { $0.key == key }?.value
    }

    /// The text of a string; nil for everything else.
    var text: String? {
        guard case .string(let text) = value else { return nil }
        return text
    }

    /// The elements of an array; nil for everything else.
    var elements: [Manifest]? {
        guard case .array(let elements) = value else { return nil }
        return elements
    }

    /// The members of an object; nil for everything else.
    var members: [Member]? {
        guard case .object(let members) = value else { return nil }
        return members
    }

    /// The string values of an object, such as a map of labels.
    var stringMembers: [String: String] {
        var result: [String: String] = [:]
        for member in members ?? [] {
            if let text = member.value.text { result[member.key] = text }
        }
        return result
    }

    /// What the value is, for messages: `a number`.
    var typeName: String {
        switch value {
        case .null: "null"
        case .boolean: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "a map"
        }
    }
}

extension Manifest {
    /// The value at a JSON Pointer (RFC 6901); nil where there is none.
    func value(at pointer: String) -> Manifest? {
        var current = self
        for component in Self.components(of: pointer) {
            switch current.value {
            case .object:
                guard let next = current[component] else { return nil }
                current = next
            case .array(let elements):
                guard let index = Int(component), elements.indices.contains(index) else { return nil }
                current = elements[index]
            default:
                return nil
            }
        }
        return current
    }

    /// Puts a value at a JSON Pointer, whose last component may be a new key of an object. Does nothing where the
    /// pointer leads nowhere.
    mutating func set(_ new: Value, at pointer: String) {
        set(new, at: Self.components(of: pointer)[...])
    }

    private mutating func set(_ new: Value, at path: ArraySlice<String>) {
        guard let key = path.first else {
            value = new
            return
        }
        switch value {
        case .object(var members):
            // The enum gives its storage up while the members change, so that they are not copied.
            value = .null
            if let index = members.lastIndex(where: { $0.key == key }) {
                members[index].value.set(new, at: path.dropFirst())
            } else if path.count == 1 {
                members.append(Member(key: key, value: Manifest(new, line: line)))
            }
            value = .object(members)
        case .array(var elements):
            value = .null
            if let index = Int(key), elements.indices.contains(index) {
                elements[index].set(new, at: path.dropFirst())
            }
            value = .array(elements)
        default:
            break
        }
    }

    /// The components of a JSON Pointer, unescaped.
    static func components(of pointer: String) -> [String] {
        pointer.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst().map { piece in
            var bytes: [UInt8] = []
            var rest = piece
            while let byte = rest.popFirst() {
                if byte == UInt8(ascii: "~"), let next = rest.first,
                    next == UInt8(ascii: "0") || next == UInt8(ascii: "1")
                {
                    rest.removeFirst()
                    bytes.append(next == UInt8(ascii: "0") ? UInt8(ascii: "~") : UInt8(ascii: "/"))
                } else {
                    bytes.append(byte)
                }
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
