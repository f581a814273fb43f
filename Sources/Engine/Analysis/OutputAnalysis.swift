import RuleLang

/// What rewrites write: it must not come back in, and two sources should not land on one target.
struct OutputAnalysis {
    let rules: [CompiledRule]
    let actions: [CompiledAction]
    let spans: [Span]
    let boxes: [Box]
    let order: ActionOrder
    let ignores: [CheckedIgnore]
    /// What the ignores claim, `ignore self` left out.
    let ignored: [Box]
    let bypassPrefixes: Set<String>

    func run(diagnostics: inout [Diagnostic]) {
        let index = RegistryIndex(actions.map(\.pattern))
        for (source, action) in actions.enumerated() {
            guard let preimage = Preimage(action, boxes[source]) else { continue }
            if bypassPrefixes.contains(preimage.target.host + "/") {
                diagnostics.append(
                    Diagnostic(
                        .outputUnderBypass,
                        "`\(rules[action.rule].name)` writes images under the bypass prefix `\(preimage.target.host)/`",
                        at: spans[source], help: ["choose a host for `bypass` that is no registry"]))
                continue
            }
            for second in index.actions(at: preimage.target.host) {
                if case .allow = actions[second].effect { continue }
                if let diagnostic = reentry(source, preimage, second) {
                    diagnostics.append(diagnostic)
                    break
                }
            }
        }
        reportCollisions(diagnostics: &diagnostics)
    }

    // MARK: Outputs that come back in

    /// What one action writes must not be won by another in any later request, whatever its operation.
    private func reentry(_ first: Int, _ preimage: Preimage, _ second: Int) -> Diagnostic? {
        // Updates first: they reach every place, so that their witnesses need say nothing of it.
        for operation in [Operation.update, .create] {
            let regions = preimage.of(actions[second].pattern, boxes[second].on(operation))
            guard !regions.isEmpty else { continue }
            let isLive = !isObserved(first) && !isObserved(second)
            var holes = won(by: first, live: isLive)
            for narrower in order.inside[second] where !isLive || !isObserved(narrower) {
                holes += preimage.of(actions[narrower].pattern, boxes[narrower].on(operation))
            }
            for entry in ignores.map(\.entry) {
                guard let box = Box(ignored: entry)?.on(operation) else { continue }
                holes += preimage.of(entry.pattern, box)
            }
            guard let remaining = Box.subtract(holes, from: regions) else {
                return Diagnostic(
                    .undecided,
                    "it could not be decided whether what `\(name(first))` writes is taken up by `\(name(second))`",
                    at: spans[first], secondary: [.init(span: spans[second], text: "by this")],
                    notes: ["not decided: more than \(Box.budget) cases"],
                    help: ["write to a path that no pattern names"])
            }
            for witness in remaining.compactMap(\.witness) {
                guard let output = preimage.output(of: witness.reference),
                    actions[second].pattern.matches(
                        ImageName(output), tag: output.tag, hasDigest: output.digest != nil)
                else { continue }
                return diagnostic(first, second, witness, output)
            }
        }
        return nil
    }

    private func diagnostic(_ first: Int, _ second: Int, _ witness: Witness, _ output: Reference) -> Diagnostic {
        let wildcard = actions[first].pattern.path.hasWildcard
        let allow = ImagePattern(
            registry: .host(output.registry),
            path: wildcard
                ? narrowest(first) : PathPattern(components: ImageName(output).components, hasWildcard: false))
        var chain = "`\(witness.reference.text)` -> `\(output.text)`"
        var help: [String] = []
        let taking = actions[second].pattern
        if taking.registry.contains(allow.registry), taking.path.contains(allow.path), taking.text != allow.text {
            help.append("let what is written pass: `allow \"\(allow.text)\"`")
        }
        let what: String
        if let next = Preimage(actions[second], boxes[second])?.output(of: output) {
            what = "rewritten again"
            chain += " -> `\(next.text)`"
            if name(first) != name(second) {
                help.append("let `\(name(first))` write straight to where `\(name(second))` leads")
            } else if first != second {
                help.append("let this action write straight to where the other leads")
            }
        } else if case .deny = actions[second].effect {
            what = "denied"
            chain += " -> denied"
        } else {
            what = "taken up again"
        }
        if help.isEmpty { help.append("write to a path that no pattern names") }
        return Diagnostic(
            .reentry,
            first == second
                ? "what `\(name(first))` writes is \(what) by itself"
                : "what `\(name(first))` writes is \(what) by `\(name(second))`",
            at: spans[first], label: "this writes it",
            secondary: first == second ? [] : [.init(span: spans[second], text: "this takes it up")],
            notes: ["witness: \(chain)\(witness.text.dropFirst(witness.reference.text.utf8.count + 2))"], help: help)
    }

    /// The narrowest pattern with `*` that holds all an action writes.
    private func narrowest(_ action: Int) -> PathPattern {
        guard case .rewrite(let target, _) = actions[action].effect else {
            return PathPattern(components: [], hasWildcard: true)
        }
        var components: [String] = []
        for component in target.components {
            switch component {
            case .literal(let text): components.append(text)
            case .registry:
                guard case .host(let host) = actions[action].pattern.registry else {
                    return PathPattern(components: components, hasWildcard: true)
                }
                components.append(host)
            }
        }
        return PathPattern(components: components, hasWildcard: true)
    }

    /// What an action does not win of its box: what more specific ones claim, and what is ignored.
    private func won(by action: Int, live: Bool) -> [Box] {
        order.inside[action].filter { !live || !isObserved($0) }.map { boxes[$0] } + ignored
    }

    private func isObserved(_ action: Int) -> Bool { rules[actions[action].rule].isObserved }
    private func name(_ action: Int) -> String { rules[actions[action].rule].name }

    // MARK: Two sources on one target

    /// Reported once an action, with one other: images of two sources that would be one in the mirror.
    private func reportCollisions(diagnostics: inout [Diagnostic]) {
        var outputs: [Int: ImagePattern] = [:]
        var index = PatternIndex()
        for (number, action) in actions.enumerated() {
            guard let preimage = Preimage(action, boxes[number]) else { continue }
            let written = ImagePattern(
                registry: .host(preimage.target.host), path: narrowestWritten(number, preimage))
            outputs[number] = written
            index.insert(written, number)
        }
        var reported: Set<Int> = []
        for number in actions.indices {
            guard let written = outputs[number] else { continue }
            index.forEachRelated(to: written) { other, hasSamePath in
                // What lies within another is found from the inner one; of two alike the later one speaks.
                guard other != number, !hasSamePath || other < number, !reported.contains(number),
                    let (left, right, output) = collision(other, number)
                else { return }
                reported.insert(number)
                diagnostics.append(
                    Diagnostic(
                        .collision, "two sources land on one target: `\(left.text)` and `\(right.text)`",
                        at: spans[number], label: "this one",
                        secondary: [.init(span: spans[other], text: "and this one")],
                        notes: ["witness: both become `\(output.text)`"],
                        help: [
                            "keep the sources apart in the target, as with `${registry}`",
                            "if both sources hold the same images, say that it is meant: `accept W0501`",
                        ]))
            }
        }
    }

    private func collision(_ first: Int, _ second: Int) -> (Reference, Reference, Reference)? {
        guard let left = Preimage(actions[first], boxes[first]), let right = Preimage(actions[second], boxes[second]),
            left.pattern != right.pattern
        else { return nil }
        let written = ImagePattern(registry: .host(right.target.host), path: narrowestWritten(second, right))
        let everything = Box(pattern: .everything, conditions: ConditionSet())
        let regions = Box.subtract(won(by: first, live: false), from: left.of(written, everything)) ?? []
        for witness in regions.compactMap(\.witness) {
            guard let output = left.output(of: witness.reference) else { continue }
            let exact = ImagePattern(
                registry: .host(output.registry),
                path: PathPattern(components: ImageName(output).components, hasWildcard: false))
            let sources = Box.subtract(won(by: second, live: false), from: right.of(exact, everything)) ?? []
            for source in sources.compactMap(\.witness) {
                let reference = Reference(
                    registry: source.reference.registry, path: source.reference.path, tag: witness.reference.tag,
                    digest: witness.reference.digest)
                guard right.output(of: reference) == output, ImageName(reference) != ImageName(witness.reference) else {
                    continue
                }
                return (witness.reference, reference, output)
            }
        }
        return nil
    }

    private func narrowestWritten(_ action: Int, _ preimage: Preimage) -> PathPattern {
        let path = narrowest(action)
        return preimage.target.hasWildcard || path.components.count < preimage.target.components.count
            ? path : PathPattern(components: path.components, hasWildcard: false)
    }
}

/// Actions by the registry of their patterns.
struct RegistryIndex {
    private var hosts: [String: [Int]] = [:]
    private var wildcards: [(RegistryPattern, Int)] = []

    init(_ patterns: [ImagePattern]) {
        for (index, pattern) in patterns.enumerated() {
            if case .host(let host) = pattern.registry {
                hosts[host, default: []].append(index)
            } else {
                wildcards.append((pattern.registry, index))
            }
        }
    }

    func actions(at host: String) -> [Int] {
        ((hosts[host] ?? []) + wildcards.filter { $0.0.matches(host) }.map(\.1)).sorted()
    }
}
