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
    let asked: AskedLabels

    func run(diagnostics: inout [Diagnostic]) {
        let marks = rules.flatMap(\.marks)
        guard !marks.isEmpty else { return }
        var first: [String: CheckedMark] = [:]
        for checked in marks {
            let mark = checked.mark
            if mark.kind == .label, let selector = asked.spans[mark.key] {
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
}

/// The labels that selectors ask for, each with the first place.
struct AskedLabels {
    let names: NameTable
    private(set) var spans: [String: Span] = [:]

    init(_ names: NameTable) { self.names = names }

    mutating func note(_ condition: Condition) {
        let selector: Selector
        switch condition.kind {
        case .namespaceLabels(let found), .podLabels(let found): selector = found
        default: return
        }
        for requirement in selector.requirements {
            // What is wrong with a key is said where conditions are checked.
            var said: [Diagnostic] = []
            guard let key = names.resolve(requirement.key, diagnostics: &said)?.text, spans[key] == nil else {
                continue
            }
            spans[key] = requirement.span
        }
    }
}
