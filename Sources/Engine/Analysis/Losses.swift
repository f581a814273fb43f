/// What one action loses, by number: actions, and after them holes. Found by pattern where it is much.
struct Losses {
    let all: [Int]
    private var index: PatternIndex?
    /// A box of the action under conditions that none of these names.
    private(set) var general: Box?

    init(_ all: [Int], from own: Box, pattern: (Int) -> ImagePattern, box: (Int) -> Box) {
        self.all = all
        guard all.count >= 16 else { return }
        var index = PatternIndex(capacity: all.count)
        for number in all { index.insert(pattern(number), number, box: box(number)) }
        index.sortPaths()
        self.index = index
        general = own.underGeneralConditions(outside: all.map(box))
    }

    var isIndexed: Bool { index != nil }

    /// The numbers of those that may have something of a region.
    func near(_ region: Box) -> [Int] {
        guard let index else { return all }
        var found: Set<Int> = []
        index.forEachOverlapping(region) { found.insert($0) }
        return found.sorted()
    }
}
