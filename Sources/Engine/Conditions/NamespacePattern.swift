/// A namespace's name, or a prefix of names: `team-*`.
public struct NamespacePattern: Sendable, Hashable {
    /// The name, or what comes before the `*`.
    public let stem: String
    /// Whether a `*` follows, which stands for any characters or none.
    public let isPrefix: Bool

    /// Makes a pattern.
    public init(stem: String, isPrefix: Bool) {
        self.stem = stem
        self.isPrefix = isPrefix
    }

    /// Any namespace.
    public static let any = NamespacePattern(stem: "", isPrefix: true)

    /// The pattern as it is written.
    public var text: String { isPrefix ? stem + "*" : stem }

    /// Whether a name is one of these.
    public func matches(_ name: String) -> Bool { isPrefix ? name.utf8.starts(with: stem.utf8) : name == stem }
}

extension NamespacePattern: Atom {
    func contains(_ other: NamespacePattern) -> Bool {
        isPrefix ? other.stem.utf8.starts(with: stem.utf8) : self == other
    }

    func witness(avoiding others: [NamespacePattern]) -> NamespacePattern? {
        guard isPrefix else { return self }
        let example = stem.isEmpty ? "default" : stem.hasSuffix("-") ? stem + "a" : stem
        func free(_ text: String) -> NamespacePattern? {
            let name = NamespacePattern(stem: text, isPrefix: false)
            return text.utf8.count <= 63 && !others.contains { $0.contains(name) } ? name : nil
        }
        if let name = free(example) { return name }
        // A name of its own for each of the others to spoil, and one more; then every single letter after the stem,
        // where prefixes take the others away.
        for number in 0...others.count {
            if let name = free(example + String(number)) { return name }
        }
        let characters = "abcdefghijklmnopqrstuvwxyz0123456789"
        for character in characters {
            if let name = free(stem + String(character)) { return name }
        }
        // Names that are taken away one by one leave those that go on after them.
        for other in others where !other.isPrefix {
            for character in characters {
                if let name = free(other.stem + String(character)) { return name }
            }
        }
        return nil
    }

    /// An order for canonical output; it means nothing.
    public static func < (left: NamespacePattern, right: NamespacePattern) -> Bool {
        (left.stem, left.isPrefix ? 1 : 0) < (right.stem, right.isPrefix ? 1 : 0)
    }
}
