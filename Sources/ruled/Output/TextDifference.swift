/// Two texts that should be the same, and the part in which they differ: what is between the words that both begin
/// with and those that both end with.
struct TextDifference {
    /// A text in three parts, of which the middle differs.
    struct Parts: Equatable {
        let before: String
        let middle: String
        let after: String
    }

    let first: Parts
    let second: Parts

    init(_ first: String, _ second: String) {
        let (a, b) = (Self.words(first), Self.words(second))
        let before = zip(a, b).prefix { $0 == $1 }.count
        let limit = min(a.count, b.count) - before
        let after = min(limit, zip(a.reversed(), b.reversed()).prefix { $0 == $1 }.count)
        func parts(_ words: [Substring]) -> Parts {
            Parts(
                before: words.prefix(before).joined(), middle: words.dropFirst(before).dropLast(after).joined(),
                after: words.suffix(after).joined())
        }
        self.first = parts(a)
        self.second = parts(b)
    }

    /// Runs of what names are made of, and each other character by itself.
    private static func words(_ text: String) -> [Substring] {
        var words: [Substring] = []
        var start = text.startIndex
        for index in text.indices {
            let character = text[index]
            if character.isLetter || character.isNumber || "-_.".contains(character) { continue }
            if start < index { words.append(text[start..<index]) }
            start = text.index(after: index)
            words.append(text[index..<start])
        }
        if start < text.endIndex { words.append(text[start...]) }
        return words
    }
}
