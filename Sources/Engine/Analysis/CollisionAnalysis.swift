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
        let peers = peers()
        var index = PatternIndex(capacity: model.actions.count)
        for number in model.actions.indices where peers[number] == number {
            if let written = model.written(by: number) { index.insert(written, number) }
        }
        var reported: Set<Int> = []
        for number in model.actions.indices where !Task.isCancelled {
            let rule = model.actions[number].rule
            // Made once more: to keep it for all of many actions takes more memory than making it takes time.
            guard !reported.contains(rule), let written = model.written(by: number) else { continue }
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
                guard other != peers[number], !hasSamePath || other < number else { return }
                compare(to: other)
            }
        }
    }

    /// For each action the first one that does the same with the same images, under whatever conditions, or the
    /// action itself. Two that lose nothing and do the same collide only if each does with itself.
    private func peers() -> [Int] {
        var peers = Array(model.actions.indices)
        // By the hash alone, which is small: of two with one hash only the first has peers.
        var firsts: [Int: Int] = [:]
        for number in model.actions.indices where !model.losesAny(number) {
            let action = model.actions[number]
            var hasher = Hasher()
            hasher.combine(action.pattern)
            hasher.combine(action.effect)
            hasher.combine(model.boxes[number].tags)
            let hash = hasher.finalize()
            guard let first = firsts[hash] else {
                firsts[hash] = number
                continue
            }
            let other = model.actions[first]
            if other.pattern == action.pattern, other.effect == action.effect,
                model.boxes[first].tags == model.boxes[number].tags
            {
                peers[number] = first
            }
        }
        return peers
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
                guard !one.keepsApart(from: other), let outer = other.outputs(of: other.box.paths),
                    let paths = one.sources(of: outer).map(one.box.paths.intersection), !paths.isEmpty
                else { continue }
                var region = one.box
                region.paths = paths
                // What digests become depends on both rewrites; what has to be alike is what is written before.
                region.tags = region.tags.intersection(other.box.tags)
                let search = model.search(region, wonBy: first, live: false) { part -> Verdict? in
                    guard let written = one.outputs(of: part.paths), let sources = other.sources(of: written) else {
                        return nil
                    }
                    var region = other.box
                    region.paths = region.paths.intersection(sources)
                    region.tags = region.tags.intersection(part.tags)
                    let inner = model.search(region, wonBy: second, live: false) { found in
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
            unlessClaimedBy: model.beaters(of: action, live: false, at: reference, in: witness),
            text: reference.text)
        guard let text = decision?.to else { return nil }
        return try? Reference.parse(text).get()
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
