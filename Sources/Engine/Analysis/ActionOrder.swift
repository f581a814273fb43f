/// How the actions of a rule set stand to each other: which beat which, and which overlap without order.
///
/// An action beats another where its box lies strictly inside the other's, or where they overlap, neither lies
/// strictly inside the other, and its rule says `overrides`. Candidates are found through the pattern's registry and
/// path, so that a rule set of many patterns is not compared pair by pair.
struct ActionOrder {
    /// For each action, the actions whose boxes lie strictly inside its own.
    private(set) var inside: [[Int]]
    /// For each action, the actions that beat it because their rules override its rule.
    private(set) var overriders: [[Int]]
    /// For each action, the length of the longest chain of actions of which each beats the next, beginning with it.
    /// Of two actions the one that beats the other has the larger number, so that sorting by it puts first what
    /// nothing beats.
    private(set) var height: [Int]
    /// Pairs that overlap though neither beats the other, the smaller index first. Of those that say the same of all
    /// images only denials, which speak together.
    private(set) var unordered: [(Int, Int)] = []
    /// Actions of which each beats the next, and the last one the first; nil where there are none, as there should.
    private(set) var cycle: [Int]?

    init(_ boxes: [Box], _ actions: [CompiledAction], _ rules: [CompiledRule]) {
        inside = Array(repeating: [], count: boxes.count)
        overriders = inside
        height = Array(repeating: 0, count: boxes.count)
        let overrides = rules.map { Set($0.overrides) }
        var index = PatternIndex(capacity: actions.count)
        for (number, action) in actions.enumerated() { index.insert(action.pattern, number, box: boxes[number]) }
        for (number, action) in actions.enumerated() where !Task.isCancelled {
            var seen: Set<Int> = []
            index.forEachRelated(to: action.pattern, box: boxes[number]) { other, hasSamePath in
                // A pair with one path finds itself twice, any other pair once.
                guard other != number, !hasSamePath || number < other, seen.insert(other).inserted else { return }
                let (first, second) = (min(number, other), max(number, other))
                let (left, right) = (actions[first].rule, actions[second].rule)
                relate(
                    first, second, boxes,
                    isFirstOver: !overrides[left].isEmpty && overrides[left].contains(rules[right].name),
                    isSecondOver: !overrides[right].isEmpty && overrides[right].contains(rules[left].name),
                    isAnswerShared: actions[first].saysTheSame(as: actions[second])
                        && rules[left].marks == rules[right].marks)
            }
        }
        unordered.sort { $0 < $1 }
        // The index has no order.
        for action in inside.indices {
            inside[action].sort()
            overriders[action].sort()
        }
        measure()
    }

    private mutating func relate(
        _ first: Int, _ second: Int, _ boxes: [Box], isFirstOver: Bool, isSecondOver: Bool,
        isAnswerShared: @autoclosure () -> Bool
    ) {
        // Labels tell most of many rules for one pattern apart; to look at whole boxes costs more than that.
        func isInside(_ inner: Int, _ outer: Int) -> Bool {
            boxes[inner].podLabels.isSubset(of: boxes[outer].podLabels) && boxes[inner].isSubset(of: boxes[outer])
        }
        let isFirstInside = isInside(first, second)
        let isSecondInside = isInside(second, first)
        if isFirstInside != isSecondInside {
            if isFirstInside { inside[second].append(first) } else { inside[first].append(second) }
            return
        }
        if !isFirstOver, !isSecondOver, isAnswerShared() { return }
        guard isFirstInside || boxes[first].overlaps(boxes[second]) else { return }
        if isFirstOver { overriders[second].append(first) }
        if isSecondOver { overriders[first].append(second) }
        if !isFirstOver, !isSecondOver { unordered.append((first, second)) }
    }

    /// The actions that beat one.
    func beaters(of action: Int) -> [Int] { inside[action] + overriders[action] }

    /// Finds the heights from below, an action after all that it beats; what is never reached is in a cycle or
    /// beats one that is.
    private mutating func measure() {
        var missing = Array(repeating: 0, count: height.count)
        for action in height.indices {
            for beater in beaters(of: action) { missing[beater] += 1 }
        }
        var ready = height.indices.filter { missing[$0] == 0 }
        var reached = 0
        while reached < ready.count {
            let action = ready[reached]
            reached += 1
            for beater in beaters(of: action) {
                height[beater] = max(height[beater], height[action] + 1)
                missing[beater] -= 1
                if missing[beater] == 0 { ready.append(beater) }
            }
        }
        guard ready.count < height.count else { return }
        // Every action that was not reached beats another one that was not, so that this walk comes back.
        var beaten: [Int: Int] = [:]
        for action in height.indices where missing[action] > 0 {
            for beater in beaters(of: action) where beaten[beater] == nil { beaten[beater] = action }
        }
        var path: [Int] = []
        var next = height.indices.first { missing[$0] > 0 }
        while let action = next {
            if let start = path.firstIndex(of: action) {
                cycle = Array(path[start...])
                return
            }
            path.append(action)
            next = beaten[action]
        }
    }
}
