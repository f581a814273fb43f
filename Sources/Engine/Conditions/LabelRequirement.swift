/// What a selector asks of one key, whatever way it is spelled: the values that are allowed, and whether the key may
/// be absent. `!=` and `notin` hold where the key is absent, as in Kubernetes.
struct LabelRequirement: Hashable, Sendable {
    private(set) var values: StringSet
    private(set) var allowsAbsent: Bool

    static let anything = LabelRequirement(values: .all, allowsAbsent: true)
    static let exists = LabelRequirement(values: .all, allowsAbsent: false)
    static let absent = LabelRequirement(values: .none, allowsAbsent: true)

    /// What several requirements allow together; put together in halves, so that many lists stay short for long.
    init(all requirements: ArraySlice<LabelRequirement>) {
        guard requirements.count > 1 else {
            self = requirements.first ?? .anything
            return
        }
        let middle = requirements.startIndex + requirements.count / 2
        self = LabelRequirement(all: requirements[..<middle])
            .intersection(LabelRequirement(all: requirements[middle...]))
    }

    private init(values: StringSet, allowsAbsent: Bool) {
        self.values = values
        self.allowsAbsent = allowsAbsent
    }

    static func isIn(_ values: [String]) -> LabelRequirement {
        LabelRequirement(values: StringSet(values), allowsAbsent: false)
    }

    static func notIn(_ values: [String]) -> LabelRequirement {
        LabelRequirement(values: StringSet(allBut: values), allowsAbsent: true)
    }

    var isEmpty: Bool { values.isEmpty && !allowsAbsent }
    var isAnything: Bool { values.isAll && allowsAbsent }

    func holds(for value: String?) -> Bool { value.map(values.contains) ?? allowsAbsent }

    func intersection(_ other: LabelRequirement) -> LabelRequirement {
        LabelRequirement(
            values: values.intersection(other.values), allowsAbsent: allowsAbsent && other.allowsAbsent)
    }

    func subtracting(_ other: LabelRequirement) -> LabelRequirement {
        LabelRequirement(
            values: values.subtracting(other.values), allowsAbsent: allowsAbsent && !other.allowsAbsent)
    }

    func isSubset(of other: LabelRequirement) -> Bool { subtracting(other).isEmpty }

    /// The requirement on a key as a selector that can be written; nil where one requirement cannot say it.
    func selector(key: String) -> String? {
        isAnything || (allowsAbsent && !values.isComplement && !values.isEmpty) ? nil : text(key: key)
    }

    /// The requirement on a key as a selector says it.
    func text(key: String) -> String {
        let list = values.listed.map { $0.isEmpty ? "\"\"" : $0 }.joined(separator: ", ")
        switch (values.isComplement, allowsAbsent) {
        case (true, true): return values.listed.isEmpty ? "\(key) or not" : "\(key) notin (\(list))"
        case (true, false): return values.listed.isEmpty ? key : "\(key), \(key) notin (\(list))"
        case (false, true): return values.listed.isEmpty ? "!\(key)" : "!\(key) or \(key) in (\(list))"
        case (false, false): return values.listed.count == 1 ? "\(key) = \(list)" : "\(key) in (\(list))"
        }
    }
}

/// Requirements by key; a key that is not there may be anything.
struct LabelRequirements: Hashable, Sendable {
    struct Entry: Hashable, Sendable {
        let key: String
        let requirement: LabelRequirement
    }

    /// Sorted by key, none of them allows everything.
    private(set) var entries: [Entry] = []

    var isEmptySet: Bool { entries.contains { $0.requirement.isEmpty } }
    var isUnconstrained: Bool { entries.isEmpty }

    subscript(key: String) -> LabelRequirement {
        get {
            let index = firstIndex(from: key)
            return index < entries.count && entries[index].key == key ? entries[index].requirement : .anything
        }
        set {
            let index = firstIndex(from: key)
            let isThere = index < entries.count && entries[index].key == key
            let entry = newValue.isAnything ? [] : [Entry(key: key, requirement: newValue)]
            entries.replaceSubrange(index..<index + (isThere ? 1 : 0), with: entry)
        }
    }

    /// The place of the first entry whose key does not come before one.
    private func firstIndex(from key: String) -> Int {
        var range = entries.indices
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range = entries[middle].key < key ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }

    /// Whether there is a key for which nothing is allowed by both.
    func isDisjoint(with other: LabelRequirements) -> Bool {
        let (few, many) = entries.count < other.entries.count ? (self, other) : (other, self)
        return few.entries.contains { $0.requirement.intersection(many[$0.key]).isEmpty }
    }

    func hold(for labels: [String: String]) -> Bool {
        entries.allSatisfy { $0.requirement.holds(for: labels[$0.key]) }
    }

    func intersection(_ other: LabelRequirements) -> LabelRequirements {
        if entries.isEmpty { return other }
        var result = self
        for entry in other.entries { result[entry.key] = result[entry.key].intersection(entry.requirement) }
        return result
    }

    func isSubset(of other: LabelRequirements) -> Bool {
        // A key that is not asked for here may be anything, which no entry allows.
        other.entries.allSatisfy { entry in
            let index = firstIndex(from: entry.key)
            return index < entries.count && entries[index].key == entry.key
                && entries[index].requirement.isSubset(of: entry.requirement)
        }
    }

    /// The first entry that labels do not satisfy.
    func firstFailure(for labels: [String: String]) -> Entry? {
        entries.first { !$0.requirement.holds(for: labels[$0.key]) }
    }

    /// Labels that satisfy all of it; only what must be there.
    var witness: [String: String] {
        var labels: [String: String] = [:]
        for entry in entries where !entry.requirement.allowsAbsent {
            labels[entry.key] = entry.requirement.values.witness(like: "a")
        }
        return labels
    }
}
