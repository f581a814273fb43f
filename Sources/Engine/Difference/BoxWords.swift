import RuleLang

extension Box {
    /// The box in words: each of its patterns under the box's conditions. What the patterns leave out is in
    /// ``leftOut``.
    var differenceSets: [DifferenceSet] {
        let (tag, parts) = tags.words
        let conditions = parts + situationWords
        return registries.regions.flatMap { registry in
            paths.regions.map { path in
                DifferenceSet(
                    pattern: ImagePattern(registry: registry.include, path: path.include, tag: tag).text,
                    conditions: conditions)
            }
        }
    }

    /// What the sets of registries and paths leave out, as patterns under the box's conditions.
    var leftOut: [DifferenceSet] {
        let everything = PathPattern(components: [], hasWildcard: true)
        var patterns: [ImagePattern] = []
        for registry in registries.regions {
            patterns += registry.exclude.map { ImagePattern(registry: $0, path: everything) }
            for path in paths.regions {
                patterns += path.exclude.map { ImagePattern(registry: registry.include, path: $0) }
            }
        }
        return Set(patterns).sorted().map { DifferenceSet(pattern: $0.text, conditions: situationWords) }
    }

    /// The conditions on namespace, pod, place and operation, as a rule says them.
    var situationWords: [String] {
        var words: [String] = []
        if namespaces.singleAtom != .any {
            let names = namespaces.regions.map(\.include.text)
            let others = namespaces.regions.flatMap(\.exclude)
            let isNamed = names != ["*"]
            var text = isNamed ? "namespace " + names.joined(separator: ", ") : ""
            if !others.isEmpty {
                let list = others.map(\.text).joined(separator: ", ")
                text += isNamed ? " but not \(list)" : "not namespace \(list)"
            }
            words.append(text)
        }
        if !namespaceLabels.isUnconstrained { words.append("namespace where " + namespaceLabels.words) }
        if !podLabels.isUnconstrained { words.append("pod where " + podLabels.words) }
        return words + placesAndOperations.words
    }
}

extension LabelRequirements {
    /// The requirements as a selector says them.
    fileprivate var words: String {
        entries.map { $0.requirement.text(key: $0.key) }.joined(separator: ", ")
    }
}

extension PlacesAndOperations {
    /// The places and operations, as conditions say them.
    fileprivate var words: [String] {
        if self == .all { return [] }
        let all = Place.allCases.flatMap { place in
            Operation.allCases.filter { !(place == .ephemeral && $0 == .create) }.map { (place: place, operation: $0) }
        }
        let pairs = all.filter { contains(PlacesAndOperations($0.place, $0.operation)) }
        let places = Place.allCases.filter { place in pairs.contains { $0.place == place } }
        let operations = Operation.allCases.filter { operation in pairs.contains { $0.operation == operation } }
        let isProduct = PlacesAndOperations(places: places, operations: operations) == self
        guard isProduct else {
            return [
                "image in " + pairs.map { "\($0.place.rawValue) on \($0.operation.rawValue)" }.joined(separator: ", ")
            ]
        }
        var words: [String] = []
        if places.count < Place.allCases.count, !(operations == [.create] && places.count == Place.allCases.count - 1) {
            words.append("image in " + places.map(\.rawValue).joined(separator: ", "))
        }
        if operations.count < Operation.allCases.count, places != [.ephemeral] {
            words.append("operation " + operations.map(\.rawValue).joined(separator: ", "))
        }
        return words
    }
}

extension TagSet {
    /// The tag that a pattern would name, and conditions on what is written.
    fileprivate var words: (tag: String?, conditions: [String]) {
        let listed = [withoutDigest, withDigest].map(\.tags).first { !$0.isComplement && $0.listed.count == 1 }
        for tag in [nil, listed?.listed.first] {
            for bits in (UInt8(1)...15).reversed() {
                let parts = WrittenParts(rawValue: bits)
                if TagSet(patternTag: tag, parts: parts) == self { return (tag, parts.words) }
            }
        }
        return (
            nil,
            [
                "image has "
                    + [withoutDigest.words, withDigest.words.map { $0 + " and a digest" }]
                    .compactMap(\.self).joined(separator: "; or ")
            ]
        )
    }
}

extension TagSet.Tags {
    fileprivate var words: String? {
        if isEmpty { return nil }
        let list = tags.listed.map { "`\($0)`" }.joined(separator: ", ")
        let named: String? =
            tags.isEmpty
            ? nil : tags.isComplement ? (list.isEmpty ? "any tag" : "a tag but \(list)") : "the tag \(list)"
        return [allowsNone ? "no tag" : nil, named].compactMap(\.self).joined(separator: " or ")
    }
}

extension WrittenParts {
    /// The conditions that a rule would have; one that no rule can have in so many words is put in words.
    fileprivate var words: [String] {
        if self == .all { return [] }
        let single: [(ImagePart, Bool)] = [(.tag, true), (.tag, false), (.digest, true), (.digest, false)]
        func text(_ part: (ImagePart, Bool)) -> String {
            "image has \(part.1 ? "" : "no ")\(part.0 == .tag ? "tag" : "digest")"
        }
        for part in single where self == .with(part.0, written: part.1) { return [text(part)] }
        for tag in single.prefix(2) {
            for digest in single.suffix(2)
            where self
                == WrittenParts.with(tag.0, written: tag.1)
                .intersection(.with(digest.0, written: digest.1))
            {
                return [text(tag), text(digest)]
            }
        }
        let names = ["neither tag nor digest", "a tag only", "a digest only", "tag and digest"]
        return [
            "image has " + names.indices.filter { rawValue & 1 << $0 != 0 }.map { names[$0] }.joined(separator: " or ")
        ]
    }
}
