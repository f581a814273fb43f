/// Two texts that should be the same, each in pieces of which some stand in the other too.
struct TextDifference {
    /// A piece of a text.
    struct Piece: Equatable {
        let text: String
        /// Whether it does not stand in the other text.
        let differs: Bool
    }

    let first: [Piece]
    let second: [Piece]

    /// How many words between the beginnings and the ends that are the same are held against each other.
    private static let limit = 1_000

    init(_ first: String, _ second: String) {
        let (a, b) = (Self.words(first), Self.words(second))
        let before = zip(a, b).prefix { $0 == $1 }.count
        let room = min(a.count, b.count) - before
        let after = min(room, zip(a.reversed(), b.reversed()).prefix { $0 == $1 }.count)
        let common = Self.common(a.dropFirst(before).dropLast(after), b.dropFirst(before).dropLast(after))
        func pieces(_ words: [Substring], _ inside: Set<Int>) -> [Piece] {
            var pieces: [Piece] = []
            for (index, word) in words.enumerated() {
                let isShared = index < before || index >= words.count - after || inside.contains(index)
                if let last = pieces.last, last.differs != isShared {
                    pieces[pieces.count - 1] = Piece(text: last.text + word, differs: last.differs)
                } else {
                    pieces.append(Piece(text: String(word), differs: !isShared))
                }
            }
            return pieces
        }
        self.first = pieces(a, common.first)
        self.second = pieces(b, common.second)
    }

    /// The words of a longest common sequence, by their indices. A stretch counts from two names on, as in `by hub`:
    /// a slash here and there tells nothing.
    private static func common(
        _ a: ArraySlice<Substring>, _ b: ArraySlice<Substring>
    ) -> (first: Set<Int>, second: Set<Int>) {
        guard !a.isEmpty, !b.isEmpty, a.count <= limit, b.count <= limit else { return ([], []) }
        // The length of what the rests of both have in common, from each word on.
        let width = b.count + 1
        var lengths = [Int](repeating: 0, count: (a.count + 1) * width)
        for (i, word) in a.enumerated().reversed() {
            for (j, other) in b.enumerated().reversed() {
                lengths[i * width + j] =
                    word == other
                    ? lengths[(i + 1) * width + j + 1] + 1
                    : max(lengths[(i + 1) * width + j], lengths[i * width + j + 1])
            }
        }
        var (first, second): (Set<Int>, Set<Int>) = ([], [])
        var (i, j) = (a.startIndex, b.startIndex)
        while i < a.endIndex, j < b.endIndex {
            let stretch = zip(a[i...], b[j...]).prefix { $0 == $1 }.map(\.0)
            if !stretch.isEmpty {
                if stretch.count(where: { $0.first.map(isOfName) ?? false }) > 1 {
                    first.formUnion(i..<i + stretch.count)
                    second.formUnion(j..<j + stretch.count)
                }
                i += stretch.count
                j += stretch.count
            } else if lengths[(i - a.startIndex + 1) * width + j - b.startIndex]
                >= lengths[(i - a.startIndex) * width + j - b.startIndex + 1]
            {
                i += 1
            } else {
                j += 1
            }
        }
        return (first, second)
    }

    private static func isOfName(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || "-_.".contains(character)
    }

    /// Runs of what names are made of, and each other character by itself.
    private static func words(_ text: String) -> [Substring] {
        var words: [Substring] = []
        var start = text.startIndex
        for index in text.indices {
            if isOfName(text[index]) { continue }
            if start < index { words.append(text[start..<index]) }
            start = text.index(after: index)
            words.append(text[index..<start])
        }
        if start < text.endIndex { words.append(text[start...]) }
        return words
    }
}
