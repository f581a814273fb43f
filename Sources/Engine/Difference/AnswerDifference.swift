import RuleLang

/// Where the answers of two claims differ.
struct AnswerDifference {
    let old: IndexedProgram
    let new: IndexedProgram

    /// The parts of a box for which two claims answer differently, were it theirs alone, those together that differ in
    /// one thing; nil beyond the budget.
    func parts(_ left: DifferenceFinder.Claim, _ right: DifferenceFinder.Claim, of box: Box) -> [[Box]]? {
        let first = acting(left, old)
        let second = acting(right, new)
        guard let first, let second else { return first == nil && second == nil ? [] : [[box]] }
        let one = old.action(first)
        let other = new.action(second)
        switch (one.effect, other.effect) {
        case (.allow, .allow):
            return one.warning == other.warning ? [] : [[box]]
        case (.deny, .deny):
            return denials(first, second, of: box)
        case (.rewrite, .rewrite):
            let comparison = AnswerComparison(
                first: one, second: other, firstMarks: old.rule(of: first).marks,
                secondMarks: new.rule(of: second).marks)
            if comparison.agrees(on: box) { return [] }
            let parts = Self.cut(box, at: Self.library)
            let differing = parts.flatMap { Self.differing($0, comparison) }
            // What differs everywhere, or for all digests, is one part.
            let whole = ([box] + Self.cut(box, at: Self.pinned)).first { Self.cut($0, at: Self.library) == differing }
            return [whole.map { [$0] } ?? differing]
        default:
            return [[box]]
        }
    }

    /// The parts of a box where something is said in one program and not in the other.
    private func denials(_ first: Int, _ second: Int, of box: Box) -> [[Box]]? {
        guard let heard = old.speeches(of: first, on: box), let others = new.speeches(of: second, on: box) else {
            return nil
        }
        var groups: Set<[Box]> = []
        for speech in Set(heard.keys).union(others.keys) {
            let left = Set(heard[speech] ?? [])
            let right = Set(others[speech] ?? [])
            guard let gone = Box.remainder(of: Array(left.subtracting(right)), without: Array(right)),
                let come = Box.remainder(of: Array(right.subtracting(left)), without: Array(left))
            else { return nil }
            let parts = Set(gone + come).sorted { $0.differenceSets.lexicographicallyPrecedes($1.differenceSets) }
            if !parts.isEmpty { groups.insert(parts) }
        }
        return groups.sorted { $0.flatMap(\.differenceSets).lexicographicallyPrecedes($1.flatMap(\.differenceSets)) }
    }

    /// The action that a claim comes to; nil where the image is left as it is, without a word.
    private func acting(_ claim: DifferenceFinder.Claim, _ program: IndexedProgram) -> Int? {
        guard case .action(let index) = claim else { return nil }
        let action = program.action(index)
        if case .allow = action.effect, action.warning == nil { return nil }
        return index
    }

    /// What stands below `library/` of Docker Hub, which rewrites treat apart.
    private static let library = Box(
        pattern: ImagePattern(
            registry: .host("docker.io"), path: PathPattern(components: ["library"], hasWildcard: true)),
        conditions: ConditionSet())

    /// Images with a digest, which rewrites treat apart too.
    private static let pinned: Box = {
        var conditions = ConditionSet()
        conditions.writtenParts = .with(.digest, written: true)
        return Box(pattern: .everything, conditions: conditions)
    }()

    /// A box as the part within another and the rest.
    private static func cut(_ box: Box, at other: Box) -> [Box] {
        ([box.intersection(other)] + box.subtracting(other)).filter { !$0.isEmpty }
    }

    /// The part of a box on which two rewrites differ; all of it where digests make no difference to that.
    private static func differing(_ box: Box, _ comparison: AnswerComparison) -> [Box] {
        if comparison.agrees(on: box) { return [] }
        let parts = cut(box, at: pinned)
        let differing = parts.filter { !comparison.agrees(on: $0) }
        return differing.count == parts.count ? [box] : differing
    }
}
