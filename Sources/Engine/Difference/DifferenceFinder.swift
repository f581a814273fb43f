import RuleLang

/// Finds where two programs differ.
///
/// Where no action that stands in one program only claims an image, the same actions claim it in both, so that the
/// answer is the same. So only the pairs are looked at in which one action is in one program only, and those that come
/// in another order. Each pair decides in a cell: what both claim, without what comes before either.
struct DifferenceFinder {
    /// Who decides for an image in one program.
    enum Claim: Hashable {
        case ignored(Int)
        case action(Int)
        case nothing
    }

    /// Whether rules that observe take part.
    enum Layer {
        case acting
        case observing
    }

    /// A cell in which the answers differ.
    struct Cell {
        let left: Claim
        let right: Claim
        let layer: Layer
        /// What both claim and answer differently.
        let parts: [Box]
        /// What comes before one of them.
        let holes: [Box]
        let witness: Witness
    }

    private struct Pair: Hashable {
        let left: Claim
        let right: Claim
    }

    /// How many pairs of actions are looked at before the rest is reported as not decided.
    static let pairBudget = 4_000_000
    /// With more narrower actions than this, and no image found at once, a cell is reported as not decided.
    static let holeBudget = 2_048

    let old: IndexedProgram
    let new: IndexedProgram
    private(set) var cells: [Cell] = []
    var regions: [DifferenceRegion] = []
    var undecided: [String] = []
    private var pairs: Set<Pair> = []
    private var work = 0
    /// Images under bypass prefixes, and which programs know these: they go by rules of their own.
    private let bypassed: [(box: Box, isInOld: Bool, isInNew: Bool)]

    init(old: Program, new: Program) {
        var contents: [IndexedProgram.RuleContent: Int] = [:]
        self.old = IndexedProgram(old, numbering: &contents)
        self.new = IndexedProgram(new, numbering: &contents)
        bypassed = Set(old.code.bypassPrefixes + new.code.bypassPrefixes).sorted().map { prefix in
            (.under(prefix), old.code.bypassPrefixes.contains(prefix), new.code.bypassPrefixes.contains(prefix))
        }
    }

    mutating func run() {
        compare(.acting)
        if (old.program.code.rules + new.program.code.rules).contains(where: \.isObserved) { compare(.observing) }
        if work > Self.pairBudget {
            undecided = ["too many actions meet; not all pairs of them were compared"]
        }
        regions = DifferenceRegion.regions(of: cells, in: self)
        compareBeyondPatterns()
    }

    // MARK: Which pairs

    private mutating func compare(_ layer: Layer) {
        pairs = []
        let oldKeys = Set(old.keys)
        let newKeys = Set(new.keys)
        let changedOld = Self.changed(old, newKeys)
        let changedNew = Self.changed(new, oldKeys)
        for left in changedOld where work <= Self.pairBudget {
            for right in new.actions(meeting: old.action(left).pattern) {
                consider(.action(left), .action(right), layer)
            }
            consider(.action(left), .nothing, layer)
        }
        for right in changedNew where work <= Self.pairBudget {
            for left in old.actions(meeting: new.action(right).pattern) {
                consider(.action(left), .action(right), layer)
            }
            consider(.nothing, .action(right), layer)
        }
        considerOrder(changedOld, layer)
        let oldIgnored = Set(old.ignores.map(\.box))
        let newIgnored = Set(new.ignores.map(\.box))
        for (left, entry) in old.ignores.enumerated() where !newIgnored.contains(entry.box) {
            for right in new.actions(meeting: entry.box.imagePattern) {
                consider(.ignored(left), .action(right), layer)
            }
        }
        for (right, entry) in new.ignores.enumerated() where !oldIgnored.contains(entry.box) {
            for left in old.actions(meeting: entry.box.imagePattern) {
                consider(.action(left), .ignored(right), layer)
            }
        }
    }

    /// The actions that the other program lacks, and the denials that may speak together with one of these, or no more.
    private static func changed(_ program: IndexedProgram, _ others: Set<IndexedProgram.Key>) -> [Int] {
        let own = program.keys.indices.filter { !others.contains(program.keys[$0]) }
        let shared = program.program.code.sharedDenials
        let peers =
            shared.isEmpty
            ? [] : own.flatMap { program.actions(meeting: program.action($0).pattern).filter { shared[$0] != nil } }
        return Set(own + peers).sorted()
    }

    /// Actions that both programs have and that come in another order.
    private mutating func considerOrder(_ changedOld: [Int], _ layer: Layer) {
        var ranks: [IndexedProgram.Key: Int] = [:]
        for (rank, key) in new.keys.enumerated() where ranks[key] == nil { ranks[key] = rank }
        let counterparts = old.keys.map { ranks[$0] }
        for (first, counterpart) in counterparts.enumerated() where work <= Self.pairBudget {
            guard let counterpart else { continue }
            // Most often the order is the same from the first to the last.
            for second in old.actions(meeting: old.action(first).pattern) where second > first {
                guard let other = counterparts[second], other < counterpart else { continue }
                consider(.action(first), .action(other), layer)
            }
            work += 1
        }
    }

    // MARK: One pair

    private func box(_ claim: Claim, in program: IndexedProgram) -> Box? {
        switch claim {
        case .ignored(let index): program.ignores[index].box
        case .action(let index): program.boxes[index]
        case .nothing: nil
        }
    }

    private mutating func consider(_ left: Claim, _ right: Claim, _ layer: Layer) {
        guard isIn(left, old, layer), isIn(right, new, layer) else { return }
        if layer == .observing, !isObserved(left, old), !isObserved(right, new) { return }
        work += 1
        guard work <= Self.pairBudget, pairs.insert(Pair(left: left, right: right)).inserted else { return }
        var base = box(left, in: old) ?? .everything
        if let other = box(right, in: new) { base = base.intersection(other) }
        guard !base.isEmpty else { return }
        let groups: [[Box]]
        if layer == .observing {
            groups = [[base]]
        } else if let differing = AnswerDifference(old: old, new: new).parts(left, right, of: base) {
            groups = differing
        } else {
            // What is too hard costs as much as many pairs.
            work += Self.pairBudget / 400
            return notDecided(base)
        }
        guard !groups.isEmpty, let holes = holes(left, right, base, layer) else { return }
        for parts in groups { find(left, right, layer, base, parts, holes) }
    }

    private func isIn(_ claim: Claim, _ program: IndexedProgram, _ layer: Layer) -> Bool {
        if case .action(let index) = claim, layer == .acting { return !program.isObserved(index) }
        return true
    }

    private func isSituation(_ claim: Claim, _ program: IndexedProgram) -> Bool {
        if case .ignored(let index) = claim { program.ignores[index].isSituation } else { false }
    }

    private func isObserved(_ claim: Claim, _ program: IndexedProgram) -> Bool {
        if case .action(let index) = claim { program.isObserved(index) } else { false }
    }

    /// What comes before one of two claims; nil where that is all of it.
    private mutating func holes(_ left: Claim, _ right: Claim, _ base: Box, _ layer: Layer) -> [Box]? {
        // What is ignored whatever the image is keeps its prefix.
        var holes = bypassed.filter { prefix in
            !(isSituation(left, old) && !prefix.isInNew || isSituation(right, new) && !prefix.isInOld)
        }.map(\.box)
        for (claim, program) in [(left, old), (right, new)] {
            let last: Int
            switch claim {
            case .ignored: continue
            case .action(let index): last = index
            case .nothing: last = program.boxes.count
            }
            holes += program.ignores.map(\.box)
            let meeting = program.actions(meeting: base.imagePattern)
            // A look at one of many costs a part of what a pair does.
            work += meeting.count / 16
            for action in meeting where action < last {
                if layer == .acting, program.isObserved(action) { continue }
                let box = program.boxes[action]
                if base.isSubset(of: box) { return nil }
                if !box.intersection(base).isEmpty { holes.append(box) }
            }
        }
        if holes.contains(where: base.isSubset) { return nil }
        return Array(Set(holes.filter { !$0.intersection(base).isEmpty }))
    }

    private mutating func find(
        _ left: Claim, _ right: Claim, _ layer: Layer, _ base: Box, _ parts: [Box], _ holes: [Box]
    ) {
        func isShown(_ witness: Witness) -> Bool {
            !holes.contains { $0.contains(witness) } && confirms(witness, layer)
        }
        var witness = parts.lazy.flatMap(\.telling).first(where: isShown)
        if witness == nil {
            guard holes.count <= Self.holeBudget, let remaining = Box.remainder(of: parts, without: holes) else {
                return notDecided(base)
            }
            var pieces: [Box] = []
            for piece in remaining {
                let differing =
                    layer == .observing
                    ? split(piece)
                    : AnswerDifference(old: old, new: new).parts(left, right, of: piece)?.flatMap(\.self)
                guard let differing else { return notDecided(base) }
                pieces += differing
            }
            witness = pieces.lazy.flatMap(\.telling).first(where: isShown)
            // The observation may be the same for all of it; the answers of acting rules were proved to differ.
            if witness == nil, layer == .acting, !pieces.isEmpty { return notDecided(base) }
        }
        guard let witness else { return }
        cells.append(Cell(left: left, right: right, layer: layer, parts: parts, holes: holes, witness: witness))
    }

    /// What a rule that observes says depends on what acts there: the parts of a box in which one action of each
    /// program acts.
    private func split(_ box: Box) -> [Box]? {
        var parts = [box]
        for program in [old, new] {
            for action in program.actions(meeting: box.imagePattern) where !program.isObserved(action) {
                parts = parts.flatMap { part -> [Box] in
                    let shared = part.intersection(program.boxes[action])
                    return shared.isEmpty ? [part] : [shared] + part.subtracting(program.boxes[action])
                }
                if parts.count > Box.budget { return nil }
            }
        }
        return parts
    }

    private func confirms(_ witness: Witness, _ layer: Layer) -> Bool {
        let point = ImagePoint(witness)
        guard let left = point.decide(by: old.program).onlyAnswer, let right = point.decide(by: new.program).onlyAnswer
        else { return false }
        switch layer {
        case .acting: return !left.isSameAct(as: right)
        case .observing: return left.observation != right.observation
        }
    }

    private mutating func notDecided(_ base: Box) {
        let set = base.differenceSets.first
        let conditions = set?.conditions.joined(separator: ", ") ?? ""
        let text = "`\(set?.pattern ?? "*/*")`" + (conditions.isEmpty ? "" : " where \(conditions)")
        if !undecided.contains(text) { undecided.append(text) }
    }
}

extension Box {
    /// What stands under a bypass prefix, as images of a registry.
    static func under(_ prefix: String) -> Box {
        Box(
            pattern: ImagePattern(
                registry: .host(String(prefix.dropLast())), path: PathPattern(components: [], hasWildcard: true)),
            conditions: ConditionSet())
    }

    /// A pattern that holds all images of the box.
    var imagePattern: ImagePattern {
        ImagePattern(
            registry: registries.singleAtom ?? .any,
            path: paths.singleAtom ?? PathPattern(components: [], hasWildcard: true))
    }

    /// Points of the box that tell answers apart: some image, one with a tag of its own, one under a name that nobody
    /// gives, an official one of Docker Hub, one below `library/` that is none, and one with a digest.
    var telling: [Witness] {
        var tagged = ConditionSet()
        tagged.writtenParts = WrittenParts(hasTag: true, hasDigest: false)
        var pinned = ConditionSet()
        pinned.writtenParts = .with(.digest, written: true)
        let library = ["library", "library/a"].map { text in
            Box(
                pattern: ImagePattern(
                    registry: .host("docker.io"),
                    path: PathPattern(components: text.split(separator: "/").map(String.init), hasWildcard: true)),
                conditions: ConditionSet())
        }
        var boxes = [self]
        if let path = paths.singleAtom, path.hasWildcard {
            var named = self
            named.paths = AtomSet(
                PathPattern(components: path.components + ["some-image", "of-ours"], hasWildcard: false))
            boxes.append(named)
        }
        boxes.insert(intersection(Box(pattern: .everything, conditions: tagged)), at: 1)
        boxes += (library + [Box(pattern: .everything, conditions: pinned)]).map(intersection)
        return boxes.filter { !$0.isEmpty }.compactMap(\.witness)
    }
}
