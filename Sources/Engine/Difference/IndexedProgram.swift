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

    /// What is said where something is denied: reasons, and what is warned of besides.
    enum Speech: Hashable {
        case reason(String)
        case warning(String)
    }

    /// The live denials that may speak beside one that wins, and itself.
    private func peers(of winner: Int, on box: Box) -> [Int] {
        let shared = program.code.sharedDenials
        guard shared[winner] != nil else { return [winner] }
        return [winner]
            + actions(meeting: box.imagePattern).filter { other in
                other != winner && shared[other] != nil && !isObserved(other)
                    && !boxes[other].intersection(box).isEmpty
            }
    }

    /// Where each thing is said, of the part of a box that a denial wins; nil where that is too many parts.
    ///
    /// Each denial speaks where it claims the image and nothing does that beats it, so that it makes no difference how
    /// many of them meet.
    func speeches(of winner: Int, on box: Box) -> [Speech: [Box]]? {
        var result: [Speech: [Box]] = [:]
        for denial in peers(of: winner, on: box) {
            // What beats the winner comes before it, and is no part of what it wins.
            let beaters = denial == winner ? [] : program.code.sharedDenials[denial] ?? []
            let holes = beaters.sorted().filter { !isObserved($0) }.map { boxes[$0] }
            guard let parts = Box.remainder(of: [box.intersection(boxes[denial])], without: holes) else { return nil }
            for speech in speeches(of: denial) { result[speech, default: []] += parts }
        }
        return result
    }

    /// What a denial says.
    func speeches(of denial: Int) -> [Speech] {
        guard case .deny(let reason) = action(denial).effect else { return [] }
        return [.reason(reason)] + (action(denial).warning.map { [.warning($0)] } ?? [])
    }

    /// All that is said of an image that a denial wins, in the order of the denials.
    func speeches(of winner: Int, at witness: Witness) -> [Speech] {
        let claiming = peers(of: winner, on: boxes[winner]).filter { boxes[$0].contains(witness) }
        let heard = claiming.filter { denial in
            denial == winner
                || !(program.code.sharedDenials[denial] ?? []).contains {
                    !isObserved($0) && boxes[$0].contains(witness)
                }
        }
        var seen: Set<Speech> = []
        return heard.flatMap(speeches).filter { seen.insert($0).inserted }
    }
}
