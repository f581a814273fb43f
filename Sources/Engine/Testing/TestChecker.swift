import RuleLang

/// Checks `test` blocks.
struct TestChecker {
    let names: NameTable
    /// The names of all rules; nil where some may be missing.
    let ruleNames: Set<String>?
    /// The names of the rules that only observe.
    let observers: Set<String>
    private var conditions: ConditionChecker { ConditionChecker(names: names) }

    init(names: NameTable, ruleNames: Set<String>?, observers: Set<String>) {
        self.names = names
        self.ruleNames = ruleNames
        self.observers = observers
    }

    func check(_ declaration: TestDeclaration, in tree: SyntaxTree, diagnostics: inout [Diagnostic]) -> CheckedTest? {
        let before = diagnostics.count
        let name = names.resolve(declaration.name, diagnostics: &diagnostics)?.text
        var context = EvaluationContext(namespace: "default", namespaceLabels: [:])
        var labels: [String: String] = [:]
        var annotations: [String: String] = [:]
        var namespaceLabels: [String: String] = [:]
        var nameLabels: [LabelAssignment] = []
        var place: Keyword<Place>?
        var operation: Keyword<Operation>?
        var oldImage: (text: String, span: Span)?
        var seen: [String: Span] = [:]

        func once(_ what: String, _ span: Span) {
            if let earlier = seen[what] {
                diagnostics.append(
                    Diagnostic(
                        .conflictingGivens, "the \(what) is given twice", at: span, label: "again here",
                        secondary: [.init(span: earlier, text: "first here")], help: ["write a test for each"]))
            }
            seen[what] = seen[what] ?? span
        }

        for given in declaration.givens {
            switch given.kind {
            case .namespace(let literal):
                once("namespace", given.span)
                context.namespace =
                    conditions.namespaceName(literal, diagnostics: &diagnostics) ?? context.namespace
            case .namespaceLabels(let assignments):
                add(assignments, to: &namespaceLabels, areLabels: true, diagnostics: &diagnostics)
                nameLabels += assignments.filter {
                    var ignored: [Diagnostic] = []
                    return names.resolve($0.key, diagnostics: &ignored)?.text == ConditionSet.namespaceNameLabel
                }
            case .podLabels(let assignments):
                add(assignments, to: &labels, areLabels: true, diagnostics: &diagnostics)
            case .podAnnotations(let assignments):
                add(assignments, to: &annotations, areLabels: false, diagnostics: &diagnostics)
            case .operation(let keyword):
                once("operation", given.span)
                operation = keyword
            case .place(let keyword):
                once("place", given.span)
                place = keyword
            case .oldImage(let literal):
                once("old image", given.span)
                if let text = names.resolve(literal, diagnostics: &diagnostics)?.text {
                    oldImage = (text, given.span)
                }
            }
        }
        if let operation, operation.value == .create {
            if let place, place.value == .ephemeral {
                diagnostics.append(
                    Diagnostic(
                        .conflictingGivens, "no pod is created with ephemeral containers", at: place.span,
                        secondary: [.init(span: operation.span, text: "`create` here")],
                        help: ["write `given operation update`"]))
            }
            if let oldImage {
                diagnostics.append(
                    Diagnostic(
                        .conflictingGivens, "a pod that is created had no image before", at: oldImage.span,
                        secondary: [.init(span: operation.span, text: "`create` here")],
                        help: ["write `given operation update`"]))
            }
        }
        let isUpdate = oldImage != nil || place?.value == .ephemeral
        context.operation = operation?.value ?? (isUpdate ? .update : .create)
        if let other = namespaceLabels[ConditionSet.namespaceNameLabel], other != context.namespace,
            let assignment = nameLabels.first
        {
            diagnostics.append(
                Diagnostic(
                    .conflictingGivens, "the namespace is `\(context.namespace)`, so its name label is not `\(other)`",
                    at: assignment.value.span,
                    secondary: seen["namespace"].map { [.init(span: $0, text: "the namespace is given here")] } ?? [],
                    notes: ["every namespace has its name as the label `\(ConditionSet.namespaceNameLabel)`"],
                    help: ["remove the label, and write `given namespace \(other)` if that is the one"]))
        }
        context.namespaceLabels = namespaceLabels.merging(
            [ConditionSet.namespaceNameLabel: context.namespace], uniquingKeysWith: { given, _ in given })
        if declaration.expectations.isEmpty, ruleNames != nil {
            diagnostics.append(
                Diagnostic(
                    .testWithoutExpectation, "the test expects nothing, so it cannot fail", at: declaration.name.span,
                    help: ["add a line such as `expect \"nginx\" unchanged`"]))
        }
        let expectations = declaration.expectations.compactMap {
            check($0, in: tree, diagnostics: &diagnostics)
        }
        guard diagnostics.count == before, let name else { return nil }
        return CheckedTest(
            name: name, file: tree.source.name, line: tree.source.lineIndex(at: declaration.span.start) + 1,
            workloadLabels: labels, annotations: annotations, place: place?.value ?? .container,
            oldImage: oldImage?.text, context: context, expectations: expectations)
    }

    private func add(
        _ assignments: [LabelAssignment], to result: inout [String: String], areLabels: Bool,
        diagnostics: inout [Diagnostic]
    ) {
        for assignment in assignments {
            let key = conditions.labelKey(assignment.key, diagnostics: &diagnostics)
            let value =
                areLabels
                ? conditions.labelValue(assignment.value, diagnostics: &diagnostics)
                : names.resolve(assignment.value, diagnostics: &diagnostics)?.text
            guard let key, let value else { continue }
            if result.updateValue(value, forKey: key) != nil {
                diagnostics.append(
                    Diagnostic(
                        .conflictingGivens, "`\(key)` is given twice", at: assignment.key.span,
                        help: ["write a test for each"]))
            }
        }
    }

    private func check(
        _ expectation: RuleLang.Expectation, in tree: SyntaxTree, diagnostics: inout [Diagnostic]
    ) -> CheckedTest.Expectation? {
        let image = names.resolve(expectation.image, diagnostics: &diagnostics)?.text
        let becomes = expectation.becomes.map { names.resolve($0, diagnostics: &diagnostics) }
        let denial = expectation.denial.map { names.resolve($0, diagnostics: &diagnostics) }
        let warnings = expectation.warnings.compactMap { names.resolve($0, diagnostics: &diagnostics)?.text }
        let rule = expectation.rule.flatMap { ruleName($0, diagnostics: &diagnostics) }
        let outcome: ImageDecision.Outcome? =
            switch expectation.outcome?.value {
            case nil: becomes == nil ? nil : .rewritten
            case .unchanged: .unchanged
            case .ignored: .ignored
            case .bypassed: .bypassed
            case .declined: .declined
            case .denied: .denied
            case .unparsed: .unparsed
            }
        checkConsistency(of: expectation, outcome, diagnostics: &diagnostics)
        if let literal = expectation.rule, let rule, observers.contains(rule) {
            diagnostics.append(
                Diagnostic(
                    .impossibleExpectation, "`\(rule)` observes, so it decides over no image", at: literal.span,
                    help: ["expect the warning it gives instead: `warns \"rule `\(rule)` observes\"`"]))
        }
        if let literal = expectation.becomes, let text = becomes??.text {
            checkTarget(text, at: literal.span, of: expectation, image: image, diagnostics: &diagnostics)
        }
        guard let image else { return nil }
        return CheckedTest.Expectation(
            image: image, outcome: outcome, becomes: becomes??.text, denial: denial??.text, rule: rule,
            warnings: warnings, line: tree.source.lineIndex(at: expectation.span.start) + 1)
    }

    /// Reports clauses that cannot hold together, whatever the rules are.
    private func checkConsistency(
        of expectation: RuleLang.Expectation, _ outcome: ImageDecision.Outcome?, diagnostics: inout [Diagnostic]
    ) {
        guard let keyword = expectation.outcome, let outcome else { return }
        if let name = expectation.rule, [.ignored, .unparsed, .bypassed].contains(outcome) {
            diagnostics.append(
                Diagnostic(
                    .impossibleExpectation, "no rule decides over an image that is \(keyword.value.rawValue)",
                    at: name.span, help: ["remove `by`"]))
        }
        if let warning = expectation.warnings.first, outcome == .ignored {
            diagnostics.append(
                Diagnostic(
                    .impossibleExpectation, "nobody is warned of an image that is ignored", at: warning.span,
                    help: ["remove `warns`"]))
        }
    }

    /// Reports what no image can become.
    private func checkTarget(
        _ target: String, at span: Span, of expectation: RuleLang.Expectation, image: String?,
        diagnostics: inout [Diagnostic]
    ) {
        if case .failure(let error) = Reference.parse(target) {
            diagnostics.append(
                Diagnostic(
                    .impossibleExpectation, "nothing becomes `\(target)`, which is not an image reference", at: span,
                    label: error.reason, help: ["write the reference that the image is to become"]))
        } else if expectation.outcome == nil, target == image {
            diagnostics.append(
                Diagnostic(
                    .impossibleExpectation, "an image that stays as it is does not become itself", at: span,
                    help: ["write `unchanged` instead of `becomes …`"]))
        }
    }

    private func ruleName(_ literal: Literal, diagnostics: inout [Diagnostic]) -> String? {
        let name = literal.plainText ?? ""
        if let ruleNames, !ruleNames.contains(name) {
            diagnostics.append(.unknownRule(name, at: literal.span, among: ruleNames))
            return nil
        }
        return name
    }
}
