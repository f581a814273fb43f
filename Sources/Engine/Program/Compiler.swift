import RuleLang

/// Puts checked rules in canonical order, finds how their actions stand to each other, and lays them out to decide.
struct Compiler {
    let files: [SourceFile]
    /// Sorted by name.
    let rules: [CompiledRule]
    /// Sorted by rule and pattern.
    let actions: [CompiledAction]
    /// Where the actions stand.
    let spans: [Span]
    /// What stands after `overrides`, for each rule.
    let overrides: [[CheckedOverride]]
    let ignores: [CheckedIgnore]
    let bypasses: [CheckedBypass]

    /// Puts rules and actions in their order.
    init(files: [SourceFile], rules: [CheckedRule], ignores: [CheckedIgnore], bypasses: [CheckedBypass]) {
        self.files = files
        self.ignores = ignores
        self.bypasses = bypasses
        let sorted = rules.sorted { $0.rule.name < $1.rule.name }
        var actions: [CompiledAction] = []
        var spans: [Span] = []
        let count = rules.reduce(0) { $0 + $1.actions.count }
        actions.reserveCapacity(count)
        spans.reserveCapacity(count)
        for (index, rule) in sorted.enumerated() {
            // Numbers are moved about by sorting, not actions.
            for place in rule.actions.indices.sorted(by: { rule.actions[$0].pattern < rule.actions[$1].pattern }) {
                let action = rule.actions[place]
                actions.append(
                    CompiledAction(rule: index, pattern: action.pattern, effect: action.effect, warning: action.warning)
                )
                spans.append(action.span)
            }
        }
        self.actions = actions
        self.spans = spans
        self.rules = sorted.map(\.rule)
        overrides = sorted.map(\.overrides)
    }

    /// Compiles; a rule set with conflicts gives nil and says why.
    func compile(diagnostics: inout [Diagnostic]) -> (Program, Proof)? {
        var registries: [RegistryPattern: AtomSet<RegistryPattern>] = [:]
        let boxes = actions.map { action in
            let box = Box(
                pattern: action.pattern, conditions: rules[action.rule].conditions,
                registries: registries[action.pattern.registry])
            registries[action.pattern.registry] = box.registries
            return box
        }
        let before = diagnostics.count
        reportEmpty(boxes, diagnostics: &diagnostics)
        guard diagnostics.count == before else { return nil }
        let order = ActionOrder(boxes, actions, rules)
        var frame = Program.Code()
        frame.rules = rules
        frame.bypassPrefixes = Set(bypasses.map(\.prefix)).sorted()
        let ignoreLocations = addIgnores(to: &frame)
        let model = ActionModel(
            rules: rules, actions: actions, spans: spans, boxes: boxes, order: order,
            holes: ignores.compactMap(ActionModel.Hole.init) + bypasses.map(ActionModel.Hole.init),
            bypassPrefixes: Set(frame.bypassPrefixes),
            replay: Replay(frame: frame, ignoreLocations: ignoreLocations, actions: actions))
        let proof = analyse(
            model, overrides: overrides, ignoresSelf: frame.ignoresSelf, diagnostics: &diagnostics)
        guard !diagnostics[before...].contains(where: { $0.severity == .error }) else { return nil }

        let height = order.height
        let ranked = actions.indices.sorted { (height[$1], $0) < (height[$0], $1) }
        var rank = [Int](repeating: 0, count: actions.count)
        for (position, action) in ranked.enumerated() { rank[action] = position }
        var code = frame
        code.actions = ranked.map { actions[$0] }
        for (first, second) in order.unordered {
            guard case .deny = actions[first].effect, case .deny = actions[second].effect else { continue }
            for action in [first, second] where code.sharedDenials[rank[action]] == nil {
                code.sharedDenials[rank[action]] = Set(order.beaters(of: action).map { rank[$0] })
            }
        }
        let locations = ranked.map { action in
            RuleLocation(
                rule: rules[actions[action].rule].name, file: files[spans[action].file].name,
                line: files[spans[action].file].lineIndex(at: spans[action].start) + 1)
        }
        return (Program(code: code, locations: locations, ignoreLocations: ignoreLocations), proof)
    }

    /// Runs all analyses, and says what they proved if none finds an error.
    private func analyse(
        _ model: ActionModel, overrides: [[CheckedOverride]], ignoresSelf: Bool, diagnostics: inout [Diagnostic]
    ) -> Proof {
        let before = diagnostics.count
        let overrideAnalysis = OverrideAnalysis(model: model, overrides: overrides)
        // In a circle nothing is first, so that nothing else can be said.
        guard !overrideAnalysis.reportCycle(diagnostics: &diagnostics) else { return Proof(nothingDead: .notDecided) }
        let ignoreAnalysis = IgnoreAnalysis(model: model, ignoresSelf: ignoresSelf)
        // Where everything is ignored, one finding says it for all rules.
        guard !ignoreAnalysis.reportEverything(diagnostics: &diagnostics) else { return Proof(nothingDead: .refuted) }
        overrideAnalysis.reportIdle(diagnostics: &diagnostics)
        ConflictAnalysis(model: model).run(diagnostics: &diagnostics)
        OutputAnalysis(model: model).run(diagnostics: &diagnostics)
        CollisionAnalysis(model: model).run(diagnostics: &diagnostics)
        ContainerRegistryAnalysis(model: model).run(diagnostics: &diagnostics)
        let isDeadDecided = DeadActionAnalysis(model: model).run(diagnostics: &diagnostics)
        DenialAnalysis(model: model).reportOptOuts(diagnostics: &diagnostics)
        // What is missing is said of what is otherwise right.
        if !diagnostics[before...].contains(where: { $0.severity == .error }) {
            DenialAnalysis(model: model).reportDenyLists(diagnostics: &diagnostics)
            ignoreAnalysis.reportOwnImage(diagnostics: &diagnostics)
        }
        return Proof(nothingDead: isDeadDecided ? .proved : .notDecided)
    }

    /// A pattern whose tag contradicts the rule's `image has no tag` claims nothing.
    private func reportEmpty(_ boxes: [Box], diagnostics: inout [Diagnostic]) {
        for (index, box) in boxes.enumerated() where box.isEmpty {
            diagnostics.append(
                Diagnostic(
                    .contradictoryConditions,
                    "no image is `\(actions[index].pattern.text)` under the conditions of `\(rules[actions[index].rule].name)`",
                    at: spans[index], help: ["remove the pattern, or the condition on tag or digest"]))
        }
    }

    private func addIgnores(to code: inout Program.Code) -> Program.IgnoreLocations {
        var locations = Program.IgnoreLocations()
        var situations: [(ConditionSet, String)] = []
        var parts: [(ConditionSet, String)] = []
        var images: [(ImagePattern, String)] = []
        var seenImages: Set<ImagePattern> = []
        for ignore in ignores {
            let file = files[ignore.span.file]
            let location = "\(file.name):\(file.lineIndex(at: ignore.span.start) + 1)"
            switch ignore.entry {
            case .selfImage:
                code.ignoresSelf = true
                locations.selfImage = location
            case .image(let pattern):
                if seenImages.insert(pattern).inserted { images.append((pattern, location)) }
            case .conditions(let set) where set.writtenParts == .all:
                if !situations.contains(where: { $0.0 == set }) { situations.append((set, location)) }
            case .conditions(let set):
                if !parts.contains(where: { $0.0 == set }) { parts.append((set, location)) }
            }
        }
        situations.sort { $0.0.canonicalText < $1.0.canonicalText }
        parts.sort { $0.0.canonicalText < $1.0.canonicalText }
        images.sort { $0.0 < $1.0 }
        code.ignoredSituations = situations.map(\.0)
        code.ignoredParts = parts.map(\.0)
        code.ignoredImages = images.map(\.0)
        locations.situations = situations.map(\.1)
        locations.parts = parts.map(\.1)
        locations.images = images.map(\.1)
        return locations
    }
}

extension ConditionSet {
    /// A text by which equal sets, and only these, are equal: for a canonical order.
    var canonicalText: String {
        let names = namespaces.regions.map { region in
            region.include.text + region.exclude.map { "-" + $0.text }.joined()
        }
        let namespaceLabels = namespaceLabels.entries.map { $0.requirement.text(key: $0.key) }
        let podLabels = podLabels.entries.map { $0.requirement.text(key: $0.key) }
        let parts = [
            names.joined(separator: "|"), namespaceLabels.joined(separator: "&"), podLabels.joined(separator: "&"),
            String(placesAndOperations.rawValue), String(writtenParts.rawValue),
        ]
        return parts.joined(separator: ";")
    }
}
