import RuleLang

/// A rule after its own statements were checked, with where they stand.
struct CheckedRule {
    let rule: CompiledRule
    let nameSpan: Span
    /// What stands after `overrides`.
    let overrides: [CheckedOverride]
    let marks: [CheckedMark]
    let actions: [CheckedAction]
}

/// One pattern of a rule after checking.
struct CheckedAction {
    let pattern: ImagePattern
    let effect: Effect
    let warning: String?
    /// The pattern's literal.
    let span: Span
}

/// A `bypass` prefix after checking: a registry's host and `/`.
struct CheckedBypass {
    let prefix: String
    let span: Span
}

/// An `ignore` after checking, one a pattern.
struct CheckedIgnore {
    let entry: IgnoreEntry
    let span: Span
}
