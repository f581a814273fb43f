/// "Did you mean …?": the known word that a misspelt one was most likely meant to be.
public enum Suggestion {
    /// Words longer than this, in characters, are compared only for equality without regard to case: the
    /// comparison takes time in proportion to the product of both lengths.
    static let longestWord = 128

    /// The candidate nearest to a word, or nil where none is near enough to be helpful.
    ///
    /// A candidate that differs only in case wins. Then comes the one with the fewest edits (a character put in,
    /// left out, replaced, or two neighbours swapped), of which a third of the longer word's length is allowed,
    /// at least one and at most three. Then a candidate that the word abbreviates or extends (`annot`,
    /// `initContainer`), if it is the only one. Ties go to the candidate that sorts first, so that the order of the
    /// candidates never matters.
    public static func closest(to word: String, among candidates: some Sequence<String>) -> String? {
        let folded = Array(word.lowercased())
        guard !folded.isEmpty else { return nil }
        var best: (distance: Int, candidate: String)?
        var related: [String] = []
        for candidate in candidates {
            let other = Array(candidate.lowercased())
            let distance: Int
            if other == folded {
                distance = 0
            } else {
                guard folded.count <= longestWord, other.count <= longestWord else { continue }
                if isAbbreviation(folded, of: other) || isAbbreviation(other, of: folded) {
                    related.append(candidate)
                }
                let allowed = min(3, max(1, max(folded.count, other.count) / 3))
                guard let edits = edits(from: folded, to: other, atMost: allowed),
                    edits < min(folded.count, other.count)
                else { continue }
                distance = edits
            }
            if let found = best, (found.distance, found.candidate) <= (distance, candidate) { continue }
            best = (distance, candidate)
        }
        if let best { return best.candidate }
        let unique = Set(related)
        return unique.count == 1 ? unique.first : nil
    }

    private static func isAbbreviation(_ short: [Character], of long: [Character]) -> Bool {
        short.count >= 3 && short.count < long.count && long.starts(with: short)
    }

    /// The optimal string alignment distance (Damerau-Levenshtein without edits inside a swap), or nil beyond a limit.
    private static func edits(from a: [Character], to b: [Character], atMost limit: Int) -> Int? {
        guard abs(a.count - b.count) <= limit, !a.isEmpty, !b.isEmpty else { return nil }
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        var current = last
        for i in 1...a.count {
            current[0] = i
            for j in 1...b.count {
                let substitution = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
                var cost = min(substitution, last[j] + 1, current[j - 1] + 1)
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    cost = min(cost, beforeLast[j - 2] + 1)
                }
                current[j] = cost
            }
            (beforeLast, last, current) = (last, current, beforeLast)
        }
        let distance = last[b.count]
        return distance <= limit ? distance : nil
    }
}
