import RuleLang

/// Checks rules and `ignore`s statement by statement.
struct RuleChecker {
    let names: NameTable
    /// Whether no statement was left out because it is broken.
    let isWhole: Bool
    private var conditions: ConditionChecker { ConditionChecker(names: names) }
    private let hosts = Hosts()

    /// The hosts so far: thousands of patterns name a few of them, and each is kept once.
    private final class Hosts {
        private var known: Set<String> = []

        func shared(_ host: String) -> String {
            // So many bytes stand in the string itself.
            guard host.utf8.count > 15 else { return host }
            return known.insert(host).memberAfterInsert
        }
    }

    init(names: NameTable, isWhole: Bool) {
        self.names = names
        self.isWhole = isWhole
    }

    /// Checks one rule; what is broken in it is reported and left out.
    func check(
        _ declaration: RuleDeclaration, overrides: [CheckedOverride], diagnostics: inout [Diagnostic]
    ) -> CheckedRule? {
        guard let name = ruleName(declaration.name, diagnostics: &diagnostics) else { return nil }
        var conditionSet = ConditionSet()
        var lastCondition: Span?
        var actions: [CheckedAction] = []
        actions.reserveCapacity(declaration.statements.count)
        var hasActions = false
        var marks: [CheckedMark] = []
        var isObserved = false
        for statement in declaration.statements {
            switch statement {
            case .when(let condition, let span):
                conditions.add(condition, to: &conditionSet, diagnostics: &diagnostics)
                lastCondition = span
            case .action(let action):
                hasActions = true
                actions += check(action, diagnostics: &diagnostics)
            case .observe:
                isObserved = true
            case .mark(let statement):
                if let mark = check(statement, diagnostics: &diagnostics) { marks.append(mark) }
            case .accept:
                break
            }
        }
        if conditionSet.isEmpty, let lastCondition {
            diagnostics.append(
                Diagnostic(
                    .contradictoryConditions, "nothing satisfies all conditions of `\(name)`", at: lastCondition,
                    label: "contradicts what stands above",
                    secondary: [.init(span: declaration.name.span, text: "in this rule")],
                    help: ["remove a condition, or give each a rule of its own"]))
            return nil
        }
        if !hasActions, isWhole {
            diagnostics.append(
                Diagnostic(
                    .ruleWithoutAction, "the rule `\(name)` does nothing", at: declaration.name.span,
                    help: [
                        "add `rewrite \"…\" to \"…\"`, `allow \"…\"` or `deny \"…\" because \"…\"`, or remove the rule"
                    ]))
        }
        let rule = CompiledRule(
            name: name, conditions: conditionSet,
            marks: Set(marks.map(\.mark)).sorted(),
            isObserved: isObserved, overrides: overrides.map(\.rule).sorted())
        return CheckedRule(
            rule: rule, nameSpan: declaration.name.span, overrides: overrides, marks: marks,
            actions: withoutDuplicates(actions, in: name, diagnostics: &diagnostics))
    }

    private func ruleName(_ literal: Literal, diagnostics: inout [Diagnostic]) -> String? {
        guard let name = literal.plainText, !name.isEmpty, !name.contains("*"),
            name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f })
        else {
            diagnostics.append(
                Diagnostic(
                    .badName, "this is not the name of a rule", at: literal.span,
                    help: ["a name is letters, digits, `.`, `_`, `/` and `-`: `rule pull-through { … }`"]))
            return nil
        }
        return name
    }

    private func withoutDuplicates(
        _ actions: [CheckedAction], in rule: String, diagnostics: inout [Diagnostic]
    ) -> [CheckedAction] {
        guard Set(actions.lazy.map(\.pattern)).count < actions.count else { return actions }
        var first: [ImagePattern: Span] = [:]
        return actions.filter { action in
            guard let earlier = first[action.pattern] else {
                first[action.pattern] = action.span
                return true
            }
            diagnostics.append(
                Diagnostic(
                    .duplicateAction, "`\(action.pattern.text)` stands twice in `\(rule)`", at: action.span,
                    label: "again here", secondary: [.init(span: earlier, text: "first here")],
                    help: ["remove one of them"]))
            return false
        }
    }

    private func check(_ statement: ActionStatement, diagnostics: inout [Diagnostic]) -> [CheckedAction] {
        let patterns = statement.patterns.compactMap { literal in
            pattern(literal, diagnostics: &diagnostics).map { (literal, $0) }
        }
        var options = RewriteOptions()
        var warning: String?
        var seen: [Modifier] = []
        for modifier in statement.modifiers {
            if let earlier = seen.first(where: { Self.exclude($0.kind, modifier.kind) }) {
                diagnostics.append(
                    Diagnostic(
                        .conflictingModifiers, Self.conflict(earlier.kind, modifier.kind), at: modifier.span,
                        secondary: [.init(span: earlier.span, text: "first here")], help: ["remove one of them"]))
                continue
            }
            seen.append(modifier)
            switch modifier.kind {
            case .warn(let literal): warning = message(literal, diagnostics: &diagnostics)
            case .insertLibrary: break
            case .dropLibrary: options.dropsLibrary = true
            case .digestToTag: options.turnsDigestIntoTag = true
            }
        }
        let effect: Effect
        switch statement.kind {
        case .allow, .deny:
            for modifier in seen {
                if case .warn = modifier.kind { continue }
                diagnostics.append(
                    Diagnostic(
                        .modifierDoesNotApply, "`\(Self.text(modifier.kind))` belongs to `rewrite`", at: modifier.span,
                        help: ["remove it"], fix: .init(span: modifier.span, text: "")))
            }
            if case .deny(let literal) = statement.kind {
                guard let reason = message(literal, diagnostics: &diagnostics) else { return [] }
                effect = .deny(reason)
            } else {
                effect = .allow
            }
        case .rewrite(let literal):
            guard let target = target(literal, for: patterns, diagnostics: &diagnostics) else { return [] }
            checkLibrary(seen, patterns, target: target, diagnostics: &diagnostics)
            checkDigest(seen, diagnostics: &diagnostics)
            effect = .rewrite(target, options)
        }
        return patterns.map { CheckedAction(pattern: $1, effect: effect, warning: warning, span: $0.span) }
    }

    private static func exclude(_ left: Modifier.Kind, _ right: Modifier.Kind) -> Bool {
        switch (left, right) {
        case (.warn, .warn), (.digestToTag, .digestToTag): true
        case (.insertLibrary, .insertLibrary), (.dropLibrary, .dropLibrary): true
        case (.insertLibrary, .dropLibrary), (.dropLibrary, .insertLibrary): true
        default: false
        }
    }

    private static func conflict(_ left: Modifier.Kind, _ right: Modifier.Kind) -> String {
        text(left) == text(right)
            ? "`\(text(right))` stands twice"
            : "`\(text(left))` and `\(text(right))` contradict each other"
    }

    private static func text(_ kind: Modifier.Kind) -> String {
        switch kind {
        case .insertLibrary: "insert library"
        case .dropLibrary: "drop library"
        case .digestToTag: "digest to tag"
        case .warn: "warn"
        }
    }

    private func checkLibrary(
        _ modifiers: [Modifier], _ patterns: [(Literal, ImagePattern)], target: RewriteTarget,
        diagnostics: inout [Diagnostic]
    ) {
        guard !patterns.isEmpty,
            let modifier = modifiers.first(where: { $0.kind == .insertLibrary || $0.kind == .dropLibrary })
        else { return }
        let applies = patterns.contains { _, pattern in
            pattern.path.hasWildcard && pattern.path.components.isEmpty && pattern.registry.matches("docker.io")
        }
        guard !applies else { return }
        diagnostics.append(
            Diagnostic(
                .modifierDoesNotApply, "`\(Self.text(modifier.kind))` does nothing here", at: modifier.span,
                label: "no pattern's `*` stands for the `library/` of Docker Hub",
                help: ["remove it: it is for `\"docker.io/*\"`"], fix: .init(span: modifier.span, text: "")))
    }

    private func checkDigest(_ modifiers: [Modifier], diagnostics: inout [Diagnostic]) {
        guard let modifier = modifiers.first(where: { $0.kind == .digestToTag }) else { return }
        diagnostics.append(
            Diagnostic(
                .digestGivenUp, "`digest to tag` gives up pinning: a tag can be moved, a digest cannot",
                at: modifier.span,
                help: ["where the mirror copies images and so changes digests, say that it is meant: `accept W0701`"]))
    }

    private func message(_ literal: Literal, diagnostics: inout [Diagnostic]) -> String? {
        guard let text = names.resolve(literal, diagnostics: &diagnostics)?.text else { return nil }
        guard text.contains(where: { !$0.isWhitespace }) else {
            diagnostics.append(
                Diagnostic(
                    .emptyMessage, "the message is empty", at: literal.span,
                    help: ["say what to do instead: whoever deploys sees this text"]))
            return nil
        }
        return text
    }

    func pattern(_ literal: Literal, diagnostics: inout [Diagnostic]) -> ImagePattern? {
        guard let text = names.resolve(literal, diagnostics: &diagnostics) else { return nil }
        do throws(PatternFault) {
            let pattern = try ImagePattern.parse(text.text)
            guard case .host(let host) = pattern.registry else { return pattern }
            return ImagePattern(registry: .host(hosts.shared(host)), path: pattern.path, tag: pattern.tag)
        } catch {
            diagnostics.append(Self.diagnostic(error, in: text))
            return nil
        }
    }

    static func diagnostic(_ fault: PatternFault, in text: ResolvedText) -> Diagnostic {
        func shown(_ text: String) -> String { text.replacing(RewriteTarget.registryPlaceholder, with: "${registry}") }
        return Diagnostic(
            fault.code, shown(fault.message), at: text.span(fault.range), help: fault.help.map(shown))
    }

    private func target(
        _ literal: Literal, for patterns: [(Literal, ImagePattern)], diagnostics: inout [Diagnostic]
    ) -> RewriteTarget? {
        guard
            let text = names.resolve(
                literal, registry: RewriteTarget.registryPlaceholder, diagnostics: &diagnostics)
        else { return nil }
        let target: RewriteTarget
        do throws(PatternFault) {
            let parsed = try RewriteTarget.parse(text.text)
            target = RewriteTarget(
                host: hosts.shared(parsed.host), components: parsed.components, hasWildcard: parsed.hasWildcard)
        } catch {
            diagnostics.append(Self.diagnostic(error, in: text))
            return nil
        }
        var isSound = true
        for (source, pattern) in patterns {
            if pattern.path.hasWildcard != target.hasWildcard {
                isSound = false
                let shorter = target.text.hasSuffix("/*") ? String(target.text.dropLast(2)) : target.text
                diagnostics.append(
                    Diagnostic(
                        .wildcardMismatch,
                        target.hasWildcard
                            ? "the target ends in `*`, but `\(pattern.text)` does not"
                            : "`\(pattern.text)` ends in `*`, but the target does not",
                        at: literal.span,
                        secondary: [.init(span: source.span, text: "this pattern")],
                        help: [
                            target.hasWildcard
                                ? "write the whole name in the target: `\(shorter)/…`"
                                : "write `\(target.text)/*`: the `*` is what the pattern's `*` stood for"
                        ]))
            }
            guard target.usesRegistry else { continue }
            let registry: String? =
                switch pattern.registry {
                case .any: nil
                case .subdomains(let domain): domain
                case .host(let host): host
                }
            if let registry, !Reference.isPathComponent(registry) {
                isSound = false
                diagnostics.append(
                    Diagnostic(
                        .misusedRegistryName, "`\(pattern.registry.text)` cannot stand in a path", at: literal.span,
                        label: "`${registry}` here", secondary: [.init(span: source.span, text: "is this registry")],
                        help: ["write a name for it instead of `${registry}`, in an action of its own"]))
            }
        }
        return isSound ? target : nil
    }

    private func check(_ statement: MarkStatement, diagnostics: inout [Diagnostic]) -> CheckedMark? {
        guard let key = conditions.labelKey(statement.key, diagnostics: &diagnostics) else { return nil }
        let value =
            statement.kind == .label
            ? conditions.labelValue(statement.value, diagnostics: &diagnostics)
            : names.resolve(statement.value, diagnostics: &diagnostics)?.text
        if statement.kind == .annotation, let owner = ReservedAnnotation.owner(of: key) {
            diagnostics.append(
                Diagnostic(
                    .badMark, "`\(key)` belongs to \(owner)", at: statement.key.span, help: ["mark with another key"]))
            return nil
        }
        return value.map {
            CheckedMark(
                mark: Mark(kind: statement.kind, key: key, value: $0), keySpan: statement.key.span,
                valueSpan: statement.value.span)
        }
    }

    /// Checks an `ignore`; what is broken in it is reported and left out.
    func check(_ subject: IgnoreSubject, span: Span, diagnostics: inout [Diagnostic]) -> [CheckedIgnore] {
        switch subject {
        case .selfImage:
            return [CheckedIgnore(entry: .selfImage, span: span)]
        case .images(let literals):
            return literals.compactMap { literal in
                pattern(literal, diagnostics: &diagnostics).map { CheckedIgnore(entry: .image($0), span: literal.span) }
            }
        case .condition(let condition):
            var set = ConditionSet()
            let before = diagnostics.count
            conditions.add(condition, to: &set, diagnostics: &diagnostics)
            guard diagnostics.count == before else { return [] }
            guard !set.isEmpty else {
                diagnostics.append(
                    Diagnostic(
                        .contradictoryConditions, "nothing satisfies this condition", at: condition.span,
                        help: ["remove it, or mend the requirements that contradict each other"]))
                return []
            }
            return [CheckedIgnore(entry: .conditions(set), span: span)]
        }
    }

    /// Checks a `bypass` prefix: one registry's host and `/`.
    func bypassPrefix(_ literal: Literal, diagnostics: inout [Diagnostic]) -> CheckedBypass? {
        guard let text = names.resolve(literal, diagnostics: &diagnostics) else { return nil }
        let host = text.text.hasSuffix("/") ? String(text.text.dropLast()) : text.text
        guard text.text.hasSuffix("/"), Reference.isRegistryHost(host), PatternText.looksLikeRegistry(host),
            host != "docker.io", host != "index.docker.io"
        else {
            var help = ["a prefix is one registry's host and a `/`: `bypass \"direct.to/\"`"]
            if Reference.isRegistryHost(host), PatternText.looksLikeRegistry(host) {
                help =
                    text.text.hasSuffix("/")
                    ? ["`\(host)` is a real registry; choose a host that is none"] : ["write `bypass \"\(host)/\"`"]
            }
            diagnostics.append(
                Diagnostic(.badBypassPrefix, "`\(text.text)` is not a bypass prefix", at: literal.span, help: help))
            return nil
        }
        return CheckedBypass(prefix: text.text, span: literal.span)
    }
}

/// Annotations that a mark may not write.
enum ReservedAnnotation {
    /// What was bypassed, as `kind/name=reference`, separated by commas.
    static let bypassed = "ruled.dev/bypassed"
    /// What the kubelet writes on the pods that mirror static pods.
    static let mirrorPod = "kubernetes.io/config.mirror"

    static func owner(of key: String) -> String? {
        switch key {
        case bypassed: "`ruled` itself, which remembers bypassed images there"
        case mirrorPod: "the kubelet"
        default: nil
        }
    }
}
