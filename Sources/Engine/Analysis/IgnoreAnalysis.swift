import RuleLang

/// What is ignored and should not be, and what should be and is not.
struct IgnoreAnalysis {
    let model: ActionModel
    let ignoresSelf: Bool

    /// Reports `ignore`s that together leave nothing for rules to do; false where there is something left.
    func reportEverything(diagnostics: inout [Diagnostic]) -> Bool {
        // Of an image and a registry that no pattern names, only those take something away that name every image.
        let wide = model.holes.filter { $0.pattern.registry == .any && $0.pattern.path == ImagePattern.everything.path }
        guard let last = wide.last else { return false }
        let everything = Box(pattern: .everything, conditions: ConditionSet())
        switch Box.search([everything], outside: wide.map(\.box), { _ in true }) {
        case .found: return false
        case .undecided:
            diagnostics.append(
                .notDecided(
                    "whether everything is ignored", at: last.span, help: "write these `ignore`s as fewer, wider ones"))
            return false
        case .nothing: break
        }
        let alone = wide.first { everything.isSubset(of: $0.box) }
        diagnostics.append(
            Diagnostic(
                .everythingIgnored,
                alone == nil ? "these `ignore`s together ignore everything" : "this `ignore` ignores everything",
                at: (alone ?? last).span, label: "no rule ever decides",
                secondary: alone == nil
                    ? wide.dropLast().prefix(4).map { .init(span: $0.span, text: "with this") } : [],
                help: [
                    "narrow it to what is to be left alone",
                    "to switch all rules off for a while, say that it is meant: `accept W0306`",
                ]))
        return true
    }

    /// Reports once that the webhook's own image is taken up: where some rule takes all images of a registry,
    /// whatever the namespace and the pod, and no `ignore self` is there.
    func reportOwnImage(diagnostics: inout [Diagnostic]) {
        guard !ignoresSelf else { return }
        let everything = ConditionSet()
        let taking = model.actions.indices.filter { index in
            let action = model.actions[index]
            let conditions = model.rule(index).conditions
            return action.effect != .allow && action.pattern.path == ImagePattern.everything.path
                && action.pattern.tag == nil && conditions.namespaces == everything.namespaces
                && conditions.namespaceLabels.isUnconstrained && conditions.podLabels.isUnconstrained
                && !conditions.placesAndOperations.isDisjoint(with: PlacesAndOperations(.container, .create))
        }
        guard let action = taking.first else { return }
        let registry = model.actions[action].pattern.registry
        diagnostics.append(
            Diagnostic(
                .ownImageNotIgnored, "the webhook's own image is not ignored", at: model.spans[action],
                label: registry == .any ? "this takes it up" : "this takes it up if it is at `\(registry.text)`",
                notes: [
                    model.actions[action].effect.isDenial
                        ? "a webhook that denies its own image cannot start again"
                        : "a webhook whose image comes through a mirror that needs the webhook cannot start"
                ],
                help: ["add `ignore self`"]))
    }
}
