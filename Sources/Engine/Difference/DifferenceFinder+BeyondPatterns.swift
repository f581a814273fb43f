/// Differences that patterns do not tell: bypass prefixes, texts that do not parse, the webhook's own image, and
/// namespaces whose labels are not known.
extension DifferenceFinder {
    /// How many actions are tried for a witness.
    private static let trials = 4_096
    /// No reference has a space in it.
    private static let unparsable = "not a reference"

    mutating func compareBeyondPatterns() {
        compareSituations()
        comparePrefixes()
        compareOwnImage()
        compareUnknownLabels()
    }

    private func situations(_ program: IndexedProgram) -> [Box] { program.ignores.filter(\.isSituation).map(\.box) }

    /// What is ignored before it is parsed is not warned about where it does not parse, and keeps its bypass prefix.
    private mutating func compareSituations() {
        let shared = Set(old.program.code.bypassPrefixes).intersection(new.program.code.bypassPrefixes).min()
        for (isOld, one, other) in [(true, old, new), (false, new, old)] {
            guard let pieces = Box.remainder(of: Self.disjoint(situations(one)), without: situations(other)) else {
                undecided.append("what the `ignore`s of namespaces and pods cover")
                continue
            }
            for (kind, prefix) in [(DifferenceRegion.Kind.unparsed, nil), (.bypassed, shared)] {
                if kind == .bypassed, prefix == nil { continue }
                let changed = pieces.filter { piece in
                    point(in: piece, kind: kind, prefix: prefix).map(differs) ?? false
                }
                guard let first = changed.first, let point = point(in: first, kind: kind, prefix: prefix) else {
                    continue
                }
                let ignoring = one.ignores.first { entry in
                    entry.isSituation && !entry.box.intersection(first).isEmpty
                }
                let ignored = DifferenceSide(.ignore, location: .init(ignoring?.location))
                let touched = DifferenceSide(kind == .unparsed ? .warn : .bypass)
                add(
                    kind, changed.flatMap { Self.sets($0, prefix: prefix, kind: kind) }, isOld ? ignored : touched,
                    isOld ? touched : ignored, point)
            }
        }
    }

    private func point(in box: Box, kind: DifferenceRegion.Kind, prefix: String?) -> ImagePoint? {
        guard let witness = box.witness else { return nil }
        return ImagePoint(
            witness, text: kind == .unparsed ? Self.unparsable : (prefix ?? "") + witness.reference.text)
    }

    /// A prefix that only one program knows changes all images under it, but for those that both deny.
    private mutating func comparePrefixes() {
        let known = [old, new].map { Set($0.program.code.bypassPrefixes) }
        for prefix in known[0].symmetricDifference(known[1]).sorted() {
            let isOld = known[0].contains(prefix)
            let ignored = situations(isOld ? old : new)
            guard let pieces = Box.remainder(of: [.everything], without: ignored) else {
                undecided.append("images under `\(prefix)`")
                continue
            }
            if pieces.isEmpty { continue }
            switch under(prefix, isOld ? (old, new) : (new, old), outside: ignored) {
            case .found(let point):
                let bypass = DifferenceSide(.bypass)
                add(
                    .bypassed, pieces.flatMap { Self.sets($0, prefix: prefix, kind: .bypassed) },
                    isOld ? bypass : DifferenceSide(.none), isOld ? DifferenceSide(.none) : bypass, point)
            case .nothing: break
            case .undecided: undecided.append("images under `\(prefix)`")
            }
        }
    }

    /// An image under a prefix that is treated differently by the program that knows it and by another one, outside of
    /// what the first one ignores.
    ///
    /// What one of them does not deny the other can only deny, or write elsewhere: so first whatever either leaves
    /// open is looked at, and then what they say where they deny.
    private func under(
        _ prefix: String, _ programs: (knowing: IndexedProgram, other: IndexedProgram), outside ignored: [Box]
    ) -> BoxSearch<ImagePoint> {
        var isDecided = true
        var denials: [(speeches: [IndexedProgram.Speech], box: Box, prefix: String)] = []
        func look(_ region: Box, outside holes: [Box], after prefix: String) -> ImagePoint? {
            let search = Box.search([region], outside: ignored + holes) { part -> ImagePoint? in
                let found = part.witnesses().lazy.map { ImagePoint($0, text: prefix + $0.image) }.first(where: differs)
                isDecided = isDecided && found != nil
                return found
            }
            switch search {
            case .found(let point): return point
            case .nothing: return nil
            case .undecided:
                isDecided = false
                return nil
            }
        }
        for (program, region, prefix) in [
            (programs.knowing, Box.everything, prefix), (programs.other, Box.under(prefix), ""),
        ] {
            let actions = program.actions(meeting: region.imagePattern).filter { !program.isObserved($0) }
            guard actions.count <= Self.trials else { return .undecided }
            let denying = actions.filter { program.action($0).effect.isDenial }
            if let found = look(region, outside: denying.map { program.boxes[$0] }, after: prefix) {
                return .found(found)
            }
            for box in program.ignores.map(\.box) {
                if let found = look(region.intersection(box), outside: [], after: prefix) { return .found(found) }
            }
            for action in actions where !program.action(action).effect.isDenial {
                let before = program.actions(meeting: program.action(action).pattern).filter {
                    $0 < action && program.action($0).effect.isDenial && !program.isObserved($0)
                }
                let part = region.intersection(program.boxes[action])
                if let found = look(part, outside: before.map { program.boxes[$0] }, after: prefix) {
                    return .found(found)
                }
            }
            denials += denying.map {
                (program.speeches(of: $0), region.intersection(program.boxes[$0]), prefix)
            }
        }
        guard isDecided else { return .undecided }
        // Where all is denied in the same words, the prefix makes no difference.
        guard let first = denials.first, denials.contains(where: { $0.speeches != first.speeches }) else {
            return .nothing
        }
        for denial in denials {
            if let found = look(denial.box, outside: [], after: denial.prefix) { return .found(found) }
        }
        return .undecided
    }

    /// `ignore self` in one program only matters where the other does something to some image.
    private mutating func compareOwnImage() {
        let isOld = old.program.code.ignoresSelf
        guard isOld != new.program.code.ignoresSelf else { return }
        let (one, other) = isOld ? (old, new) : (new, old)
        let ignored = (one.ignores + other.ignores).map(\.box)
        var isDecided = other.boxes.count <= Self.trials
        for (action, box) in other.boxes.enumerated().prefix(Self.trials) {
            if case .allow = other.action(action).effect, other.action(action).warning == nil { continue }
            let before = other.actions(meeting: box.imagePattern).filter { $0 < action }.map { other.boxes[$0] }
            let quick = box.telling.filter { witness in !ignored.contains { $0.contains(witness) } }
            var found = own(quick)
            if found == nil {
                let pieces = before.count > Self.holeBudget ? nil : Box.remainder(of: [box], without: ignored + before)
                isDecided = isDecided && pieces != nil
                found = own((pieces ?? []).flatMap(\.telling))
            }
            guard let found else { continue }
            let side = DifferenceSide(.ignore, location: .init(one.program.ignoreLocations.selfImage))
            let acting = other.side(of: action, isBrief: true)
            add(.ownImage, [], isOld ? side : acting, isOld ? acting : side, found)
            return
        }
        if !isDecided { undecided.append("the webhook's own image") }
    }

    /// The first of some images that, were it the webhook's own, would be treated differently.
    private func own(_ witnesses: [Witness]) -> ImagePoint? {
        witnesses.lazy.map { witness in
            var point = ImagePoint(witness)
            point.selfImage = witness.reference
            return point
        }.first(where: differs)
    }

    /// A program that asks for labels of namespaces touches nothing where they are not known, and says so.
    private mutating func compareUnknownLabels() {
        let isOld = old.program.asksForNamespaceLabels
        guard isOld != new.program.asksForNamespaceLabels else { return }
        let boxes = (Box.remainder(of: [.everything], without: situations(isOld ? old : new)) ?? []) + [.everything]
        let points = boxes.compactMap(\.witness).map { witness in
            var point = ImagePoint(witness)
            point.namespaceLabels = nil
            return point
        }
        guard let point = points.first(where: differs) else { return }
        let warns = DifferenceSide(.warn)
        let decides = DifferenceSide(.none)
        add(.unknownLabels, [], isOld ? warns : decides, isOld ? decides : warns, point)
    }

    private func differs(_ point: ImagePoint) -> Bool {
        point.decide(by: old.program).onlyAnswer != point.decide(by: new.program).onlyAnswer
    }

    private mutating func add(
        _ kind: DifferenceRegion.Kind, _ parts: [DifferenceSet], _ left: DifferenceSide, _ right: DifferenceSide,
        _ point: ImagePoint
    ) {
        regions.append(
            DifferenceRegion(
                kind: kind, parts: Set(parts).sorted(), exceptions: [], old: left, new: right,
                witness: DifferenceWitness(point, self)))
    }

    private static func sets(_ box: Box, prefix: String?, kind: DifferenceRegion.Kind) -> [DifferenceSet] {
        [DifferenceSet(pattern: kind == .unparsed ? "" : (prefix ?? "") + "*", conditions: box.situationWords)]
    }

    /// Boxes that cover the same and do not overlap, so that what is left of them is told once.
    private static func disjoint(_ boxes: [Box]) -> [Box] {
        var result: [Box] = []
        for (index, box) in boxes.enumerated() {
            result += Box.remainder(of: [box], without: Array(boxes[..<index])) ?? [box]
        }
        return result
    }
}
