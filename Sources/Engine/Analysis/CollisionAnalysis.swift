import RuleLang

/// Two sources that land on one target: in the mirror they would be one image.
struct CollisionAnalysis {
    let model: ActionModel

    private enum Verdict {
        case apart
        case collide(Reference, Reference, Reference)
        case undecided
    }

    /// Reports a collision once a rule, with one other action: where one of its targets takes two sources, most do.
    func run(diagnostics: inout [Diagnostic]) {
        var index = PatternIndex(capacity: model.actions.count)
        for number in model.actions.indices {
            if let written = written(number) { index.insert(written, number) }
        }
        var reported: Set<Int> = []
        for number in model.actions.indices where !Task.isCancelled {
            let rule = model.actions[number].rule
            // Made once more: to keep it for all of many actions takes more memory than making it takes time.
            guard !reported.contains(rule), let written = written(number) else { continue }
            func compare(to other: Int) {
                guard !reported.contains(rule) else { return }
                switch verdict(other, number) {
                case .apart:
                    return
                case .collide(let left, let right, let output):
                    diagnostics.append(collision(other, number, left, right, output))
                case .undecided:
                    diagnostics.append(
                        .notDecided(
                            "whether two sources land on one target", at: model.spans[number],
                            secondary: [.init(span: model.spans[other], text: "with this one")],
                            help: "keep the sources apart in the target, as with `${registry}`"))
                }
                reported.insert(rule)
            }
            // What a registry alone keeps apart lands on one target without it.
            if model.actions[number].pattern.registry.isManyHosts { compare(to: number) }
            index.forEachRelated(to: written) { other, hasSamePath in
                // What lies within another is found from the inner one; of two alike the later one speaks.
                guard other != number, !hasSamePath || other < number else { return }
                compare(to: other)
            }
        }
    }

    private func collision(
        _ first: Int, _ second: Int, _ left: Reference, _ right: Reference, _ output: Reference
    ) -> Diagnostic {
        Diagnostic(
            .collision, "two sources land on one target: `\(left.text)` and `\(right.text)`",
            at: model.spans[second], label: first == second ? "both are of this" : "this one",
            secondary: first == second ? [] : [.init(span: model.spans[first], text: "and this one")],
            notes: ["witness: both become `\(output.text)`"],
            help: [
                "keep the sources apart in the target, as with `${registry}`",
                "if both sources hold the same images, say that it is meant: `accept W0501`",
            ])
    }

    /// Whether two actions, or one, write one name for images of different names, whose tags and digests are alike.
    ///
    /// What the first one wins is cut into parts that it wins as a whole; what it writes for each is led back through
    /// the second one, and what that wins of it is what collides.
    private func verdict(_ first: Int, _ second: Int) -> Verdict {
        guard let left = Preimage(model.actions[first], model.boxes[first]),
            let right = Preimage(model.actions[second], model.boxes[second])
        else { return .apart }
        var isDecided = true
        for one in left.routes(beside: right) {
            for other in right.routes(beside: left) where left.target.host == right.target.host {
                guard let outer = other.outputs(of: other.box.paths),
                    let paths = one.sources(of: outer).map(one.box.paths.intersection), !paths.isEmpty
                else { continue }
                var region = one.box
                region.paths = paths
                // What digests become depends on both rewrites; what has to be alike is what is written before.
                region.tags = region.tags.intersection(other.box.tags)
                let search = Box.search([region], outside: model.lost(by: first, live: false, near: region)) {
                    part -> Verdict? in
                    guard let written = one.outputs(of: part.paths), let sources = other.sources(of: written) else {
                        return nil
                    }
                    var region = other.box
                    region.paths = region.paths.intersection(sources)
                    region.tags = region.tags.intersection(part.tags)
                    let inner = Box.search([region], outside: model.lost(by: second, live: false, near: region)) {
                        found in
                        collision(of: found, other, second, part, one, first)
                    }
                    switch inner {
                    case .found(let verdict): return verdict
                    case .nothing: return nil
                    case .undecided: return .undecided
                    }
                }
                switch search {
                case .found(.undecided), .undecided: isDecided = false
                case .found(let verdict): return verdict
                case .nothing: break
                }
            }
        }
        return isDecided ? .apart : .undecided
    }

    /// Images of two parts that become one; nil where the names are the same, or the evaluator does not confirm it.
    private func collision(
        of found: Box, _ other: Preimage.Route, _ second: Int, _ part: Box, _ one: Preimage.Route, _ first: Int
    ) -> Verdict? {
        for path in found.paths.examples {
            guard let written = other.outputs(of: AtomSet(path)), let sources = one.sources(of: written) else {
                continue
            }
            var right = found
            var left = part
            right.paths = AtomSet(path)
            left.paths = part.paths.intersection(sources)
            for registry in found.registries.hosts(besides: part.registries.singleAtom) {
                right.registries = AtomSet(registry)
                for registry in part.registries.hosts(besides: registry) {
                    left.registries = AtomSet(registry)
                    // With a digest something else may be written.
                    for tags in [found.tags, found.tags.onlyWithDigest] {
                        right.tags = tags
                        guard let left = left.witness, let right = right.witness,
                            let verdict = collision(left, first, right, second)
                        else { continue }
                        return verdict
                    }
                }
            }
        }
        return nil
    }

    /// Two images with one tag and digest that become one; nil where they do not.
    private func collision(_ left: Witness, _ first: Int, _ right: Witness, _ second: Int) -> Verdict? {
        let reference = Reference(
            registry: left.reference.registry, path: left.reference.path, tag: right.reference.tag,
            digest: right.reference.digest)
        guard ImageName(reference) != ImageName(right.reference),
            let output = output(of: right, right.reference, by: second),
            self.output(of: left, reference, by: first) == output
        else { return nil }
        return .collide(reference, right.reference, output)
    }

    /// What the evaluator makes of an image that an action wins.
    private func output(of witness: Witness, _ reference: Reference, by action: Int) -> Reference? {
        let decision = model.replay.decision(
            on: witness, of: action,
            unlessClaimedBy: model.beaters(of: action, live: false, at: ImageName(reference).registry),
            text: reference.text)
        guard let text = decision?.to else { return nil }
        return try? Reference.parse(text).get()
    }

    /// What holds all that an action writes; nil where it writes nothing.
    private func written(_ action: Int) -> ImagePattern? {
        guard case .rewrite(let target, _) = model.actions[action].effect else { return nil }
        let path = model.narrowestOutput(of: action)
        let hasWildcard = target.hasWildcard || path.components.count < target.components.count
        return ImagePattern(
            registry: .host(target.host), path: PathPattern(components: path.components, hasWildcard: hasWildcard))
    }
}

extension RegistryPattern {
    /// Whether this is a pattern of hosts.
    fileprivate var isManyHosts: Bool { if case .host = self { false } else { true } }
}

extension AtomSet where A == RegistryPattern {
    /// Hosts of the set, one a region, and another one than a given one where there is another.
    fileprivate func hosts(besides other: RegistryPattern?) -> [RegistryPattern] {
        regions.compactMap { region in
            let avoided = region.exclude + [other].compactMap(\.self).filter { $0 != region.include }
            return region.include.witness(avoiding: avoided) ?? region.include.witness(avoiding: region.exclude)
        }
    }
}

extension AtomSet where A == PathPattern {
    /// Paths of the set, of one and of several components where a `*` leaves that open: they may be treated apart.
    fileprivate var examples: [PathPattern] {
        regions.flatMap { region -> [PathPattern] in
            guard region.include.hasWildcard,
                let name = region.include.witness(avoiding: region.exclude)?.components
                    .prefix(region.include.components.count + 1)
            else { return [region.include] }
            return [[], ["app"], ["app", "app"]].map {
                PathPattern(components: name + $0, hasWildcard: false)
            }
        }
    }
}
