import RuleLang

/// A `test` block after checking.
struct CheckedTest: Sendable {
    struct Expectation: Sendable {
        let image: String
        /// What happens to the image; nil where any outcome will do.
        let outcome: ImageDecision.Outcome?
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
