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

    /// The images of a shape that the action turns into ones of a box, were they all its own. The operation is free:
    /// what one request wrote comes back in another.
    ///
    /// - Parameter hex: the hexadecimal digits of the digest that sources have, where `digest to tag` makes a tag of
    ///   it that a pattern names; nil for a digest that no pattern names.
    func of(_ pattern: ImagePattern, _ outer: Box, through shape: Shape, hex: String? = nil) -> Box? {
        guard pattern.registry.matches(target.host), var result = restrict(shape, to: pattern.path) else { return nil }
        result.tags = tags(result.tags, within: outer.tags, hex)
        result.namespaces = result.namespaces.intersection(outer.namespaces)
        result.namespaceLabels = result.namespaceLabels.intersection(outer.namespaceLabels)
        result.podLabels = result.podLabels.intersection(outer.podLabels)
        result.placesAndOperations = result.placesAndOperations.intersection(
            outer.placesAndOperations.withAnyOperation)
        return result.isEmpty ? nil : result
    }

    /// Sources of one form: where they are, and what stands in the output before what their `*` stood for.
    ///
    /// Where `drop library` is involved there are two, and each counts only for the images that it is right for:
    /// what leaves `library/` out only for `library/NAME`, and what keeps it only for all others. No box says that
    /// of a path, so that witnesses are to be confirmed.
    struct Shape {
        fileprivate var box: Box
        /// The components of the source's path that the output drops.
        fileprivate let source: [String]
        fileprivate let output: [RewriteTarget.Component]
        /// Whether each image of a set's way back is written into that set.
        let isExact: Bool
    }

    /// The forms of sources.
    var shapes: [Shape] {
        let prefix = pattern.path.components
        let dropsLibrary = options.dropsLibrary && prefix.isEmpty && pattern.registry.matches("docker.io")
        // At Docker Hub, what would be a name of one component is not written.
        let isExact = !dropsLibrary && (target.host != "docker.io" || !target.components.isEmpty)
        var shapes = [Shape(box: box, source: prefix, output: target.components, isExact: isExact)]
        if dropsLibrary {
            var official = box
            official.registries = box.registries.intersection(AtomSet(.host("docker.io")))
            official.paths = box.paths.intersection(
                AtomSet(PathPattern(components: ["library"], hasWildcard: true)))
            shapes.append(Shape(box: official, source: ["library"], output: target.components, isExact: false))
        }
        return shapes
    }

    /// A shape with a registry in place of each `${registry}`: a prefix of paths that becomes another one.
    struct Route {
        let box: Box
        fileprivate let source: [String]
        fileprivate let output: [String]
        fileprivate let hasWildcard: Bool

        /// Whether what is written for an image tells it from every other one that another way is for: the same is
        /// put before the same rest of a path at the same registry.
        func keepsApart(from other: Route) -> Bool {
            guard case .host = box.registries.singleAtom, box.registries == other.box.registries else { return false }
            return hasWildcard && other.hasWildcard && source == other.source && output == other.output
        }

        /// The paths that some paths of sources become; nil where there are none.
        func outputs(of paths: AtomSet<PathPattern>) -> AtomSet<PathPattern>? {
            let result = paths.mapped { $0.replacing(source, with: output) }
            return result.isEmpty ? nil : result
        }

        /// The paths of sources that become some paths; nil where there are none.
        func sources(of outputs: AtomSet<PathPattern>) -> AtomSet<PathPattern>? {
            let single = PathPattern(components: output, hasWildcard: false)
            let written = hasWildcard ? outputs : outputs.intersection(AtomSet(single))
            let result = written.mapped { $0.replacing(output, with: source) }
            return result.isEmpty ? nil : result
        }
    }

    /// The ways from sources to outputs, as far as another rewrite can tell them apart: where a `*` leaves the
    /// registry open and it stands in the output, one for each that the other one names, and for one that it does not.
    func routes(beside other: Preimage) -> [Route] {
        shapes.flatMap { shape -> [Route] in
            let asksForRegistry = shape.output.contains(.registry)
            var hosts = asksForRegistry ? shape.box.registries.witnesses : [.any]
            if asksForRegistry {
                let named = other.target.components.compactMap { if case .literal(let text) = $0 { text } else { nil } }
                hosts += (named + other.pattern.path.components).filter(PatternText.looksLikeRegistry).map { .host($0) }
                hosts += other.box.registries.witnesses
                hosts = Set(hosts.filter(shape.box.registries.contains)).sorted()
            }
            return hosts.map { host in
                var box = shape.box
                if asksForRegistry { box.registries = AtomSet(host) }
                let output = shape.output.map { component in
                    switch component {
                    case .literal(let text): text
                    case .registry: host.text
                    }
                }
                return Route(box: box, source: shape.source, output: output, hasWildcard: target.hasWildcard)
            }
        }
    }

    /// The sources of a shape whose output's path is one of a pattern.
    private func restrict(_ shape: Shape, to path: PathPattern) -> Box? {
        var box = shape.box
        for (wanted, component) in zip(path.components, shape.output) {
            switch component {
            case .literal(let text):
                guard text == wanted else { return nil }
            case .registry:
                guard PatternText.looksLikeRegistry(wanted) else { return nil }
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

    private func tags(_ tags: TagSet, within outer: TagSet, _ hex: String?) -> TagSet {
        options.turnsDigestIntoTag ? tags.intersection(outer.beforeDigestBecameTag(hex)) : tags.intersection(outer)
    }
}

extension PathPattern {
    /// The pattern of what comes of these paths where the components before the rest are others; nil where none of
    /// them has these components.
    fileprivate func replacing(_ prefix: [String], with other: [String]) -> PathPattern? {
        if components.starts(with: prefix) {
            return PathPattern(components: other + components.dropFirst(prefix.count), hasWildcard: hasWildcard)
        }
        return hasWildcard && prefix.starts(with: components) ? PathPattern(components: other, hasWildcard: true) : nil
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
    /// The images that are of this set once `digest to tag` has made a tag of their digest, which is one that no tag
    /// of the set is made of, or one of given hexadecimal digits.
    func beforeDigestBecameTag(_ hex: String?) -> TagSet {
        let outputs = withoutDigest.tags
        var result = self
        guard let hex else {
            result.replaceWithDigest(
                outputs.isComplement ? Tags(allowsNone: true, tags: .all) : Tags(allowsNone: false, tags: .none))
            return result
        }
        let alone = "sha256-" + hex
        let suffix = "-" + alone
        let tags = outputs.listed.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.utf8.count)) }
        result.replaceWithDigest(
            Tags(
                allowsNone: outputs.contains(alone),
                tags: outputs.isComplement ? StringSet(allBut: tags) : StringSet(tags)))
        return result
    }
}

extension ImagePattern {
    /// The hexadecimal digits of the sha256 digest that the pattern's tag is made of, as by `digest to tag`.
    var digestInTag: String? {
        guard let tag, tag.utf8.count >= 71 else { return nil }
        let hex = String(tag.suffix(64))
        let head = tag.dropLast(64)
        guard head == "sha256-" || head.hasSuffix("-sha256-"),
            hex.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
        else { return nil }
        return hex
    }
}
