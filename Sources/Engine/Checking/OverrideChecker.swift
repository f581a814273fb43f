import RuleLang

/// A name after `overrides`, with where it stands.
struct CheckedOverride {
    let rule: String
    let span: Span
}

/// Checks what stands after `overrides`: names of other rules, each once.
struct OverrideChecker {
    /// All names of rules; nil where some may be unknown because a rule is broken.
    let ruleNames: Set<String>?

    func check(_ declaration: RuleDeclaration, diagnostics: inout [Diagnostic]) -> [CheckedOverride] {
        var overrides: [CheckedOverride] = []
        for literal in declaration.overrides {
            let name = literal.plainText ?? ""
            if name == declaration.name.plainText {
                diagnostics.append(
                    Diagnostic(
                        .idleOverride, "the rule `\(name)` overrides itself", at: literal.span,
                        help: ["name the rules that it is to go before, or remove `overrides`"]))
            } else if let earlier = overrides.first(where: { $0.rule == name }) {
                diagnostics.append(
                    Diagnostic(
                        .idleOverride, "`\(name)` is overridden twice", at: literal.span, label: "again here",
                        secondary: [.init(span: earlier.span, text: "first here")], help: ["remove one of them"]))
            } else if let ruleNames, !ruleNames.contains(name) {
                diagnostics.append(.unknownRule(name, at: literal.span, among: ruleNames))
            } else {
                overrides.append(CheckedOverride(rule: name, span: literal.span))
            }
        }
        return overrides
    }
}

extension Diagnostic {
    /// A name that no rule has, and the one that was probably meant.
    static func unknownRule(_ name: String, at span: Span, among ruleNames: Set<String>) -> Diagnostic {
        let near = Suggestion.closest(to: name, among: ruleNames.sorted())
        return Diagnostic(
            .unknownRule, "no rule is called `\(name)`", at: span,
            help: near.map { ["did you mean `\($0)`?"] } ?? ["name a rule of this rule set"],
            fix: near.map { .init(span: span, text: $0) })
    }
}
