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

    /// The actions that beat one, without some that claim nothing of a registry.
    func beaters(of action: Int, live: Bool, at registry: String) -> [Int] {
        let beaters = losses(of: action, live: live)
        return beaters.near(.host(registry)).compactMap { $0 < beaters.actions.count ? beaters.actions[$0] : nil }
    }

    /// What an action does not win of its box: what others claim that beat it, and what no action claims; without
    /// some that lie beside a region.
    func lost(by action: Int, live: Bool, near region: Box) -> [Box] {
        let losses = losses(of: action, live: live)
        return losses.near(region.registries.singleAtom).map { losses.boxes[$0] }
    }

    /// What one action loses, found by registry where it is much.
    private struct Losses {
        let action: Int
        let live: Bool
        /// The actions that beat it.
        let actions: [Int]
        /// The boxes of these actions, and after them those of holes.
        let boxes: [Box]
        /// The places in `boxes` of those at one registry.
        private var byHost: [String: [Int]] = [:]
        /// The places of all others.
        private var elsewhere: [Int] = []

        init(action: Int, live: Bool, actions: [Int], boxes: [Box]) {
            self.action = action
            self.live = live
            self.actions = actions
            self.boxes = boxes
            guard isLong else { return }
            for (place, box) in boxes.enumerated() {
                if case .host(let host) = box.registries.singleAtom {
                    byHost[host, default: []].append(place)
                } else {
                    elsewhere.append(place)
                }
            }
        }

        var isLong: Bool { boxes.count >= 16 }

        /// The places in `boxes` of those that may have something of a registry.
        func near(_ registry: RegistryPattern?) -> [Int] {
            guard isLong, case .host(let host) = registry else { return Array(boxes.indices) }
            return ((byHost[host] ?? []) + elsewhere).sorted()
        }
    }

    private func losses(of action: Int, live: Bool) -> Losses {
        if let known = longestLosses, known.action == action, known.live == live { return known }
        let actions = beaters(of: action, live: live)
        let losses = Losses(
            action: action, live: live, actions: actions,
            boxes: actions.map { boxes[$0] } + holes(in: action).map(\.box))
        if losses.isLong { longestLosses = losses }
        return losses
    }

    /// Those of the last action that loses to many: it is asked about beside each of them.
    private var longestLosses: Losses?
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
