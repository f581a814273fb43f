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
        // Names that read well; where they are all taken, any other one.
        for number in -1...others.count {
            let name = NamespacePattern(stem: number < 0 ? example : example + String(number), isPrefix: false)
            if name.isName, !others.contains(where: { $0.contains(name) }) { return name }
        }
        return firstName(avoiding: others)
    }

    /// Whether the stem is a name of a namespace, an RFC 1123 label: lower-case letters, digits and `-`, which neither
    /// starts nor ends it, 63 characters at most.
    private var isName: Bool {
        let hyphen = UInt8(ascii: "-")
        return (1...63).contains(stem.utf8.count) && stem.utf8.first != hyphen && stem.utf8.last != hyphen
    }

    /// A name with this prefix that none of the others holds; nil only if there is none. Looks at each character that
    /// may follow a prefix of theirs.
    private func firstName(avoiding others: [NamespacePattern]) -> NamespacePattern? {
        let characters = "abcdefghijklmnopqrstuvwxyz0123456789-"
        var stack = [(prefix: self, others: others)]
        while let (prefix, others) = stack.popLast() {
            guard !others.contains(where: { $0.contains(prefix) }) else { continue }
            let name = NamespacePattern(stem: prefix.stem, isPrefix: false)
            if name.isName, !others.contains(name) { return name }
            guard prefix.stem.utf8.count < 63 else { continue }
            for character in characters.reversed() where character != "-" || !prefix.stem.isEmpty {
                let longer = NamespacePattern(stem: prefix.stem + String(character), isPrefix: true)
                stack.append((longer, others.filter { longer.contains($0) || $0.contains(longer) }))
            }
        }
        return nil
    }

    /// An order for canonical output; it means nothing.
    public static func < (left: NamespacePattern, right: NamespacePattern) -> Bool {
        (left.stem, left.isPrefix ? 1 : 0) < (right.stem, right.isPrefix ? 1 : 0)
    }
}
