import RuleLang

/// A mark after checking, with where it stands.
struct CheckedMark {
    let mark: Mark
    let keySpan: Span
    let valueSpan: Span
}

/// The rules for marks that span rules: a marked label stands in no selector, and two rules that mark one key agree.
/// Otherwise evaluating a pod twice could differ from evaluating it once.
struct MarkAnalysis {
    let rules: [CheckedRule]
    let ignores: [CheckedIgnore]

    func run(diagnostics: inout [Diagnostic]) {
        let marks = rules.flatMap(\.marks)
        guard !marks.isEmpty else { return }
        var selectors: [String: Span] = [:]
        for rule in rules { Self.note(rule.rule.conditions, rule.nameSpan, in: &selectors) }
        for ignore in ignores {
            if case .conditions(let conditions) = ignore.entry { Self.note(conditions, ignore.span, in: &selectors) }
        }
        var first: [String: CheckedMark] = [:]
        for checked in marks {
            let mark = checked.mark
            if mark.kind == .label, let selector = selectors[mark.key] {
                diagnostics.append(
                    Diagnostic(
                        .markInSelector, "`\(mark.key)` is marked, and a selector asks for it", at: checked.keySpan,
                        secondary: [.init(span: selector, text: "asked for here")],
                        help: ["mark with another key: a rule must not change what another one looks at"]))
            }
            let name = (mark.kind == .label ? "label " : "annotation ") + mark.key
            guard let earlier = first[name] else {
                first[name] = checked
                continue
            }
            if earlier.mark.value != mark.value {
                diagnostics.append(
                    Diagnostic(
                        .marksDisagree, "`\(mark.key)` is marked with two values", at: checked.valueSpan,
                        label: "this value", secondary: [.init(span: earlier.valueSpan, text: "and this one")],
                        help: ["give both the same value, or use two keys"]))
            }
        }
    }

    private static func note(_ conditions: ConditionSet, _ span: Span, in selectors: inout [String: Span]) {
        for entry in conditions.podLabels.entries + conditions.namespaceLabels.entries
        where selectors[entry.key] == nil {
            selectors[entry.key] = span
        }
    }
}
