/// A finite set of strings, or the complement of one: closed under intersection and difference, so that what
/// selectors and tags say can be decided exactly.
struct StringSet: Hashable, Sendable {
    /// The members, or the strings that are not members; sorted and unique, so that equal sets compare equal.
    private(set) var listed: [String]
    /// Whether `listed` names what is not in the set.
    private(set) var isComplement: Bool

    static let all = StringSet(listed: [], isComplement: true)
    static let none = StringSet(listed: [], isComplement: false)

    private init(listed: [String], isComplement: Bool) {
        self.listed = listed
        self.isComplement = isComplement
    }

    init(_ members: some Sequence<String>) {
        self.init(listed: Set(members).sorted(), isComplement: false)
    }

    init(allBut strings: some Sequence<String>) {
        self.init(listed: Set(strings).sorted(), isComplement: true)
    }

    /// Strings are without limit here, so that the complement of a finite set always has a member.
    var isEmpty: Bool { !isComplement && listed.isEmpty }
    var isAll: Bool { isComplement && listed.isEmpty }

    func contains(_ string: String) -> Bool {
        var range = listed.indices
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if listed[middle] == string { return !isComplement }
            range = listed[middle] < string ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return isComplement
    }

    func intersection(_ other: StringSet) -> StringSet {
        switch (isComplement, other.isComplement) {
        case (false, _): StringSet(listed: listed.filter(other.contains), isComplement: false)
        case (true, false): StringSet(listed: other.listed.filter(contains), isComplement: false)
        case (true, true) where listed.isEmpty: other
        case (true, true) where other.listed.isEmpty: self
        case (true, true): StringSet(allBut: listed + other.listed)
        }
    }

    func subtracting(_ other: StringSet) -> StringSet {
        intersection(StringSet(listed: other.listed, isComplement: !other.isComplement))
    }

    func isSubset(of other: StringSet) -> Bool { subtracting(other).isEmpty }

    /// Some member, the first of a finite set, or one that is not among those left out.
    func witness(like example: String) -> String? {
        guard isComplement else { return listed.first }
        var candidate = example
        var number = 2
        while listed.contains(candidate) {
            candidate = example + String(number)
            number += 1
        }
        return candidate
    }
}
