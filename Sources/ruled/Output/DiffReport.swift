import Engine
import RuleLang

/// Writes how two rule sets differ.
struct DiffReport {
    /// The paths as the command line names them.
    let old: String
    let new: String
    let difference: Difference
    let images: ImageComparison?
    let console: Console

    /// How many regions and images people are shown; JSON has them all.
    private static let limit = 50
    /// How many patterns of one region.
    private static let patternLimit = 5

    /// Each region with both sides and its witness, then what was counted.
    func writeHuman() {
        let out = console.out
        let regions = difference.condensedRegions
        for region in regions.prefix(Self.limit) {
            write(region)
            out.line()
        }
        let more = regions.count - Self.limit
        if more > 0 { out.line("and \(counted(more, "region")) more, which --format json lists\n") }
        for reentry in difference.reentries.prefix(Self.limit) { write(reentry) }
        if let images { write(images) }
        for text in difference.undecided {
            out.line("\(console.paint("not decided", .yellow, on: out)): \(text)")
        }
        let names = "\(old) and \(new)".sanitized
        if difference.isEmpty {
            out.line("\(names) do the same for every image")
        } else if regions.isEmpty {
            out.line("\(names): no difference was found, but not all was decided")
        } else {
            let count = regions.count
            out.line("\(names) differ for \(count == 1 ? "one set" : "\(count) sets") of images")
        }
    }

    // MARK: Regions

    private func write(_ region: DifferenceRegion) {
        let out = console.out
        for line in Self.titles(region) { out.line(console.paint(line.sanitized, .bold, on: out)) }
        let exceptions = Self.grouped(region.exceptions)
        if !exceptions.isEmpty {
            let shown = exceptions.prefix(Self.patternLimit).joined(separator: "; ")
            let more = exceptions.count - Self.patternLimit
            out.line("  but for \(shown)\(more > 0 ? "; and \(more) more" : "")".sanitized)
        }
        out.line("  \(console.paint("-", .red, on: out)) \(Self.text(region.old, of: region.kind).sanitized)")
        out.line("  \(console.paint("+", .green, on: out)) \(Self.text(region.new, of: region.kind).sanitized)")
        let witness = region.witness
        out.line("  such as \(Self.text(witness).sanitized)")
        for (sign, decision) in [("-", witness.old), ("+", witness.new)] {
            out.line("    \(sign) \(Self.text(decision).sanitized)")
        }
    }

    /// What a region is about, a line for each set of conditions.
    private static func titles(_ region: DifferenceRegion) -> [String] {
        let sets = grouped(region.parts)
        switch region.kind {
        case .images: return sets
        case .observed: return sets.map { $0 + ", where rules observe" }
        case .bypassed: return sets
        case .unparsed: return sets.map { "what is no reference" + ($0.isEmpty ? "" : ", " + $0) }
        case .ownImage: return ["the webhook's own image"]
        case .unknownLabels: return ["namespaces whose labels are not known"]
        }
    }

    /// The patterns under each set of conditions, on a line of their own.
    private static func grouped(_ sets: [DifferenceSet]) -> [String] {
        var patterns: [[String]: [String]] = [:]
        var order: [[String]] = []
        for set in sets {
            if patterns[set.conditions] == nil { order.append(set.conditions) }
            patterns[set.conditions, default: []].append(set.pattern)
        }
        return order.map { conditions in
            let all = (patterns[conditions] ?? []).filter { !$0.isEmpty }
            let more = all.count - patternLimit
            let list = all.prefix(patternLimit).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
            let under = conditions.joined(separator: ", ")
            if list.isEmpty || (list == "*/*" && !under.isEmpty) { return under }
            return under.isEmpty ? list : "\(list)  (\(under))"
        }
    }

    private static func text(_ side: DifferenceSide, of kind: DifferenceRegion.Kind) -> String {
        var text: String
        switch side.action {
        case .rewrite: text = "rewritten" + (side.detail.map { " to `\($0)`" } ?? "")
        case .allow: text = "allowed"
        case .deny: text = "denied" + (side.detail.map { ": \($0)" } ?? "")
        case .ignore: text = "ignored"
        case .bypass: text = "the prefix is taken off, and the rest is not rewritten"
        case .warn: text = "left alone, with a warning"
        case .none:
            switch kind {
            case .bypassed: text = "the prefix means nothing"
            case .unknownLabels: text = "the rules decide without them"
            default: text = "no rule names them"
            }
        }
        if kind == .observed, side.rule != nil { text = "would be " + text }
        let place = side.location.map { " at \($0.file):\($0.line)" } ?? ""
        text += side.rule.map { " by \($0)" } ?? ""
        text += place
        if !side.marks.isEmpty { text += ", marks \(side.marks.joined(separator: ", "))" }
        if let warning = side.warning { text += ", warns: \(warning)" }
        return text
    }

    private static func text(_ witness: DifferenceWitness) -> String {
        var text = "`\(witness.image)` in namespace `\(witness.namespace)`"
        if let labels = witness.namespaceLabels {
            if !labels.isEmpty { text += " with labels \(list(labels))" }
        } else {
            text += " with unknown labels"
        }
        if !witness.podLabels.isEmpty { text += ", in a pod with labels \(list(witness.podLabels))" }
        if witness.place != .container { text += ", as \(witness.place.rawValue)" }
        if witness.operation != .create { text += ", on \(witness.operation.rawValue)" }
        if witness.selfImage != nil { text += ", were it the webhook's own" }
        return text
    }

    private static func list(_ labels: [String: String]) -> String {
        labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
    }

    private static func text(_ decision: PodDecision) -> String {
        guard let image = decision.images.first else { return "" }
        let marks = decision.patch.compactMap { operation -> String? in
            // A bypass that is remembered is no mark.
            guard image.outcome != .bypassed, case .add(let pointer, let value) = operation else { return nil }
            return Manifest.components(of: pointer).last.map { "sets \($0) = \(value)" }
        }
        return ([image.summary] + decision.warnings.map { "warning: \($0)" } + marks).joined(separator: "; ")
    }

    // MARK: While both run

    private func write(_ reentry: DifferenceReentry) {
        let names = reentry.isFromOld ? (old, new) : (new, old)
        let out = console.out
        out.line(
            "\(console.paint("while both run", .yellow, on: out)): what `\(reentry.writer.rule)` of \(names.0) writes is "
                + "\(reentry.result == nil ? "denied" : "rewritten again") by "
                + "\(reentry.taker.map { "`\($0.rule)`" } ?? "a bypass") of \(names.1)".sanitized)
        out.line(
            "  `\(reentry.image)` -> `\(reentry.output)` -> \(reentry.result.map { "`\($0)`" } ?? "denied")\n"
                .sanitizedLines)
    }

    // MARK: Images

    private func write(_ images: ImageComparison) {
        let out = console.out
        let noun = images.isPlain ? "line" : "object"
        for change in images.changes.prefix(Self.limit) {
            let places = images.isPlain ? "" : " in " + Self.namespaces(change.namespaces)
            out.line("\(change.image)  (\(counted(change.objects, noun))\(places))".sanitized)
            out.line("  \(console.paint("-", .red, on: out)) \(change.old.summary.sanitized)")
            out.line("  \(console.paint("+", .green, on: out)) \(change.new.summary.sanitized)")
        }
        let more = images.changes.count - Self.limit
        if more > 0 { out.line("and \(more) more, which --format json lists") }
        if !images.changes.isEmpty { out.line() }
        let changed = Set(images.changes.map(\.image)).count
        out.line("\(changed) of \(counted(images.images, "image")) in \(counted(images.objects, noun)) change")
        guard let first = images.firstStranger else { return }
        let count = images.notReferences.count
        out.line(
            (count == 1
                ? "1 line is no image reference: \(first)" : "\(count) lines are no image references, first \(first)")
                .sanitized)
    }

    private static func namespaces(_ names: Set<String>) -> String {
        names.count > 3
            ? "\(names.count) namespaces" : names.sorted().joined(separator: ", ")
    }
}

extension String {
    /// Sanitized, but for the line break at its end.
    fileprivate var sanitizedLines: String {
        hasSuffix("\n") ? String(dropLast()).sanitized + "\n" : sanitized
    }
}
