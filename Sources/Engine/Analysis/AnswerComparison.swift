/// Whether two actions give the same answer for the images that both claim.
struct AnswerComparison {
    let first: CompiledAction
    let second: CompiledAction
    let firstMarks: [Mark]
    let secondMarks: [Mark]
    /// Whether it matters which of two denials speaks; where both may, it does not.
    var distinguishesDenials = false

    /// Whether it is plain that the answers are the same wherever both claim an image.
    var agreesEverywhere: Bool {
        if first.effect.isDenial, second.effect.isDenial { return !distinguishesDenials }
        return first.saysTheSame(as: second) && firstMarks == secondMarks
    }

    /// Whether the answers are the same for every image of a box that both claim. Decided on the form of the
    /// targets: where it says no, the answers differ for all images of the box but a few that happen to coincide.
    func agrees(on box: Box) -> Bool {
        switch (first.effect, second.effect) {
        case (.deny(let left), .deny(let right)):
            return !distinguishesDenials || (left == right && first.warning == second.warning)
        case (.allow, .allow):
            return first.warning == second.warning
        case (.rewrite(let left, let leftOptions), .rewrite(let right, let rightOptions)):
            guard first.warning == second.warning else { return false }
            if leavesAlone(left, leftOptions, first, box), leavesAlone(right, rightOptions, second, box) { return true }
            // What declines names its rule, and says the same otherwise.
            if leftOptions.turnsDigestIntoTag, rightOptions.turnsDigestIntoTag, box.tags.isTooLongForDigests {
                return true
            }
            guard firstMarks == secondMarks else { return false }
            if leftOptions.turnsDigestIntoTag != rightOptions.turnsDigestIntoTag, box.tags.includesDigests {
                return false
            }
            return shapes(of: box).allSatisfy { shape in
                Self.expand(left, leftOptions, first.pattern.path, shape)
                    == Self.expand(right, rightOptions, second.pattern.path, shape)
            }
        case (.rewrite(let target, let options), .allow):
            return first.warning == second.warning && leavesAlone(target, options, first, box)
        case (.allow, .rewrite(let target, let options)):
            return first.warning == second.warning && leavesAlone(target, options, second, box)
        default:
            return false
        }
    }

    /// Whether a rewrite makes of every image of a box what it is.
    private func leavesAlone(
        _ target: RewriteTarget, _ options: RewriteOptions, _ action: CompiledAction, _ box: Box
    ) -> Bool {
        // At Docker Hub short names are written out.
        if target.host == "docker.io" || options.turnsDigestIntoTag && box.tags.includesDigests { return false }
        return shapes(of: box).allSatisfy { shape in
            let name = [shape.registry.map { .text($0) } ?? .registry] + shape.path.components.map { Symbol.text($0) }
            return Self.expand(target, options, action.pattern.path, shape)
                == name + (shape.path.hasWildcard ? [.rest] : [])
        }
    }

    /// A part of what a target comes to.
    private enum Symbol: Equatable {
        case text(String)
        /// The registry of the source, whatever it is.
        case registry
        /// One or more components, whatever they are.
        case rest
    }

    /// A family of names for which a target comes to the same form.
    private struct Shape {
        /// nil where it may be any.
        let registry: String?
        let path: PathPattern
        let isOfficialDockerHubImage: Bool
    }

    private func shapes(of box: Box) -> [Shape] {
        var shapes: [Shape] = []
        let library = PathPattern(components: ["library"], hasWildcard: true)
        for registry in box.registries.regions {
            let host: String? = if case .host(let host) = registry.include { host } else { nil }
            let mayBeDockerHub = box.registries.contains(.host("docker.io"))
            for path in box.paths.regions {
                let mayBeOfficial =
                    !path.exclude.contains { $0.contains(library) } && mayBeDockerHub
                    && (host == nil || host == "docker.io")
                    && (path.include.contains(library)
                        || (library.contains(path.include)
                            && (path.include.hasWildcard
                                ? path.include == library : path.include.components.count == 2)))
                if mayBeOfficial {
                    let official = library.contains(path.include) ? path.include : library
                    shapes.append(Shape(registry: "docker.io", path: official, isOfficialDockerHubImage: true))
                }
                if !mayBeOfficial || host != "docker.io" || path.include.hasWildcard {
                    shapes.append(Shape(registry: host, path: path.include, isOfficialDockerHubImage: false))
                }
            }
        }
        return shapes
    }

    private static func expand(
        _ target: RewriteTarget, _ options: RewriteOptions, _ pattern: PathPattern, _ shape: Shape
    ) -> [Symbol] {
        var symbols: [Symbol] = [.text(target.host)]
        for component in target.components {
            switch component {
            case .literal(let text): symbols.append(.text(text))
            case .registry: symbols.append(shape.registry.map { .text($0) } ?? .registry)
            }
        }
        if target.hasWildcard {
            var rest = shape.path.components.dropFirst(pattern.components.count)
            if options.dropsLibrary, pattern.components.isEmpty, shape.isOfficialDockerHubImage {
                rest = rest.dropFirst()
            }
            symbols += rest.map { .text($0) }
            if shape.path.hasWildcard { symbols.append(.rest) }
        }
        return symbols
    }
}

extension CompiledAction {
    /// Whether two actions that deny nothing do and say the same with all images that both claim, but for their rules'
    /// marks.
    func saysTheSame(as other: CompiledAction) -> Bool {
        !effect.isDenial && effect == other.effect && warning == other.warning && pattern.path == other.pattern.path
    }
}

extension TagSet {
    /// Whether all of these images have a digest and a tag that leaves no room for it: `-sha256-` and 64 digits.
    var isTooLongForDigests: Bool {
        withoutDigest.isEmpty && !withDigest.allowsNone && !withDigest.tags.isComplement
            && withDigest.tags.listed.allSatisfy { $0.utf8.count + 72 > ReferenceGrammar.maximumTagLength }
    }
}
