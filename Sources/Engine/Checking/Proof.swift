/// What was proved of a rule set that is valid. Its validity says two more things: every image has one answer, and no
/// output comes back in.
public struct Proof: Sendable, Equatable {
    /// What came of a question.
    public enum Verdict: String, Sendable {
        /// It is so.
        case proved
        /// It is not so, and a finding says where; the finding may be accepted.
        case refuted
        /// It is too hard to decide within the budget, and a finding says where.
        case notDecided
    }

    /// Whether every image has one answer.
    public let oneAnswer = Verdict.proved
    /// Whether no output of a rule is taken up by a rule.
    public let noReentry = Verdict.proved
    /// Whether every action decides over some image.
    public let nothingDead: Verdict

    /// The verdicts in short, for people.
    public var text: String {
        let dead =
            switch nothingDead {
            case .proved: "nothing dead"
            case .refuted: "everything ignored"
            case .notDecided: "whether all of it is alive not decided"
            }
        return "one answer for every image, no output comes back in, \(dead)"
    }
}
