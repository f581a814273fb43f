/// What a search for a part of boxes came to.
enum BoxSearch<Found> {
    case found(Found)
    /// There is none.
    case nothing
    /// There is none in as much as was looked at.
    case undecided
}

extension Box {
    /// How many parts are looked at before a question is reported as not decided.
    static let budget = 4_096

    /// Looks for a part of some boxes that lies outside of others and shows something.
    ///
    /// What is left of a box without another is cut further one part at a time, so that something that is there is
    /// mostly found at once, and only what is covered by very many together is beyond the budget.
    ///
    /// - Parameter show: what a part shows; it is called with disjoint parts that hold all there is, and perhaps
    ///   with a part of these before.
    static func search<Found>(
        _ regions: [Box], outside holes: [Box], _ show: (Box) -> Found?
    ) -> BoxSearch<Found> {
        var parts = 0
        for region in regions where !region.isEmpty {
            let cutting = holes.filter { $0.overlaps(region) }
            // One that holds all of it settles the question, however many others cut it up.
            if cutting.contains(where: region.isSubset) { continue }
            if !cutting.isEmpty, let point = region.generalPart(outside: cutting), let found = show(point) {
                return .found(found)
            }
            var stack = [(box: region, next: 0)]
            while let (box, start) = stack.popLast() {
                guard let next = cutting[start...].firstIndex(where: { $0.overlaps(box) }) else {
                    if let found = show(box) { return .found(found) }
                    parts += 1
                    if parts > budget { return .undecided }
                    continue
                }
                let pieces = box.subtracting(cutting[next])
                parts += pieces.isEmpty ? 1 : 0
                if parts > budget { return .undecided }
                stack += pieces.reversed().map { ($0, next + 1) }
            }
        }
        return .nothing
    }

    /// A part of the box where nothing has a name, a label or a tag that some others ask for, if it lies outside of
    /// all of them: a guess that saves cutting where there are many of them.
    private func generalPart(outside holes: [Box]) -> Box? {
        var part = underGeneralConditions(outside: holes)
        part.registries = registries.general(besides: holes.lazy.flatMap { $0.registries.regions.map(\.include) })
        part.paths = paths.general(besides: holes.lazy.flatMap { $0.paths.regions.map(\.include) })
        part.tags = tags.general(besides: holes.lazy.map(\.tags))
        for hole in holes {
            let places = part.placesAndOperations.subtracting(hole.placesAndOperations)
            if !places.isEmpty { part.placesAndOperations = places }
        }
        guard !part.isEmpty, !holes.contains(where: { $0.overlaps(part) }) else { return nil }
        return part
    }

    /// The box in namespaces and with labels that some others do not ask for, as far as there are such.
    func underGeneralConditions(outside holes: [Box]) -> Box {
        var part = self
        part.namespaces = namespaces.general(besides: holes.lazy.flatMap { $0.namespaces.regions.map(\.include) })
        part.namespaceLabels = namespaceLabels.general(besides: holes.map(\.namespaceLabels))
        part.podLabels = podLabels.general(besides: holes.map(\.podLabels))
        return part
    }

    /// The part of the box in the namespaces and with the labels of another one.
    func underConditions(of other: Box) -> Box {
        var part = self
        part.namespaces = namespaces.intersection(other.namespaces)
        part.namespaceLabels = namespaceLabels.intersection(other.namespaceLabels)
        part.podLabels = podLabels.intersection(other.podLabels)
        return part
    }
}

extension AtomSet {
    /// A value of the set that is none of some atoms, as far as there is one.
    fileprivate func general(besides atoms: some Sequence<A>) -> AtomSet {
        let named = Set(atoms)
        // What nobody divides stays whole, so that a witness need say nothing of it.
        guard
            regions.contains(where: { region in named.contains { $0 != region.include && region.include.contains($0) } }
            )
        else { return self }
        for region in regions {
            let inner = named.filter { $0 != region.include && region.include.contains($0) }
            if let witness = region.include.witness(avoiding: Set(region.exclude).union(inner).sorted()) {
                return AtomSet(witness)
            }
        }
        return self
    }
}

extension TagSet {
    /// The images of the set whose tags are none that others name, as far as there are such.
    fileprivate func general(besides others: some Sequence<TagSet>) -> TagSet {
        let named = others.lazy.flatMap { [$0.withoutDigest, $0.withDigest] }.filter { !$0.tags.isComplement }
            .flatMap(\.tags.listed)
        var result = without(StringSet(named))
        if result.isEmpty { result = self }
        // What was named is gone already: of the sets that are left, few have more in common with it.
        for other in others where !result.intersection(other).isEmpty {
            let rest = result.subtracting(other)
            if !rest.isEmpty { result = rest }
        }
        return result
    }
}

extension LabelRequirements {
    /// Labels of the set that are none of those that others ask for, as far as there are such.
    fileprivate func general(besides others: [LabelRequirements]) -> LabelRequirements {
        var asked: [String: (values: Set<String>, isAbsenceAsked: Bool)] = [:]
        for entry in others.lazy.flatMap(\.entries) {
            asked[entry.key, default: ([], false)].values.formUnion(entry.requirement.values.listed)
            if entry.requirement.allowsAbsent { asked[entry.key]?.isAbsenceAsked = true }
        }
        var result = self
        for (key, (values, isAbsenceAsked)) in asked {
            let own = self[key]
            let free = own.intersection(.notIn(values.sorted())).intersection(.exists)
            if own.allowsAbsent, !isAbsenceAsked || free.isEmpty {
                result[key] = .absent
            } else if !free.isEmpty {
                result[key] = free
            }
        }
        return result
    }
}
