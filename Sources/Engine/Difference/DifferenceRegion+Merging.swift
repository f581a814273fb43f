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
    static func regions(of cells: [DifferenceFinder.Cell], in finder: DifferenceFinder) -> [DifferenceRegion] {
        var single: [DifferenceRegion] = []
        let ignored = Set(finder.old.ignores.map(\.box)).intersection(finder.new.ignores.map(\.box))
        let acting = Dictionary(grouping: cells.filter { $0.layer == .acting }) { $0.parts.first }
        for cell in cells {
            // Where the act differs, what would be done besides need not be told once more.
            if cell.layer == .observing, let others = acting[cell.parts.first],
                others.contains(where: { Set($0.holes).isSubset(of: cell.holes) && $0.parts == cell.parts })
            {
                continue
            }
            let isIgnored = [cell.left, cell.right].contains { if case .ignored = $0 { true } else { false } }
            single.append(
                DifferenceRegion(
                    kind: cell.layer == .acting ? .images : .observed, parts: cell.parts.flatMap(\.differenceSets),
                    exceptions: exceptions(cell, without: ignored),
                    old: side(cell.left, finder.old, cell.witness, isBrief: isIgnored),
                    new: side(cell.right, finder.new, cell.witness, isBrief: isIgnored),
                    witness: DifferenceWitness(ImagePoint(cell.witness), finder)))
        }
        return joined(single, by: \.theme)
    }

    /// Puts regions together whose themes are equal, in the order of their patterns.
    private static func joined(_ regions: [DifferenceRegion], by theme: (DifferenceRegion) -> Theme)
        -> [DifferenceRegion]
    {
        var places: [Theme: Int] = [:]
        var result: [DifferenceRegion] = []
        for region in regions {
            let theme = theme(region)
            if let place = places[theme] {
                result[place].add(region)
            } else {
                places[theme] = result.count
                result.append(region)
            }
        }
        for index in result.indices {
            result[index].parts = Set(result[index].parts).sorted()
            result[index].exceptions = Set(result[index].exceptions).sorted()
        }
        return result.sorted { ($0.parts.first ?? .nothing) < ($1.parts.first ?? .nothing) }
    }

    /// Regions for people: where one rule leads many patterns elsewhere, each to a target of its own, that is told
    /// once, without the targets.
    static func condensed(_ regions: [DifferenceRegion]) -> [DifferenceRegion] {
        let many = Dictionary(grouping: regions.filter { $0.kind == .images }, by: \.briefTheme).filter {
            $0.value.count > 5
        }
        let (brief, full) = (
            regions.filter { many[$0.briefTheme] != nil }.map(\.brief), regions.filter { many[$0.briefTheme] == nil }
        )
        return joined(brief, by: \.theme) + full
    }

    private var theme: Theme {
        Theme(
            kind: kind, conditions: Set(parts.map(\.conditions)).sorted { $0.lexicographicallyPrecedes($1) },
            old: old.withoutLocation, new: new.withoutLocation)
    }

    private var briefTheme: Theme { brief.theme }

    private var brief: DifferenceRegion {
        DifferenceRegion(
            kind: kind, parts: parts, exceptions: exceptions, old: old.withoutTarget, new: new.withoutTarget,
            witness: witness)
    }

    private mutating func add(_ other: DifferenceRegion) {
        parts += other.parts
        exceptions += other.exceptions
    }

    /// The narrower sets, without those that others of them hold, as long as these are few, and without what both
    /// programs ignore: nobody takes that for a part of the region.
    private static func exceptions(_ cell: DifferenceFinder.Cell, without ignored: Set<Box>) -> [DifferenceSet] {
        var holes = cell.holes.filter { hole in
            !ignored.contains(hole) && cell.parts.contains { !$0.intersection(hole).isEmpty }
        }
        if holes.count <= 256 {
            holes = holes.filter { hole in !holes.contains { hole.isStrictSubset(of: $0) } }
        }
        return holes.flatMap(\.differenceSets) + cell.parts.flatMap(\.leftOut)
    }

    private static func side(
        _ claim: DifferenceFinder.Claim, _ program: IndexedProgram, _ witness: Witness, isBrief: Bool
    ) -> DifferenceSide {
        switch claim {
        case .nothing: return DifferenceSide(.none)
        case .ignored(let index): return DifferenceSide(.ignore, location: .init(program.ignores[index].location))
        case .action(let index): return program.side(of: index, at: witness, isBrief: isBrief)
        }
    }
}

extension IndexedProgram {
    /// An action in words, with all that is said of a witness; a brief one without where it leads.
    func side(of index: Int, at witness: Witness? = nil, isBrief: Bool = false) -> DifferenceSide {
        let action = action(index)
        let rule = rule(of: index)
        let place = program.locations[index]
        let location = DifferenceSide.Location("\(place.file):\(place.line)")
        let warning = action.warning
        switch action.effect {
        case .rewrite(let target, let options):
            let modifiers =
                (options.dropsLibrary ? " drop library" : "") + (options.turnsDigestIntoTag ? " digest to tag" : "")
            return DifferenceSide(
                .rewrite, rule: rule.name, location: location, detail: isBrief ? nil : target.text + modifiers,
                warning: warning,
                marks: rule.marks.map { "\($0.kind == .label ? "label" : "annotation") \($0.key) = \($0.value)" })
        case .allow:
            return DifferenceSide(.allow, rule: rule.name, location: location, warning: warning)
        case .deny:
            let said = witness.map { speeches(of: index, at: $0) } ?? speeches(of: index)
            let reasons = said.compactMap { if case .reason(let text) = $0 { text } else { nil } }
            let warnings = said.compactMap { if case .warning(let text) = $0 { text } else { nil } }
            return DifferenceSide(
                .deny, rule: rule.name, location: location, detail: reasons.joined(separator: "; "),
                warning: warnings.isEmpty ? nil : warnings.joined(separator: "; "))
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
