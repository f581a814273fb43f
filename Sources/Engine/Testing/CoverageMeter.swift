import RuleLang

/// Counts what the expectations of tests reach. It asks the evaluator for decisions and traces as everybody does, and
/// looks at single conditions itself, so that measuring costs nothing where nobody measures.
struct CoverageMeter {
    private(set) var coverage = Coverage()
    /// The conditions of each rule, in step with those of `coverage`.
    private var conditions: [[ConditionSet]] = []
    /// Whether a rule observes, in step with the rules of `coverage`.
    private var observes: [Bool] = []
    /// In step with the ignores of `coverage`.
    private var ignores: [IgnoreEntry] = []
    /// In step with the bypasses of `coverage`.
    private var prefixes: [String] = []
    private var ruleIndices: [String: Int] = [:]
    private var actionIndices: [ActionKey: Int] = [:]

    /// A pattern stands once in a rule.
    private struct ActionKey: Hashable {
        let rule: String
        let pattern: String
    }

    /// Finds what there is to reach. The source was checked before, so that nothing in it is wrong.
    init(_ source: RuleSetSource) {
        let (trees, names) = source.parsed()
        let checker = RuleChecker(names: names, isWhole: true)
        for tree in trees {
            for statement in tree.statements {
                switch statement {
                case .rule(let declaration): add(declaration, in: tree.source, checker)
                case .ignore(let subject, let span): add(subject, span, in: tree.source, checker)
                case .bypass(let literals, _):
                    for literal in literals {
                        var found: [Diagnostic] = []
                        guard let prefix = checker.bypassPrefix(literal, diagnostics: &found)?.prefix else { continue }
                        prefixes.append(prefix)
                        coverage.bypasses.append(
                            Coverage.Exception(
                                text: "bypass \"\(prefix)\"", file: tree.source.name,
                                line: tree.source.line(of: literal.span)))
                    }
                case .language, .binding, .test, .accept: break
                }
            }
        }
    }

    private mutating func add(_ declaration: RuleDeclaration, in file: SourceFile, _ checker: RuleChecker) {
        guard let name = declaration.name.plainText else { return }
        var found: [Diagnostic] = []
        var rule = Coverage.Rule(
            name: name, file: file.name, line: file.line(of: declaration.name.span), actions: [], conditions: [])
        var patterns: [ImagePattern] = []
        var written: [Condition] = []
        var isObserved = false
        for statement in declaration.statements {
            switch statement {
            case .action(let action):
                for literal in action.patterns {
                    guard let pattern = checker.pattern(literal, diagnostics: &found) else { continue }
                    actionIndices[ActionKey(rule: name, pattern: pattern.text)] = rule.actions.count
                    rule.actions.append(
                        Coverage.Action(pattern: pattern.text, file: file.name, line: file.line(of: literal.span)))
                    patterns.append(pattern)
                }
            case .when(let condition, _): written += condition.parts
            case .observe: isObserved = true
            case .mark, .accept: break
            }
        }
        var sets: [ConditionSet] = []
        for condition in written {
            var set = ConditionSet()
            ConditionChecker(names: checker.names).add(condition, to: &set, diagnostics: &found)
            sets.append(set)
            rule.conditions.append(
                Coverage.Condition(
                    text: file.text(of: condition), file: file.name, line: file.line(of: condition.span),
                    canFail: set.canFail(for: patterns)))
        }
        ruleIndices[name] = coverage.rules.count
        coverage.rules.append(rule)
        conditions.append(sets)
        observes.append(isObserved)
    }

    private mutating func add(
        _ subject: IgnoreSubject, _ span: Span, in file: SourceFile, _ checker: RuleChecker
    ) {
        var found: [Diagnostic] = []
        for ignore in checker.check(subject, span: span, diagnostics: &found) {
            let text: String
            switch ignore.entry {
            case .selfImage: continue
            case .image(let pattern): text = "ignore image \"\(pattern.text)\""
            case .conditions: text = file.flatText(span)
            }
            ignores.append(ignore.entry)
            coverage.ignores.append(
                Coverage.Exception(text: text, file: file.name, line: file.line(of: ignore.span)))
        }
    }

    /// Counts what came of one expectation.
    mutating func record(
        _ decision: ImageDecision, _ trace: [ConsideredAction], of workload: Workload, in context: EvaluationContext
    ) {
        let text = decision.field.text
        // No rule and no `ignore` is asked about these.
        if workload.annotations?[ReservedAnnotation.mirrorPod] != nil { return }
        if context.old?.images.contains(where: { $0.text.utf8.elementsEqual(text.utf8) }) ?? false { return }
        if decision.outcome == .bypassed || decision.outcome == .denied { recordPrefixes(of: text) }
        let image = MeasuredImage(
            place: decision.field.place, reference: decision.reference, labels: workload.labels ?? [:],
            context: context)
        if decision.outcome == .ignored || decision.outcome == .bypassed {
            var isIgnored = false
            for index in ignores.indices where image.isCovered(by: ignores[index]) {
                coverage.ignores[index].expectations += 1
                isIgnored = true
            }
            if isIgnored || decision.outcome == .ignored { return }
        }
        record(trace, image)
    }

    private mutating func record(_ trace: [ConsideredAction], _ image: MeasuredImage) {
        var asked: Set<Int> = []
        let first = trace.first { $0.standing == .claims }
        for entry in trace where entry.standing != .otherTag {
            guard let rule = ruleIndices[entry.location.rule] else { continue }
            asked.insert(rule)
            let wouldWin = observes[rule] && entry == first
            let key = ActionKey(rule: entry.location.rule, pattern: entry.pattern)
            if entry.won || wouldWin, let action = actionIndices[key] {
                coverage.rules[rule].actions[action].expectations += 1
            }
        }
        for rule in asked {
            for (index, condition) in conditions[rule].enumerated() {
                if image.satisfies(condition) {
                    coverage.rules[rule].conditions[index].holding += 1
                } else {
                    coverage.rules[rule].conditions[index].failing += 1
                }
            }
        }
    }

    /// Counts the prefixes that were taken off an image.
    private mutating func recordPrefixes(of text: String) {
        var rest = text[...]
        var taken: Set<String> = []
        while let prefix = prefixes.first(where: { rest.utf8.starts(with: $0.utf8) }) {
            taken.insert(prefix)
            rest = Substring(rest.utf8.dropFirst(prefix.utf8.count))
        }
        guard case .success = Reference.parse(String(rest)) else { return }
        for index in prefixes.indices where taken.contains(prefixes[index]) {
            coverage.bypasses[index].expectations += 1
        }
    }
}

/// A tested image, as single conditions look at it.
private struct MeasuredImage {
    let place: Place
    /// The reference; nil where the image does not parse.
    let reference: Reference?
    let labels: [String: String]
    let context: EvaluationContext

    func isCovered(by ignore: IgnoreEntry) -> Bool {
        switch ignore {
        case .selfImage: return false
        case .conditions(let set): return satisfies(set)
        case .image(let pattern):
            guard let reference else { return false }
            return pattern.matches(
                ImageName(reference), tag: reference.tag, hasDigest: reference.digest != nil)
        }
    }

    func satisfies(_ set: ConditionSet) -> Bool {
        guard set.placesAndOperations.contains(PlacesAndOperations(place, context.operation)),
            set.namespaces.contains(NamespacePattern(stem: context.namespace, isPrefix: false)),
            set.namespaceLabels.hold(for: context.namespaceLabels ?? [:]), set.podLabels.hold(for: labels)
        else { return false }
        guard let reference else { return set.writtenParts == .all }
        return set.writtenParts.contains(
            WrittenParts(hasTag: reference.tag != nil, hasDigest: reference.digest != nil))
    }
}

extension ConditionSet {
    /// Whether an image of some pattern is possible for which the condition does not hold.
    fileprivate func canFail(for patterns: [ImagePattern]) -> Bool {
        guard self != ConditionSet() else { return false }
        guard writtenParts != .all else { return true }
        let others = WrittenParts.all.subtracting(writtenParts)
        return patterns.contains { !TagSet(patternTag: $0.tag, parts: others).isEmpty }
    }
}

extension Condition {
    /// The condition itself, or for each requirement of a selector a condition of its own.
    fileprivate var parts: [Condition] {
        func parts(_ selector: Selector, _ kind: (Selector) -> Kind) -> [Condition] {
            selector.requirements.map { requirement in
                Condition(
                    kind: kind(Selector(requirements: [requirement], span: requirement.span)), span: requirement.span)
            }
        }
        return switch kind {
        case .namespaceLabels(let selector): parts(selector) { .namespaceLabels($0) }
        case .podLabels(let selector): parts(selector) { .podLabels($0) }
        case .namespaceNames, .places, .operations, .imageHas: [self]
        }
    }
}

extension SourceFile {
    fileprivate func line(of span: Span) -> Int { lineIndex(at: span.start) + 1 }

    /// A stretch of source in one line.
    fileprivate func flatText(_ span: Span) -> String {
        text(span.range).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// A condition as it is written, a part of a selector with the words before the selector.
    fileprivate func text(of condition: Condition) -> String {
        let text = flatText(condition.span)
        return switch condition.kind {
        case .namespaceLabels: "namespace where \(text)"
        case .podLabels: "pod where \(text)"
        case .namespaceNames, .places, .operations, .imageHas: text
        }
    }
}
