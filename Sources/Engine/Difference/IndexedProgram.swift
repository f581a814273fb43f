/// A program with what comparing it to another needs: the boxes of its actions, and indexes to find those that meet.
struct IndexedProgram {
    /// What an `ignore` claims.
    struct Ignored {
        let box: Box
        /// As `file:line`.
        let location: String
        /// Whether it says nothing of the image, so that it counts before the image is even parsed.
        let isSituation: Bool
    }

    /// All that an action says, whatever its rule is called and wherever it stands.
    struct Key: Hashable {
        let pattern: ImagePattern
        let effect: Effect
        let warning: String?
        /// The number of the rule's content.
        let rule: Int
    }

    /// What a rule says for each of its actions; numbered, so that keys are quick to compare.
    struct RuleContent: Hashable {
        let conditions: ConditionSet
        let marks: [Mark]
        let isObserved: Bool
        /// What it beats decides which denials speak. Names differ where nothing else does, which costs a look.
        let overrides: [String]
    }

    let program: Program
    /// The boxes of the actions, in order of rank: where two hold an image, the first one decides.
    let boxes: [Box]
    let keys: [Key]
    let ignores: [Ignored]
    /// Finds actions at and above a pattern.
    private var above = PatternIndex()
    /// Each action under all paths that hold its own, to find those within a pattern.
    private var within = PatternIndex()
    /// The actions on which it depends which denials speak.
    private let deciding: Set<Int>
    /// Into how many parts a box is cut by which denials speak there: each that overlaps the others doubles them.
    private static let speakerBudget = 128

    init(_ program: Program, numbering contents: inout [RuleContent: Int]) {
        self.program = program
        let code = program.code
        var numbers: [Int] = []
        for rule in code.rules {
            let content = RuleContent(
                conditions: rule.conditions, marks: rule.marks, isObserved: rule.isObserved, overrides: rule.overrides)
            let number = contents[content] ?? contents.count
            contents[content] = number
            numbers.append(number)
        }
        deciding = code.sharedDenials.reduce(into: []) { $0.formUnion($1.value.union([$1.key])) }
        boxes = code.actions.map { Box(pattern: $0.pattern, conditions: code.rules[$0.rule].conditions) }
        keys = code.actions.map {
            Key(pattern: $0.pattern, effect: $0.effect, warning: $0.warning, rule: numbers[$0.rule])
        }
        let locations = program.ignoreLocations
        ignores =
            zip(code.ignoredSituations, locations.situations).map {
                Ignored(box: Box(pattern: .everything, conditions: $0), location: $1, isSituation: true)
            }
            + zip(code.ignoredParts, locations.parts).map {
                Ignored(box: Box(pattern: .everything, conditions: $0), location: $1, isSituation: false)
            }
            + zip(code.ignoredImages, locations.images).map {
                Ignored(box: Box(pattern: $0, conditions: ConditionSet()), location: $1, isSituation: false)
            }
        for (action, pattern) in code.actions.map(\.pattern).enumerated() {
            above.insert(pattern, action)
            let path = pattern.path
            for count in 0..<path.components.count + (path.hasWildcard ? 0 : 1) {
                let holder = PathPattern(components: Array(path.components.prefix(count)), hasWildcard: true)
                if holder.contains(path) {
                    within.insert(ImagePattern(registry: pattern.registry, path: holder), action)
                }
            }
        }
    }

    /// The actions whose registry and path may meet those of a pattern, in order of rank.
    func actions(meeting pattern: ImagePattern) -> [Int] {
        var found: [Int] = []
        above.forEachRelated(to: pattern) { action, _ in found.append(action) }
        within.visit(pattern.path, pattern) { action, _ in found.append(action) }
        return found.sorted()
    }

    func action(_ index: Int) -> CompiledAction { program.code.actions[index] }
    func rule(of index: Int) -> CompiledRule { program.code.rules[action(index).rule] }
    func isObserved(_ index: Int) -> Bool { rule(of: index).isObserved }

    /// The denials that speak where one of them wins, over the parts of a box; nil where there are too many parts.
    func speakers(of winner: Int, on box: Box) -> [(box: Box, reasons: Set<String>)]? {
        let shared = program.code.sharedDenials
        // The winner itself claims all of the box.
        let others =
            shared[winner] == nil
            ? []
            : actions(meeting: box.imagePattern).filter { other in
                other != winner && !isObserved(other) && !boxes[other].intersection(box).isEmpty
                    && deciding.contains(other)
            }
        var parts: [(box: Box, claiming: [Int])] = [(box, [winner])]
        for other in others {
            parts = parts.flatMap { part -> [(box: Box, claiming: [Int])] in
                let overlap = part.box.intersection(boxes[other])
                guard !overlap.isEmpty else { return [part] }
                return [(overlap, part.claiming + [other])]
                    + part.box.subtracting(boxes[other]).map { ($0, part.claiming) }
            }
            if parts.count > Self.speakerBudget { return nil }
        }
        return parts.map { part in
            let heard =
                shared[winner] == nil
                ? [winner] : part.claiming.filter { shared[$0]?.isDisjoint(with: part.claiming) ?? false }
            let reasons = heard.compactMap { index -> String? in
                if case .deny(let reason) = action(index).effect { reason } else { nil }
            }
            return (part.box, Set(reasons))
        }
    }
}
