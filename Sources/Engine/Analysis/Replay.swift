import RuleLang

/// Asks the evaluator what becomes of a witness, so that no finding shows one that is not true of the program.
struct Replay {
    /// Rules, `ignore`s and bypasses of the rule set, without actions; rules that observe count as live.
    private var frame: Program.Code
    private var ignoreLocations: Program.IgnoreLocations
    private let actions: [CompiledAction]

    init(frame: Program.Code, ignoreLocations: Program.IgnoreLocations, actions: [CompiledAction]) {
        var frame = frame
        frame.rules = frame.rules.map {
            CompiledRule(
                name: $0.name, conditions: $0.conditions, marks: $0.marks, isObserved: false, overrides: $0.overrides)
        }
        self.frame = frame
        self.ignoreLocations = ignoreLocations
        self.actions = actions
    }

    /// The same where nothing is ignored.
    var withoutIgnores: Replay {
        var other = self
        other.frame = Program.Code()
        other.frame.rules = frame.rules
        other.frame.bypassPrefixes = frame.bypassPrefixes
        other.ignoreLocations = Program.IgnoreLocations()
        return other
    }

    /// What the evaluator makes of a witness where there are no other actions than some, which nothing orders.
    ///
    /// - Parameters:
    ///   - text: another image in the situation of the witness.
    ///   - operation: another operation than that of the witness.
    func decision(
        on witness: Witness, among candidates: [Int], text: String? = nil, operation: Operation? = nil
    ) -> ImageDecision? {
        let text = text ?? witness.image
        guard let reference = try? Reference.parse(text).get() else { return nil }
        let name = ImageName(reference)
        var code = frame
        // Only the rules of these actions: what a program costs to make depends on the number of its rules.
        code.rules = []
        var places: [Int: Int] = [:]
        for candidate in candidates {
            guard
                actions[candidate].pattern.matches(name, tag: reference.tag, hasDigest: reference.digest != nil)
            else { continue }
            var action = actions[candidate]
            let place = places[action.rule] ?? code.rules.count
            if place == code.rules.count {
                code.rules.append(frame.rules[action.rule])
                places[action.rule] = place
            }
            action.rule = place
            code.actions.append(action)
        }
        let program = Program(
            code: code,
            locations: code.actions.map { RuleLocation(rule: code.rules[$0.rule].name, file: "", line: 0) },
            ignoreLocations: ignoreLocations)
        return ImagePoint(witness, text: text, operation: operation).decide(by: program).images.first
    }

    /// What one action makes of a witness; nil where it does not claim it, or one of some others does.
    func decision(
        on witness: Witness, of action: Int, unlessClaimedBy others: [Int], text: String? = nil,
        operation: Operation? = nil
    ) -> ImageDecision? {
        guard let own = decision(on: witness, among: [action], text: text, operation: operation), own.by != nil,
            decision(on: witness, among: others, text: text, operation: operation)?.by == nil
        else { return nil }
        return own
    }
}
