/// Which images an action turns into images of another set: the way back through a rewrite. Targets only put one
/// name before what a `*` stood for, so that the way back leads from boxes to boxes.
struct Preimage {
    /// The rewrite's target and options.
    let target: RewriteTarget
    let options: RewriteOptions
    let pattern: ImagePattern
    /// What the action claims.
    let box: Box

    init?(_ action: CompiledAction, _ box: Box) {
        guard case .rewrite(let target, let options) = action.effect else { return nil }
        self.target = target
        self.options = options
        pattern = action.pattern
        self.box = box
    }

    /// The images that the action turns into ones of a box, were they all its own. The operation is free: what one
    /// request wrote comes back in another.
    ///
    /// A superset where `drop library` is involved; its witnesses are to be confirmed by
    /// ``output(of:)``.
    func of(_ pattern: ImagePattern, _ outer: Box) -> [Box] {
        guard pattern.registry.matches(target.host) else { return [] }
        var boxes: [Box] = []
        for shape in shapes {
            guard var result = restrict(shape, to: pattern.path) else { continue }
            result.tags = tags(result.tags, within: outer.tags)
            result.namespaces = result.namespaces.intersection(outer.namespaces)
            result.namespaceLabels = result.namespaceLabels.intersection(outer.namespaceLabels)
            result.podLabels = result.podLabels.intersection(outer.podLabels)
            result.placesAndOperations = result.placesAndOperations.intersection(
                outer.placesAndOperations.withAnyOperation)
            if !result.isEmpty { boxes.append(result) }
        }
        return boxes
    }

    /// What the rewrite makes of one image.
    func output(of reference: Reference) -> Reference? {
        guard
            case .rewritten(let text) = target.apply(
                to: reference, name: ImageName(reference), pattern: pattern.path, options: options)
        else { return nil }
        return try? Reference.parse(text).get()
    }

    /// Sources of one form: where they are, and what stands in the output before what their `*` stood for.
    private struct Shape {
        var box: Box
        /// The components of the source's path that the output drops.
        let source: [String]
        let output: [RewriteTarget.Component]
    }

    private var shapes: [Shape] {
        let prefix = pattern.path.components
        var shapes = [Shape(box: box, source: prefix, output: target.components)]
        if options.dropsLibrary, prefix.isEmpty, pattern.registry.matches("docker.io") {
            var official = box
            official.registries = AtomSet(.host("docker.io"))
            official.paths = AtomSet(PathPattern(components: ["library"], hasWildcard: true))
            shapes.append(Shape(box: official, source: ["library"], output: target.components))
        }
        return shapes
    }

    /// The sources of a shape whose output's path is one of a pattern.
    private func restrict(_ shape: Shape, to path: PathPattern) -> Box? {
        var box = shape.box
        for (wanted, component) in zip(path.components, shape.output) {
            switch component {
            case .literal(let text):
                guard text == wanted else { return nil }
            case .registry:
                box.registries = box.registries.intersection(AtomSet(.host(wanted)))
            }
        }
        let wanted = path.components.dropFirst(shape.output.count)
        if !target.hasWildcard {
            let length = shape.output.count
            let fits =
                path.hasWildcard ? length > path.components.count : length == path.components.count
            return fits && !box.isEmpty ? box : nil
        }
        if !path.hasWildcard {
            guard !wanted.isEmpty else { return nil }
            box.paths = box.paths.intersection(
                AtomSet(PathPattern(components: shape.source + wanted, hasWildcard: false)))
        } else if !wanted.isEmpty {
            box.paths = box.paths.intersection(
                AtomSet(PathPattern(components: shape.source + wanted, hasWildcard: true)))
        }
        return box.isEmpty ? nil : box
    }

    private func tags(_ tags: TagSet, within outer: TagSet) -> TagSet {
        options.turnsDigestIntoTag ? tags.intersection(outer.beforeDigestBecameTag) : tags.intersection(outer)
    }
}

extension PlacesAndOperations {
    /// The same places, whatever the operation.
    var withAnyOperation: PlacesAndOperations {
        let creations = rawValue & 0b0101_0101
        let updates = rawValue & 0b1010_1010
        let places = creations | updates >> 1
        return PlacesAndOperations(rawValue: places | places << 1).intersection(.all)
    }
}

extension TagSet {
    /// The images that are of this set once `digest to tag` has made `sha256-…` tags of their digests. A pattern
    /// names such a tag only on purpose, and then it is not followed back.
    var beforeDigestBecameTag: TagSet {
        var result = self
        result.replaceWithDigest(
            withoutDigest.tags.isComplement
                ? Tags(allowsNone: true, tags: .all) : Tags(allowsNone: false, tags: .none))
        return result
    }
}
