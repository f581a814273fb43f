/// What a small rule set means, with sets of actions and of `ignore`s as bits.
struct SmallRuleSetMeaning {
    let set: SmallRuleSet
    let images: [SmallRuleSet.Image]
    /// For each action, those that beat it.
    var beaters: [UInt32]
    let observed: UInt32
    let allowing: UInt32

    init(_ set: SmallRuleSet) {
        self.set = set
        var observed: UInt32 = 0
        var allowing: UInt32 = 0
        for (index, action) in set.actions.enumerated() {
            if set.rules[action.rule].isObserved { observed |= 1 << index }
            if action.effect == .allow { allowing |= 1 << index }
        }
        self.observed = observed
        self.allowing = allowing
        // What lies inside what is counted over all images and situations.
        let all = set.images
        self.images = all
        let images = set.actions.map { action in Set(all.indices.filter { Self.holds(action, all[$0], set) }) }
        let situations = set.actions.map { action in
            Set(
                Self.situations.indices.filter {
                    Self.holds(set.rules[action.rule].conditions, Self.situations[$0])
                })
        }
        func isInside(_ left: Int, _ right: Int) -> Bool {
            images[left].isSubset(of: images[right]) && situations[left].isSubset(of: situations[right])
        }
        beaters = set.actions.indices.map { loser in
            var mask: UInt32 = 0
            for winner in set.actions.indices where winner != loser {
                let isIn = isInside(winner, loser)
                let isAround = isInside(loser, winner)
                let overrides = set.rules[set.actions[winner].rule].overrides.contains(set.actions[loser].rule)
                let overlaps =
                    !images[winner].isDisjoint(with: images[loser])
                    && !situations[winner].isDisjoint(with: situations[loser])
                if isIn != isAround ? isIn : overrides && overlaps { mask |= 1 << winner }
            }
            return mask
        }
    }

    static let situations: [(namespace: Int, labelled: Int, place: Int)] = (0..<2).flatMap { namespace in
        (0..<2).flatMap { labelled in (0..<SmallRuleSet.places).map { (namespace, labelled, $0) } }
    }

    static func holds(_ conditions: SmallRuleSet.Conditions, _ s: (namespace: Int, labelled: Int, place: Int))
        -> Bool
    {
        conditions.namespaces >> s.namespace & 1 == 1 && conditions.labelled >> s.labelled & 1 == 1
            && conditions.places >> s.place & 1 == 1
    }

    static func holds(_ action: SmallRuleSet.Action, _ image: SmallRuleSet.Image, _ set: SmallRuleSet) -> Bool {
        action.pattern.matches(image)
            && set.rules[action.rule].conditions.digests >> (image.hasDigest ? 1 : 0) & 1 == 1
    }

    /// The actions that an image's name, tag and digest are in, and the `ignore`s.
    func matching(_ image: SmallRuleSet.Image) -> (actions: UInt32, ignores: UInt32) {
        var actions: UInt32 = 0
        var ignores: UInt32 = 0
        for (index, action) in set.actions.enumerated() where Self.holds(action, image, set) {
            actions |= 1 << index
        }
        for (index, ignore) in set.ignores.enumerated()
        where ignore.pattern.matches(image) && ignore.conditions.digests >> (image.hasDigest ? 1 : 0) & 1 == 1 {
            ignores |= 1 << index
        }
        return (actions, ignores)
    }

    /// The actions and `ignore`s that a situation is in.
    func matching(_ s: (namespace: Int, labelled: Int, place: Int)) -> (actions: UInt32, ignores: UInt32) {
        var actions: UInt32 = 0
        var ignores: UInt32 = 0
        for (index, action) in set.actions.enumerated() where Self.holds(set.rules[action.rule].conditions, s) {
            actions |= 1 << index
        }
        for (index, ignore) in set.ignores.enumerated() where Self.holds(ignore.conditions, s) {
            ignores |= 1 << index
        }
        return (actions, ignores)
    }

    /// Those of some claiming actions that none of them beats.
    func best(_ claiming: UInt32) -> UInt32 {
        var best: UInt32 = 0
        var left = claiming
        while left != 0 {
            let index = left.trailingZeroBitCount
            left &= left - 1
            if beaters[index] & claiming == 0 { best |= 1 << index }
        }
        return best
    }
}

extension SmallRuleSet {
    /// The line of an action in the text, from 0.
    func line(of action: Int) -> Int {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let start = lines.firstIndex { $0.hasPrefix("rule r\(actions[action].rule) ") } ?? 0
        let pattern = "\"\(actions[action].pattern.text)\""
        return (start..<lines.count).first { line in
            ["rewrite", "allow", "deny"].contains { lines[line].hasPrefix("    \($0) \(pattern)") }
        } ?? 0
    }
}
