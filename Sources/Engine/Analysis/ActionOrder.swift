/// How the actions of a rule set stand to each other: which lie inside which, and which overlap without order.
///
/// Candidates are found through the pattern's registry and path, so that a rule set of many patterns is not compared
/// pair by pair.
struct ActionOrder {
    /// For each action, the actions whose boxes lie strictly inside its own.
    private(set) var inside: [[Int]]
    /// For each action, how many boxes strictly hold its own. Of two nested boxes the inner one has the larger
    /// number, so that sorting by it puts the most specific first.
    private(set) var depth: [Int]
    /// Pairs that overlap though neither lies inside the other, the smaller index first.
    private(set) var unordered: [(Int, Int)] = []

    init(_ boxes: [Box], _ patterns: [ImagePattern]) {
        inside = Array(repeating: [], count: boxes.count)
        depth = Array(repeating: 0, count: boxes.count)
        var index = PatternIndex()
        for (action, pattern) in patterns.enumerated() { index.insert(pattern, action) }
        for (action, pattern) in patterns.enumerated() {
            index.forEachRelated(to: pattern) { other, hasSamePath in
                // A pair with one path finds itself twice, any other pair once.
                guard other != action, !hasSamePath || action < other else { return }
                relate(min(action, other), max(action, other), boxes)
            }
        }
        unordered.sort { $0 < $1 }
    }

    private mutating func relate(_ first: Int, _ second: Int, _ boxes: [Box]) {
        let isFirstInside = boxes[first].isSubset(of: boxes[second])
        let isSecondInside = boxes[second].isSubset(of: boxes[first])
        switch (isFirstInside, isSecondInside) {
        case (true, false):
            inside[second].append(first)
            depth[first] += 1
        case (false, true):
            inside[first].append(second)
            depth[second] += 1
        case (true, true):
            unordered.append((first, second))
        case (false, false):
            if !boxes[first].intersection(boxes[second]).isEmpty { unordered.append((first, second)) }
        }
    }
}
