/// A set of values that can be written down as one pattern, of a family in which two patterns are either nested or
/// disjoint. That is what makes boxes decidable: `a/*` and `b/*` share nothing, `a/*` and `a/b/*` are nested, and no
/// third case exists.
protocol Atom: Hashable, Sendable, Comparable {
    /// Whether every value of the other is one of this.
    func contains(_ other: Self) -> Bool
    /// Some value that none of the others holds, as an atom of its own; the others lie strictly inside this one.
    func witness(avoiding others: [Self]) -> Self?
}

/// A union of atoms with holes: closed under intersection and difference.
struct AtomSet<A: Atom>: Hashable, Sendable {
    /// An atom without some atoms inside it.
    struct Region: Hashable, Sendable {
        let include: A
        /// Sorted, pairwise disjoint, each strictly inside `include`.
        let exclude: [A]

        /// What is left of it without an atom inside it; nil where that is nothing.
        fileprivate func without(_ hole: A) -> Region? {
            if hole == include { return nil }
            if exclude.contains(where: { $0.contains(hole) }) { return self }
            var kept = exclude
            kept.removeAll { hole.contains($0) }
            kept.insert(hole, at: kept.firstIndex { hole < $0 } ?? kept.count)
            return include.witness(avoiding: kept) == nil ? nil : Region(include: include, exclude: kept)
        }
    }

    /// Pairwise disjoint.
    private(set) var regions: [Region]

    init(_ atom: A) {
        regions = [Region(include: atom, exclude: [])]
    }

    private init(regions: [Region]) {
        self.regions = regions
        normalise()
    }

    private mutating func normalise() {
        regions.sort { ($0.include, $0.exclude.count) < ($1.include, $1.exclude.count) }
    }

    var isEmpty: Bool { regions.isEmpty }

    /// Whether the set is one atom without holes.
    var singleAtom: A? {
        guard regions.count == 1, let only = regions.first, only.exclude.isEmpty else { return nil }
        return only.include
    }

    func contains(_ value: A) -> Bool {
        regions.contains { $0.include.contains(value) && !$0.exclude.contains { $0.contains(value) } }
    }

    func intersection(_ other: AtomSet) -> AtomSet {
        var result: [Region] = []
        for left in regions {
            for right in other.regions {
                let smaller: A
                if left.include.contains(right.include) {
                    smaller = right.include
                } else if right.include.contains(left.include) {
                    smaller = left.include
                } else {
                    continue
                }
                if let region = Self.region(smaller, without: left.exclude + right.exclude) { result.append(region) }
            }
        }
        return AtomSet(regions: result)
    }

    func subtracting(_ other: AtomSet) -> AtomSet {
        var remaining = regions
        for hole in other.regions {
            var next: [Region] = []
            for region in remaining {
                if hole.include.contains(region.include) {
                    // Nothing is left but what the hole itself leaves out.
                } else if region.include.contains(hole.include) {
                    if let cut = region.without(hole.include) { next.append(cut) }
                } else {
                    next.append(region)
                    continue
                }
                for island in hole.exclude {
                    if region.include.contains(island) {
                        if let kept = Self.region(island, without: region.exclude) { next.append(kept) }
                    } else if island.contains(region.include) {
                        if let kept = Self.region(region.include, without: region.exclude) { next.append(kept) }
                    }
                }
            }
            remaining = next
        }
        return AtomSet(regions: remaining)
    }

    func isSubset(of other: AtomSet) -> Bool {
        if let left = singleAtom, let right = other.singleAtom { return right.contains(left) }
        return subtracting(other).isEmpty
    }

    /// The set of what becomes of its atoms, where disjoint atoms become disjoint ones and nested ones nested ones.
    func mapped(_ transform: (A) -> A?) -> AtomSet {
        AtomSet(
            regions: regions.compactMap { region in
                transform(region.include).flatMap { Self.region($0, without: region.exclude.compactMap(transform)) }
            })
    }

    /// Values of the set, one a region, as atoms of their own.
    var witnesses: [A] {
        regions.compactMap { $0.include.witness(avoiding: $0.exclude) }
    }

    private static func region(_ atom: A, without holes: [A]) -> Region? {
        var kept: [A] = []
        for hole in holes.sorted() {
            if hole.contains(atom) { return nil }
            guard atom.contains(hole) else { continue }
            if kept.contains(where: { $0.contains(hole) }) { continue }
            kept.removeAll { hole.contains($0) }
            kept.append(hole)
        }
        kept.sort()
        let region = Region(include: atom, exclude: kept)
        return kept.isEmpty || atom.witness(avoiding: kept) != nil ? region : nil
    }
}

extension AtomSet where A == NamespacePattern {
    /// The union of some patterns. Sorted, a prefix stands before all that it holds but the stem itself.
    init(anyOf patterns: some Sequence<NamespacePattern>) {
        var kept: [NamespacePattern] = []
        for pattern in patterns.sorted() {
            if let last = kept.last, last.contains(pattern) { continue }
            if let last = kept.last, pattern.contains(last) { kept.removeLast() }
            kept.append(pattern)
        }
        self.init(regions: kept.map { Region(include: $0, exclude: []) })
    }
}
