import RuleLang

/// A set of images times a set of values for each condition: what an action claims, or a part of it. Boxes can be
/// intersected and subtracted exactly, which is what makes rule sets decidable.
struct Box: Hashable, Sendable {
    var registries: AtomSet<RegistryPattern>
    var paths: AtomSet<PathPattern>
    var tags: TagSet
    var namespaces: AtomSet<NamespacePattern>
    var namespaceLabels: LabelRequirements
    var podLabels: LabelRequirements
    var placesAndOperations: PlacesAndOperations

    /// What a pattern under some conditions claims.
    ///
    /// - Parameter registries: the set of the pattern's registry, if there is one already: many patterns share few.
    init(pattern: ImagePattern, conditions: ConditionSet, registries: AtomSet<RegistryPattern>? = nil) {
        self.registries = registries ?? AtomSet(pattern.registry)
        paths = AtomSet(pattern.path)
        tags = TagSet(patternTag: pattern.tag, parts: conditions.writtenParts)
        namespaces = conditions.namespaces
        namespaceLabels = conditions.namespaceLabels
        podLabels = conditions.podLabels
        placesAndOperations = conditions.placesAndOperations
    }

    /// What an `ignore` claims; nil for `ignore self`, since the own image is not known here.
    init?(ignored entry: IgnoreEntry) {
        switch entry {
        case .selfImage: return nil
        case .image(let pattern): self.init(pattern: pattern, conditions: ConditionSet())
        case .conditions(let conditions): self.init(pattern: .everything, conditions: conditions)
        }
    }

    /// What holds an image in the situation of a witness, at any place and in any operation.
    init(_ reference: Reference, in witness: Witness) {
        let name = ImageName(reference)
        registries = AtomSet(.host(name.registry))
        paths = AtomSet(PathPattern(components: name.components, hasWildcard: false))
        tags = TagSet(
            patternTag: reference.tag,
            parts: WrittenParts(hasTag: reference.tag != nil, hasDigest: reference.digest != nil))
        namespaces = AtomSet(NamespacePattern(stem: witness.namespace, isPrefix: false))
        namespaceLabels = LabelRequirements()
        podLabels = LabelRequirements()
        for (key, value) in witness.namespaceLabels { namespaceLabels[key] = .isIn([value]) }
        for (key, value) in witness.podLabels { podLabels[key] = .isIn([value]) }
        placesAndOperations = .all
    }

    /// The part of the box that one operation is in.
    func on(_ operation: Operation) -> Box {
        var result = self
        result.placesAndOperations = placesAndOperations.intersection(
            PlacesAndOperations(places: Place.allCases, operations: [operation]))
        return result
    }

    var isEmpty: Bool {
        placesAndOperations.isEmpty || tags.isEmpty || namespaces.isEmpty || namespaceLabels.isEmptySet
            || podLabels.isEmptySet || !hasImageNames
    }

    private var hasImageNames: Bool {
        registries.regions.contains { $0.include != .host("docker.io") } && !paths.isEmpty
            || !registries.isEmpty
                && paths.regions.contains { $0.include.hasWildcard || $0.include.components.count > 1 }
    }

    /// Registries and paths of the box, some for each that it is made of. A path of one component does not exist at
    /// docker.io: `docker.io/nginx` is `docker.io/library/nginx`.
    private var imageNames: some Sequence<(registry: String, components: [String])> {
        let paths = paths
        return registries.witnesses.lazy.flatMap { registry in
            paths.examples.filter { !(registry.text == "docker.io" && $0.components.count == 1) }.map {
                (registry: registry.text, components: $0.components)
            }
        }
    }

    func intersection(_ other: Box) -> Box {
        var result = self
        result.registries = registries.intersection(other.registries)
        result.paths = paths.intersection(other.paths)
        result.tags = tags.intersection(other.tags)
        result.namespaces = namespaces.intersection(other.namespaces)
        result.namespaceLabels = namespaceLabels.intersection(other.namespaceLabels)
        result.podLabels = podLabels.intersection(other.podLabels)
        result.placesAndOperations = placesAndOperations.intersection(other.placesAndOperations)
        return result
    }

    /// Whether some point of this box is one of the other.
    func overlaps(_ other: Box) -> Bool {
        // What tells most boxes apart, at a glance.
        if let own = registries.singleAtom, let others = other.registries.singleAtom, !own.contains(others),
            !others.contains(own)
        {
            return false
        }
        if let own = paths.singleAtom, let others = other.paths.singleAtom, !own.contains(others),
            !others.contains(own)
        {
            return false
        }
        if podLabels.isDisjoint(with: other.podLabels) || namespaceLabels.isDisjoint(with: other.namespaceLabels) {
            return false
        }
        return !intersection(other).isEmpty
    }

    /// Whether every point of this box is one of the other. Neither may be empty.
    func isSubset(of other: Box) -> Bool {
        registries.isSubset(of: other.registries) && paths.isSubset(of: other.paths)
            && placesAndOperations.isSubset(of: other.placesAndOperations) && tags.isSubset(of: other.tags)
            && podLabels.isSubset(of: other.podLabels) && namespaceLabels.isSubset(of: other.namespaceLabels)
            && namespaces.isSubset(of: other.namespaces)
    }

    func isStrictSubset(of other: Box) -> Bool { isSubset(of: other) && !other.isSubset(of: self) }

    /// What is left of this box without another, as disjoint boxes: one for each way to lie outside of it.
    func subtracting(_ other: Box) -> [Box] {
        var pieces: [Box] = []
        var inside = self
        func cut<Values: BoxDimension>(_ dimension: WritableKeyPath<Box, Values>) {
            let own = inside[keyPath: dimension]
            var outside = inside
            outside[keyPath: dimension] = own.subtracting(other[keyPath: dimension])
            inside[keyPath: dimension] = own.intersection(other[keyPath: dimension])
            if !outside.isEmpty { pieces.append(outside) }
        }
        cut(\.registries)
        cut(\.paths)
        cut(\.tags)
        cut(\.placesAndOperations)
        cut(\.namespaces)
        for entry in other.namespaceLabels.entries { cut(\.namespaceLabels[entry.key]) }
        for entry in other.podLabels.entries { cut(\.podLabels[entry.key]) }
        return pieces
    }

    /// Some point of the box.
    var witness: Witness? { witnesses().first { _ in true } }

    /// Points of the box, some for each registry and path that it is made of, and among them an official image of
    /// Docker Hub and one below `library/` that is none, where there are such: they may be treated apart.
    ///
    /// - Parameter hex: the hexadecimal digits of the witnesses' digests, if they have one.
    func witnesses(hex: String? = nil) -> some Sequence<Witness> {
        let end = tags.witness(hex: hex)
        let namespace = namespaces.witnesses.first
        let how = placesAndOperations.witness
        let box = self
        return ([self] + [official].compactMap(\.self)).lazy.flatMap(\.imageNames).compactMap { name -> Witness? in
            guard let end, let namespace, let how else { return nil }
            return Witness(
                reference: Reference(
                    registry: name.registry, path: name.components.joined(separator: "/"), tag: end.tag,
                    digest: end.digest),
                namespace: namespace.stem, isAnyNamespace: box.namespaces.singleAtom == .any,
                namespaceLabels: box.namespaceLabels.witness, podLabels: box.podLabels.witness,
                place: how.place, operation: how.operation,
                isAnyPlace: box.placesAndOperations == .all)
        }
    }

    /// The part of the box in Docker Hub's `library/`.
    private var official: Box? {
        guard registries.contains(.host("docker.io")) else { return nil }
        var inside = self
        inside.registries = AtomSet(.host("docker.io"))
        inside.paths = paths.intersection(AtomSet(PathPattern(components: ["library"], hasWildcard: true)))
        return inside.paths.isEmpty ? nil : inside
    }
}

/// A family of sets that one side of a box is taken from.
protocol BoxDimension {
    func intersection(_ other: Self) -> Self
    func subtracting(_ other: Self) -> Self
}

extension AtomSet: BoxDimension {}
extension TagSet: BoxDimension {}
extension PlacesAndOperations: BoxDimension {}
extension LabelRequirement: BoxDimension {}

/// A single image in a single situation that shows a finding to be true.
struct Witness: Hashable, Sendable {
    let reference: Reference
    let namespace: String
    let isAnyNamespace: Bool
    let namespaceLabels: [String: String]
    let podLabels: [String: String]
    let place: Place
    let operation: Operation
    let isAnyPlace: Bool
    /// Whether the image is written without `docker.io/`, where that matters.
    private(set) var isShort = false

    /// The image as it is written.
    var image: String { isShort ? String(reference.text.dropFirst("docker.io/".utf8.count)) : reference.text }

    /// The same with the image written as people mostly do at Docker Hub; nil where that is another image.
    var short: Witness? {
        guard reference.registry == "docker.io" else { return nil }
        var short = self
        short.isShort = true
        return try? Reference.parse(short.image).get() == reference ? short : nil
    }

    /// The witness as a note says it: the image, and of the situation only what matters.
    var text: String { "`\(image)`" + situation }

    /// What matters of the situation, to be said after the image.
    var situation: String {
        var text = isAnyNamespace ? " in any namespace" : " in namespace `\(namespace)`"
        text += Self.labels(namespaceLabels, isAnyNamespace ? " with labels " : " with namespace labels ")
        text += Self.labels(podLabels, " in a pod with labels ")
        if !isAnyPlace { text += ", as \(place.rawValue) on \(operation.rawValue)" }
        return text
    }

    private static func labels(_ labels: [String: String], _ prefix: String) -> String {
        guard !labels.isEmpty else { return "" }
        return prefix + labels.sorted { $0.key < $1.key }.map { "`\($0.key)=\($0.value)`" }.joined(separator: ", ")
    }
}
