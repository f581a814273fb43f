import RuleLang

/// The actions of a rule set as the analyses see them: boxes, how they stand to each other, and what is ignored. A
/// class, so that it is handed on as one reference and not as its ten arrays.
final class ActionModel {
    /// An action's `ignore` or bypass prefix: what no action claims, with where that is said.
    struct Hole {
        let box: Box
        let span: Span
        /// The images that it may cover.
        let pattern: ImagePattern
        /// The condition of an `ignore` that has one.
        let conditions: ConditionSet?
    }

    let rules: [CompiledRule]
    let actions: [CompiledAction]
    let spans: [Span]
    let boxes: [Box]
    let order: ActionOrder
    /// What no action claims: what is ignored, `ignore self` left out, and what stands under a bypass prefix.
    let holes: [Hole]
    let bypassPrefixes: Set<String>
    let replay: Replay
    /// For each action, the holes whose patterns overlap its own; empty where there are no holes.
    private let relatedHoles: [[Int]]

    init(
        rules: [CompiledRule], actions: [CompiledAction], spans: [Span], boxes: [Box], order: ActionOrder,
        holes: [Hole], bypassPrefixes: Set<String>, replay: Replay
    ) {
        self.rules = rules
        self.actions = actions
        self.spans = spans
        self.boxes = boxes
        self.order = order
        self.holes = holes
        self.bypassPrefixes = bypassPrefixes
        self.replay = replay
        guard !holes.isEmpty else {
            relatedHoles = []
            return
        }
        var related = Array(repeating: Set<Int>(), count: actions.count)
        var actionIndex = PatternIndex(capacity: actions.count)
        var holeIndex = PatternIndex()
        for (number, action) in actions.enumerated() { actionIndex.insert(action.pattern, number) }
        for (number, hole) in holes.enumerated() { holeIndex.insert(hole.pattern, number) }
        for (number, action) in actions.enumerated() where !Task.isCancelled {
            holeIndex.forEachRelated(to: action.pattern) { hole, _ in related[number].insert(hole) }
        }
        for (number, hole) in holes.enumerated() where !Task.isCancelled {
            actionIndex.forEachRelated(to: hole.pattern) { action, _ in related[action].insert(number) }
        }
        relatedHoles = related.map { $0.sorted() }
    }

    /// The holes that may take something from an action.
    func holes(in action: Int) -> [Hole] { holes.isEmpty ? [] : relatedHoles[action].map { holes[$0] } }

    /// The rule of an action.
    func rule(_ action: Int) -> CompiledRule { rules[actions[action].rule] }

    /// The name of an action's rule.
    func name(_ action: Int) -> String { rule(action).name }

    /// The actions that beat one. Those that only observe take nothing away from what is live.
    func beaters(of action: Int, live: Bool) -> [Int] {
        order.beaters(of: action).filter { !live || !rule($0).isObserved }
    }

    /// The actions that beat one, without some that claim nothing of an image in the situation of a witness.
    func beaters(of action: Int, live: Bool, at reference: Reference, in witness: Witness) -> [Int] {
        losses(of: action, live: live).near(Box(reference, in: witness)).filter { $0 < actions.count }
    }

    /// What an action does not win of its box: what others claim that beat it, and what no action claims; without
    /// some that lie beside a region.
    func lost(by action: Int, live: Bool, near region: Box) -> [(pattern: ImagePattern, box: Box)] {
        losses(of: action, live: live).near(region).map { (pattern($0), box($0)) }
    }

    /// Whether an action may not win all of its box.
    func losesAny(_ action: Int) -> Bool {
        !order.beaters(of: action).isEmpty || !holes.isEmpty && !relatedHoles[action].isEmpty
    }

    /// Looks for a part of a region that an action wins and that shows something, as `Box.search` does; first under
    /// conditions that nothing of what it loses names.
    func search<Found>(
        _ region: Box, wonBy action: Int, live: Bool, _ show: (Box) -> Found?
    ) -> BoxSearch<Found> {
        let losses = losses(of: action, live: live)
        func search(_ region: Box) -> BoxSearch<Found> {
            Box.search([region], outside: losses.near(region).map(box), show)
        }
        if let general = losses.general, case .found(let found) = search(region.underConditions(of: general)) {
            return .found(found)
        }
        return search(region)
    }

    private func pattern(_ number: Int) -> ImagePattern {
        number < actions.count ? actions[number].pattern : holes[number - actions.count].pattern
    }

    private func box(_ number: Int) -> Box {
        number < actions.count ? boxes[number] : holes[number - actions.count].box
    }

    private struct LossesKey: Hashable {
        let action: Int
        let live: Bool
    }

    /// Those of actions that lose to many, which are asked about beside each of them.
    private var indexedLosses: [LossesKey: Losses] = [:]
    /// How much they hold.
    private var indexedCount = 0

    private func losses(of action: Int, live: Bool) -> Losses {
        let key = LossesKey(action: action, live: live)
        if let known = indexedLosses[key] { return known }
        let holes = holes.isEmpty ? [] : relatedHoles[action].map { actions.count + $0 }
        let losses = Losses(beaters(of: action, live: live) + holes, from: boxes[action], pattern: pattern, box: box)
        guard losses.isIndexed else { return losses }
        // Deeply nested rules would hold each other many times over.
        if indexedCount > 4 * actions.count {
            indexedLosses = [:]
            indexedCount = 0
        }
        indexedLosses[key] = losses
        indexedCount += losses.all.count
        return losses
    }
}

extension ActionModel.Hole {
    /// What an `ignore` covers; nil for `ignore self`, since the own image is not known here.
    init?(_ ignore: CheckedIgnore) {
        guard let box = Box(ignored: ignore.entry) else { return nil }
        let conditions: ConditionSet? = if case .conditions(let set) = ignore.entry { set } else { nil }
        self.init(box: box, span: ignore.span, pattern: ignore.entry.pattern, conditions: conditions)
    }

    /// What stands under a bypass prefix: without it, it is another image.
    init(_ bypass: CheckedBypass) {
        let pattern = ImagePattern(
            registry: .host(String(bypass.prefix.dropLast())), path: PathPattern(components: [], hasWildcard: true))
        self.init(
            box: Box(pattern: pattern, conditions: ConditionSet()), span: bypass.span, pattern: pattern,
            conditions: nil)
    }
}
