import RuleLang

/// Which places and operations a condition covers: one bit for each pair. An ephemeral container can only come by
/// an update, so that pair has no bit for creation.
struct PlacesAndOperations: OptionSet, Hashable, Sendable {
    let rawValue: UInt8

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(_ place: Place, _ operation: Operation) {
        let index: UInt8 =
            switch place {
            case .container: 0
            case .initContainer: 1
            case .volume: 2
            case .ephemeral: 3
            }
        let isUpdate = operation == .update || place == .ephemeral
        rawValue = 1 << (index * 2 + (isUpdate ? 1 : 0))
    }

    init(places: some Sequence<Place>, operations: some Sequence<Operation>) {
        self = []
        for place in places {
            for operation in operations where !(place == .ephemeral && operation == .create) {
                insert(PlacesAndOperations(place, operation))
            }
        }
    }

    static let all = PlacesAndOperations(places: Place.allCases, operations: Operation.allCases)

    /// Some pair that is covered.
    var witness: (place: Place, operation: Operation)? {
        for operation in Operation.allCases {
            for place in Place.allCases where !(place == .ephemeral && operation == .create) {
                if contains(PlacesAndOperations(place, operation)) { return (place, operation) }
            }
        }
        return nil
    }
}

/// Which of tag and digest are written: one bit for each of the four cases.
struct WrittenParts: OptionSet, Hashable, Sendable {
    let rawValue: UInt8

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(hasTag: Bool, hasDigest: Bool) {
        rawValue = 1 << ((hasTag ? 1 : 0) + (hasDigest ? 2 : 0))
    }

    static let all = WrittenParts(rawValue: 0b1111)

    static func with(_ part: ImagePart, written: Bool) -> WrittenParts {
        var parts: WrittenParts = []
        for other in [false, true] {
            parts.insert(
                part == .tag
                    ? WrittenParts(hasTag: written, hasDigest: other)
                    : WrittenParts(hasTag: other, hasDigest: written))
        }
        return parts
    }
}

/// What an image's tag and digest may be: for images without and with a digest, whether the tag may be missing and
/// what it may be.
struct TagSet: Hashable, Sendable {
    struct Tags: Hashable, Sendable {
        var allowsNone: Bool
        var tags: StringSet

        var isEmpty: Bool { !allowsNone && tags.isEmpty }

        func intersection(_ other: Tags) -> Tags {
            Tags(allowsNone: allowsNone && other.allowsNone, tags: tags.intersection(other.tags))
        }

        func subtracting(_ other: Tags) -> Tags {
            Tags(allowsNone: allowsNone && !other.allowsNone, tags: tags.subtracting(other.tags))
        }
    }

    private(set) var withoutDigest: Tags
    private(set) var withDigest: Tags

    /// What a pattern's tag and the conditions on tag and digest allow together.
    init(patternTag: String?, parts: WrittenParts) {
        let tags = patternTag.map { StringSet([$0]) } ?? .all
        withoutDigest = Tags(
            allowsNone: parts.contains(WrittenParts(hasTag: false, hasDigest: false))
                && (patternTag == nil || patternTag == "latest"),
            tags: parts.contains(WrittenParts(hasTag: true, hasDigest: false)) ? tags : .none)
        withDigest = Tags(
            allowsNone: parts.contains(WrittenParts(hasTag: false, hasDigest: true)) && patternTag == nil,
            tags: parts.contains(WrittenParts(hasTag: true, hasDigest: true)) ? tags : .none)
    }

    static let all = TagSet(patternTag: nil, parts: .all)

    mutating func replaceWithDigest(_ tags: Tags) { withDigest = tags }

    /// The images of the set that have a digest.
    var onlyWithDigest: TagSet {
        var result = self
        result.withoutDigest = Tags(allowsNone: false, tags: .none)
        return result
    }

    var isEmpty: Bool { withoutDigest.isEmpty && withDigest.isEmpty }

    /// Whether some image of the set has a digest.
    var includesDigests: Bool { !withDigest.isEmpty }

    func intersection(_ other: TagSet) -> TagSet {
        var result = self
        result.withoutDigest = withoutDigest.intersection(other.withoutDigest)
        result.withDigest = withDigest.intersection(other.withDigest)
        return result
    }

    func subtracting(_ other: TagSet) -> TagSet {
        var result = self
        result.withoutDigest = withoutDigest.subtracting(other.withoutDigest)
        result.withDigest = withDigest.subtracting(other.withDigest)
        return result
    }

    /// The images of the set that have none of some tags.
    func without(_ tags: StringSet) -> TagSet {
        var result = self
        result.withoutDigest.tags = withoutDigest.tags.subtracting(tags)
        result.withDigest.tags = withDigest.tags.subtracting(tags)
        return result
    }

    func isSubset(of other: TagSet) -> Bool { subtracting(other).isEmpty }

    /// The end of some reference of the set: `:1`, `@sha256:…` or nothing.
    func witness(hex: String? = nil) -> (tag: String?, digest: String?)? {
        let digest = "sha256:" + (hex ?? String(repeating: "0", count: 64))
        if withoutDigest.allowsNone { return (nil, nil) }
        if let tag = withoutDigest.tags.witness(like: "1") { return (tag, nil) }
        if withDigest.allowsNone { return (nil, digest) }
        if let tag = withDigest.tags.witness(like: "1") { return (tag, digest) }
        return nil
    }
}
