/// A checked rule set, compiled: immutable, and safe to share between threads.
public struct Program: Sendable {
    /// What decides. Two rule sets that say the same, in whatever order of statements, rules and files, have equal
    /// code.
    struct Code: Hashable, Sendable {
        /// Sorted by name.
        var rules: [CompiledRule] = []
        /// In an order in which an action that beats another stands before it.
        var actions: [CompiledAction] = []
        /// For each action that denies and that another denial overlaps without order, so that both may speak: the
        /// actions that beat it.
        var sharedDenials: [Int: Set<Int>] = [:]
        /// Sorted, without repetition.
        var bypassPrefixes: [String] = []
        var ignoresSelf = false
        /// Conditions of `ignore`s that do not look at the image's tag or digest, in canonical order.
        var ignoredSituations: [ConditionSet] = []
        /// Conditions of `ignore`s that do.
        var ignoredParts: [ConditionSet] = []
        /// Patterns of `ignore image`, in canonical order.
        var ignoredImages: [ImagePattern] = []
    }

    /// The code, as it is looked at for every image.
    let matcher: Matcher
    /// Where each action stands.
    let locations: [RuleLocation]
    /// Where each `ignore` stands, as `file:line`.
    let ignoreLocations: IgnoreLocations

    /// Where the `ignore`s of a program stand, in step with its lists.
    struct IgnoreLocations: Sendable {
        var selfImage = ""
        var situations: [String] = []
        var parts: [String] = []
        var images: [String] = []
    }

    var code: Code { matcher.code }

    /// Whether some rule or `ignore` looks at the labels of namespaces.
    public var asksForNamespaceLabels: Bool { matcher.asksForNamespaceLabels }

    /// What looks at the labels of namespaces, in words: each rule at the place of its first action, then each
    /// `ignore`.
    public var namespaceLabelReaders: [String] {
        var readers: [String] = []
        for (index, rule) in code.rules.enumerated() where rule.conditions.asksForNamespaceLabels {
            let places = code.actions.indices.filter { code.actions[$0].rule == index }.map { locations[$0] }
            let first = places.min { ($0.file, $0.line) < ($1.file, $1.line) }
            readers.append("rule `\(rule.name)`" + (first.map { " at \($0.file):\($0.line)" } ?? ""))
        }
        let ignores =
            zip(code.ignoredSituations, ignoreLocations.situations).map { ($0, $1) }
            + zip(code.ignoredParts, ignoreLocations.parts).map { ($0, $1) }
        for (conditions, place) in ignores where conditions.asksForNamespaceLabels {
            readers.append("`ignore` at \(place)")
        }
        return readers
    }

    /// The number of rules.
    public var ruleCount: Int { code.rules.count }
    /// The number of actions, one a pattern.
    public var actionCount: Int { code.actions.count }

    /// Whether another program decides the same way, wherever its rules stand.
    public func isEquivalent(to other: Program) -> Bool { code == other.code }

    init(code: Code, locations: [RuleLocation], ignoreLocations: IgnoreLocations) {
        matcher = Matcher(code)
        self.locations = locations
        self.ignoreLocations = ignoreLocations
    }
}
