import RuleLang
import Testing

@testable import Engine

/// What is allowed and mostly not meant, decided by going through every image of a small universe.
@Suite("Warnings, held against counting")
struct WarningsBruteForceTests {
    private typealias Image = SmallRuleSet.Image

    /// A rule set's meaning, with what its actions win.
    private struct Counting {
        let set: SmallRuleSet
        let meaning: SmallRuleSetMeaning
        let situations: [(actions: UInt32, ignores: UInt32)]
        /// The actions and `ignore`s that each image is in, and each of these once.
        let sources: [Matching]
        let kinds: Set<Matching>
        /// What wins somewhere, for images that are in the same actions and `ignore`s.
        private var won: [Matching: UInt32] = [:]

        struct Matching: Hashable {
            let actions: UInt32
            let ignores: UInt32
        }

        init(_ set: SmallRuleSet) {
            self.set = set
            meaning = SmallRuleSetMeaning(set)
            situations = SmallRuleSetMeaning.situations.map(meaning.matching)
            sources = meaning.images.map(meaning.matching).map { Matching(actions: $0.actions, ignores: $0.ignores) }
            kinds = Set(sources)
        }

        /// The actions that win an image somewhere, those that observe among the others.
        mutating func winning(_ source: Matching) -> UInt32 {
            guard source.actions != 0 else { return 0 }
            if let known = won[source] { return known }
            let all = situations.reduce(into: UInt32(0)) { won, situation in
                guard situation.ignores & source.ignores == 0 else { return }
                won |= meaning.best(source.actions & situation.actions)
            }
            won[source] = all
            return all
        }

        private func matching(_ image: Image) -> Matching {
            let (actions, ignores) = meaning.matching(image)
            return Matching(actions: actions, ignores: ignores)
        }

        /// The pairs of rewrites that make one image of two of different names, by the smaller number first.
        mutating func collisions() -> Set<[Int]> {
            var found: Set<[Int]> = []
            for (image, source) in zip(meaning.images, sources) {
                let winners = winning(source)
                for (first, action) in set.actions.enumerated() where winners >> first & 1 == 1 {
                    // What becomes itself is left alone.
                    guard let output = SmallRuleSet.output(action, image), output != image else { continue }
                    for (second, other) in set.actions.enumerated() where !found.contains([first, second].sorted()) {
                        let collides = set.sources(of: output, by: other, endingAs: image).contains {
                            ($0.host != image.host || $0.path != image.path) && winning(matching($0)) >> second & 1 == 1
                        }
                        if collides { found.insert([first, second].sorted()) }
                    }
                }
            }
            return found
        }

        /// Whether an `ignore` is in the hands of whoever writes the pod.
        var optOuts: UInt32 {
            var mask: UInt32 = 0
            for (index, ignore) in set.ignores.enumerated() {
                let conditions = ignore.conditions
                if conditions.labelled != 0b11 || conditions.places != 0b111 || conditions.digests != 0b11 {
                    mask |= 1 << index
                }
            }
            return mask
        }

        /// The rules whose denials do not count for a pod that has itself ignored.
        func rulesGotAround() -> Set<Int> {
            var found: Set<Int> = []
            let optOuts = optOuts
            guard optOuts != 0 else { return [] }
            for source in kinds {
                for situation in situations {
                    let ignores = source.ignores & situation.ignores
                    guard ignores != 0, ignores & ~optOuts == 0 else { continue }
                    for (index, action) in set.actions.enumerated() where action.effect == .deny {
                        let isLive = meaning.observed >> index & 1 == 0
                        let claiming = source.actions & situation.actions & (isLive ? ~meaning.observed : ~0)
                        if meaning.best(claiming) >> index & 1 == 1 { found.insert(action.rule) }
                    }
                }
            }
            return found
        }

        /// Whether every image is ignored.
        func isAllIgnored() -> Bool {
            kinds.allSatisfy { source in situations.allSatisfy { $0.ignores & source.ignores != 0 } }
        }

        /// The rules that deny a registry while others stay open.
        func denyLists() -> Set<Int> {
            var denials: UInt32 = 0
            for (index, action) in set.actions.enumerated()
            where action.effect == .deny && meaning.observed >> index & 1 == 0 { denials |= 1 << index }
            return Set(
                set.actions.enumerated().compactMap { index, action in
                    let pattern = action.pattern
                    guard denials >> index & 1 == 1, ![0, 3].contains(pattern.registry),
                        pattern.path.isEmpty, pattern.hasWildcard, pattern.tag == nil
                    else { return nil }
                    // A registry that no pattern names.
                    let isOpen = zip(meaning.images, sources).contains { image, source in
                        guard image.host == 3 else { return false }
                        let digests = set.rules[action.rule].conditions.digests
                        guard digests >> (image.hasDigest ? 1 : 0) & 1 == 1 else { return false }
                        return situations.contains { situation in
                            situation.actions >> index & 1 == 1 && situation.ignores & source.ignores == 0
                                && source.actions & situation.actions & denials == 0
                        }
                    }
                    return isOpen ? action.rule : nil
                })
        }

        /// Whether some rule takes up all images of a registry, wherever the pod is.
        func takesOwnImage() -> Bool {
            !set.ignoresSelf
                && set.actions.contains { action in
                    let conditions = set.rules[action.rule].conditions
                    return action.effect != .allow && action.pattern.path.isEmpty && action.pattern.hasWildcard
                        && action.pattern.tag == nil && conditions.namespaces == 0b11 && conditions.labelled == 0b11
                        && conditions.places & 1 == 1
                }
        }

        /// The rules that write official images without `library/`.
        mutating func librariesDropped() -> Set<Int> {
            var found: Set<Int> = []
            for (image, source) in zip(meaning.images, sources)
            where image.host == 0 && image.path.count == 2 && image.path[0] == 0 {
                let winners = winning(source)
                for (index, action) in set.actions.enumerated() where winners >> index & 1 == 1 {
                    guard case .rewrite(2, _, _, true, _, _) = action.effect,
                        let output = SmallRuleSet.output(action, image)
                    else { continue }
                    if output.path.suffix(2) != image.path[...] { found.insert(action.rule) }
                }
            }
            return found
        }

        /// The rules that write a name of one character.
        func badNames() -> Set<Int> {
            Set(set.actions.filter { $0.effect.isOneCharacter }.map(\.rule))
        }
    }

    @Test("each that is reported is so, and each that is so is reported")
    func exact() {
        let seed = testSeed("warnings")
        var random = SeededGenerator(seed: seed)
        var counts: [String: Int] = [:]
        let rounds = testRounds(1_000)
        // A private registry of ECR in place of the mirror says the same of all but its names.
        let mirrors = ["m.corp", "123456789012.dkr.ecr.us-east-1.amazonaws.com"]
        for _ in 0..<rounds {
            let set = SmallRuleSet(using: &random)
            let mirror = random.pick(mirrors)
            let file = SourceFile(name: "f", text: set.text.replacing("m.corp", with: mirror))
            let diagnostics = RuleSet.load([file]).diagnostics
            let errors = Set(diagnostics.filter { $0.severity == .error }.map(\.code.rawValue))
            guard errors.isSubset(of: ["E0301", "E0305", "E0307", "E0309"]) else { continue }
            counts["rule sets", default: 0] += 1
            let title =
                "seed \(seed)\n\(set.text)\n\(diagnostics.map { "\($0.code.rawValue) \($0.message) \($0.notes)" })"
            var counting = Counting(set)
            func reported(_ code: String) -> [Diagnostic] { diagnostics.filter { $0.code.rawValue == code } }
            func rules(_ code: String) -> Set<Int> {
                Set(reported(code).compactMap { set.actions(at: $0.primary?.span, in: file).first?.rule })
            }
            func hold(_ what: String, _ found: Set<Int>, _ wanted: Set<Int>) -> Bool {
                counts[what, default: 0] += wanted.count
                #expect(found == wanted, "\(what) \(title)")
                return found == wanted
            }
            let isAllIgnored = counting.isAllIgnored()
            guard hold("all ignored", reported("W0306").isEmpty ? [] : [0], isAllIgnored ? [0] : []),
                hold("not decided", reported("W0302").isEmpty ? [] : [0], [])
            else { return }
            if isAllIgnored { continue }
            guard hold("got around", rules("W0304"), counting.rulesGotAround()),
                hold("digest given up", rules("W0701"), set.rulesGivingUpDigests),
                hold("library", rules("W0502"), mirror == "m.corp" ? [] : counting.librariesDropped()),
                hold("bad name", rules("W0503"), mirror == "m.corp" ? [] : counting.badNames())
            else { return }
            if errors.isEmpty {
                guard hold("deny list", rules("W0305"), counting.denyLists()),
                    hold("own image", reported("W0303").isEmpty ? [] : [0], counting.takesOwnImage() ? [0] : [])
                else { return }
            }
            let collisions = counting.collisions()
            counts["collision", default: 0] += collisions.count
            for finding in reported("W0501") {
                let pair = [finding.primary, finding.secondary.first ?? finding.primary].compactMap {
                    set.actions(at: $0?.span, in: file).first?.index
                }
                let isTrue = collisions.contains(pair.sorted())
                #expect(isTrue, "collision \(pair) of \(collisions) \(title)")
                if !isTrue { return }
            }
            // One of a rule is told, with one other action.
            let told = rules("W0501")
            let missed = collisions.filter { pair in !pair.contains { told.contains(set.actions[$0].rule) } }
            #expect(missed.isEmpty, "collisions \(missed) \(title)")
            if !missed.isEmpty { return }
        }
        print("warnings: \(counts)")
        for what in [
            "all ignored", "got around", "digest given up", "library", "bad name", "deny list", "own image",
            "collision",
        ] {
            #expect(counts[what, default: 0] > rounds / 200, "\(what)")
        }
    }
}

extension SmallRuleSet {
    /// The actions on the line where something is found, with their numbers.
    fileprivate func actions(at span: Span?, in file: SourceFile) -> [(index: Int, rule: Int)] {
        guard let span else { return [] }
        let line = file.lineIndex(at: span.start)
        return actions.indices.filter { self.line(of: $0) == line }.map { ($0, actions[$0].rule) }
    }

    /// The rules that make tags of digests.
    fileprivate var rulesGivingUpDigests: Set<Int> {
        Set(actions.filter { $0.effect.turnsDigestIntoTag }.map(\.rule))
    }

    /// The images of which an action makes a given one, with tag and digest as another image has them.
    fileprivate func sources(of output: Image, by action: Action, endingAs end: Image) -> [Image] {
        guard case .rewrite(let host, let usesRegistry, let path, let hasWildcard, let drops, _) = action.effect else {
            return []
        }
        let written = output.path.dropFirst(usesRegistry ? 1 : 0)
        guard host == output.host, written.starts(with: path) else { return [] }
        let rest = written.dropFirst(path.count)
        let hosts =
            action.pattern.registry < 3 ? action.pattern.registry..<(action.pattern.registry + 1) : Self.hosts.indices
        let heads = drops ? [action.pattern.path, action.pattern.path + [0]] : [action.pattern.path]
        return heads.flatMap { head in
            hosts.map { host in
                Image(host: host, path: head + (hasWildcard ? rest : []), tag: end.tag, hasDigest: end.hasDigest)
            }
        }.filter { image in
            // At Docker Hub, a name of one component means another one.
            action.pattern.matches(image) && Self.output(action, image) == output && image != output
                && !(image.host == 0 && image.path.count == 1)
        }
    }
}

extension SmallRuleSet.Effect {
    /// Whether the name of what is written is one character.
    fileprivate var isOneCharacter: Bool {
        if case .rewrite(2, false, [1], false, _, _) = self { true } else { false }
    }
}
