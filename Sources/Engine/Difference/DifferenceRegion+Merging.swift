import RuleLang

extension DifferenceRegion {
    /// What regions have in common that a person would tell in one sentence.
    private struct Theme: Hashable {
        let kind: Kind
        let conditions: [[String]]
        let old: DifferenceSide
        let new: DifferenceSide
    }

    /// Puts cells in words, those together that read alike.
    static func merge(_ cells: [DifferenceFinder.Cell], in finder: DifferenceFinder, into regions: inout [DifferenceRegion]) {
        var places: [Theme: Int] = [:]
        let acting = Dictionary(grouping: cells.filter { $0.layer == .acting }) { $0.parts.first }
        for cell in cells {
            // Where the act differs, what would be done besides need not be told once more.
            if cell.layer == .observing, let others = acting[cell.parts.first],
                others.contains(where: { Set($0.holes).isSubset(of: cell.holes) && $0.parts == cell.parts })
            {
                continue
            }
            let isIgnored = [cell.left, cell.right].contains { if case .ignored = $0 { true } else { false } }
            let region = DifferenceRegion(
                kind: cell.layer == .acting ? .images : .observed,
                parts: cell.parts.flatMap(\.differenceSets),
                exceptions: exceptions(cell),
                old: side(cell.left, finder.old, isBrief: isIgnored), new: side(cell.right, finder.new, isBrief: isIgnored),
                witness: DifferenceWitness(ImagePoint(cell.witness), finder))
            let theme = Theme(
                kind: region.kind, conditions: Set(region.parts.map(\.conditions)).sorted { $0.lexicographicallyPrecedes($1) },
                old: region.old.withoutLocation, new: region.new.withoutLocation)
            if let place = places[theme] {
                regions[place].add(region)
            } else {
                places[theme] = regions.count
                regions.append(region)
            }
        }
        for index in regions.indices {
            regions[index].parts = Set(regions[index].parts).sorted()
            regions[index].exceptions = Set(regions[index].exceptions).sorted()
        }
        regions.sort { ($0.parts.first ?? .nothing) < ($1.parts.first ?? .nothing) }
    }

    private mutating func add(_ other: DifferenceRegion) {
        parts += other.parts
        exceptions += other.exceptions
        pairs += 1
    }

    /// The narrower sets, without those that others of them hold, as long as these are few.
    private static func exceptions(_ cell: DifferenceFinder.Cell) -> [DifferenceSet] {
        var holes = cell.holes.filter { hole in cell.parts.contains { !$0.intersection(hole).isEmpty } }
        if holes.count <= 256 {
            holes = holes.filter { hole in !holes.contains { hole.isStrictSubset(of: $0) } }
        }
        return holes.flatMap(\.differenceSets) + cell.parts.flatMap(\.leftOut)
    }

    private static func side(
        _ claim: DifferenceFinder.Claim, _ program: IndexedProgram, isBrief: Bool
    ) -> DifferenceSide {
        switch claim {
        case .nothing: return DifferenceSide(.none)
        case .ignored(let index): return DifferenceSide(.ignore, location: program.ignores[index].location)
        case .action(let index): return program.side(of: index, isBrief: isBrief)
        }
    }
}

extension IndexedProgram {
    /// An action in words; a brief one without where it leads.
    func side(of index: Int, isBrief: Bool = false) -> DifferenceSide {
        let action = action(index)
        let rule = rule(of: index)
        let place = program.locations[index]
        let location = "\(place.file):\(place.line)"
        let warning = action.warning
        switch action.effect {
        case .rewrite(let target, let options):
            let modifiers =
                (options.dropsLibrary ? " drop library" : "") + (options.turnsDigestIntoTag ? " digest to tag" : "")
            return DifferenceSide(
                .rewrite, rule: rule.name, location: location, detail: isBrief ? nil : target.text + modifiers,
                warning: warning, marks: rule.marks.map { "\($0.kind == .label ? "label" : "annotation") \($0.key) = \($0.value)" })
        case .allow:
            return DifferenceSide(.allow, rule: rule.name, location: location, warning: warning)
        case .deny(let reason):
            return DifferenceSide(.deny, rule: rule.name, location: location, detail: reason, warning: warning)
        }
    }
}

extension DifferenceSet: Comparable {
    fileprivate static let nothing = DifferenceSet(pattern: "")

    /// By pattern, then by conditions.
    public static func < (left: DifferenceSet, right: DifferenceSet) -> Bool {
        left.pattern == right.pattern
            ? left.conditions.lexicographicallyPrecedes(right.conditions) : left.pattern < right.pattern
    }
}

extension DifferenceWitness {
    /// A point, and what both programs make of it.
    init(_ point: ImagePoint, _ finder: DifferenceFinder) {
        image = point.text
        namespace = point.namespace
        namespaceLabels = point.namespaceLabels
        podLabels = point.podLabels
        place = point.place
        operation = point.place == .ephemeral ? .update : point.operation
        selfImage = point.selfImage
        old = point.decide(by: finder.old.program)
        new = point.decide(by: finder.new.program)
    }
}
