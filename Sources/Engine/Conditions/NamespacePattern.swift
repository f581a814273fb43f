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
        var candidates = [example]
        // A name of its own for each of the others to spoil, and one more; then every single letter after the stem,
        // where prefixes take the others away.
        candidates += (0...others.count).map { example + String($0) }
        let characters = "abcdefghijklmnopqrstuvwxyz0123456789"
        candidates += characters.map { stem + String($0) }
        // Names that are taken away one by one leave those that go on after them.
        candidates += others.filter { !$0.isPrefix }.flatMap { other in characters.map { other.stem + String($0) } }
        for text in candidates where text.utf8.count <= 63 {
            let candidate = NamespacePattern(stem: text, isPrefix: false)
            if !others.contains(where: { $0.contains(candidate) }) { return candidate }
        }
        return nil
    }

    /// An order for canonical output; it means nothing.
    public static func < (left: NamespacePattern, right: NamespacePattern) -> Bool {
        (left.stem, left.isPrefix ? 1 : 0) < (right.stem, right.isPrefix ? 1 : 0)
    }
}
