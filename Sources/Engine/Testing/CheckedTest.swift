import RuleLang

/// A `test` block after checking.
struct CheckedTest: Sendable {
    struct Expectation: Sendable {
        let image: String
        let outcome: ImageDecision.Outcome
        let becomes: String?
        let denial: String?
        let rule: String?
        let warnings: [String]
        let line: Int
    }

    let name: String
    let file: String
    let line: Int
    let workloadLabels: [String: String]
    let annotations: [String: String]
    let place: Place
    let oldImage: String?
    let context: EvaluationContext
    let expectations: [Expectation]
}

/// Checks `test` blocks.
struct TestChecker {
    let names: NameTable
    /// The names of all rules; nil where some may be missing.
    let ruleNames: Set<String>?
    private var conditions: ConditionChecker { ConditionChecker(names: names) }

    init(names: NameTable, ruleNames: Set<String>?) {
        self.names = names
        self.ruleNames = ruleNames
    }

    func check(_ declaration: TestDeclaration, in tree: SyntaxTree, diagnostics: inout [Diagnostic]) -> CheckedTest? {
        let before = diagnostics.count
        let name = names.resolve(declaration.name, diagnostics: &diagnostics)?.text
        var context = EvaluationContext(namespace: "default", namespaceLabels: [:])
        var labels: [String: String] = [:]
        var annotations: [String: String] = [:]
        var namespaceLabels: [String: String] = [:]
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
        let outcome: ImageDecision.Outcome
        switch expectation.outcome?.value {
        case nil: outcome = becomes == nil ? .unchanged : .rewritten
        case .unchanged: outcome = .unchanged
        case .ignored: outcome = .ignored
        case .bypassed: outcome = .bypassed
        case .declined: outcome = .declined
        case .denied: outcome = .denied
        case .unparsed: outcome = .unparsed
        }
        if let keyword = expectation.outcome, let becomes = expectation.becomes, outcome != .bypassed {
            diagnostics.append(
                Diagnostic(
                    .impossibleExpectation, "an image that is \(keyword.value.rawValue) becomes nothing else",
                    at: becomes.span, secondary: [.init(span: keyword.span, text: "`\(keyword.value.rawValue)` here")],
                    help: ["remove `becomes`, or `\(keyword.value.rawValue)`"]))
        }
        if let keyword = expectation.outcome, let name = expectation.rule,
            [.ignored, .unparsed].contains(outcome)
        {
            diagnostics.append(
                Diagnostic(
                    .impossibleExpectation, "no rule decides over an image that is \(keyword.value.rawValue)",
                    at: name.span, help: ["remove `by`"]))
        }
        guard let image else { return nil }
        return CheckedTest.Expectation(
            image: image, outcome: outcome, becomes: becomes??.text, denial: denial??.text, rule: rule,
            warnings: warnings, line: tree.source.lineIndex(at: expectation.span.start) + 1)
    }

    private func ruleName(_ literal: Literal, diagnostics: inout [Diagnostic]) -> String? {
        let name = literal.plainText ?? ""
        if let ruleNames, !ruleNames.contains(name) {
            let near = Suggestion.closest(to: name, among: ruleNames.sorted())
            diagnostics.append(
                Diagnostic(
                    .unknownRule, "no rule is called `\(name)`", at: literal.span,
                    help: near.map { ["did you mean `\($0)`?"] } ?? ["name a rule of this rule set"],
                    fix: near.map { .init(span: literal.span, text: $0) }))
            return nil
        }
        return name
    }
}
