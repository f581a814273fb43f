/// What came of one `test` block.
public struct TestResult: Sendable, Equatable {
    /// The test's name.
    public let name: String
    /// The file it stands in.
    public let file: String
    /// Its line, from 1.
    public let line: Int
    /// The number of expectations.
    public let expectations: Int
    /// The expectations that did not hold; empty where the test passed.
    public let failures: [TestFailure]
}

/// An expectation that did not hold.
public struct TestFailure: Sendable, Equatable {
    /// The expectation's line, from 1.
    public let line: Int
    /// The image.
    public let image: String
    /// What was expected, in words.
    public let expected: String
    /// What happened, in words.
    public let actual: String
    /// The actions that were considered.
    public let trace: [ConsideredAction]
    /// Why the rule that was expected to decide is not among these; nil where it is, or none was expected.
    public let note: String?
}

extension RuleSet {
    /// Runs the rule set's tests, those whose name passes a filter.
    public func runTests(filter: (String) -> Bool = { _ in true }) -> [TestResult] {
        tests.filter { filter($0.name) }.map { test in
            TestResult(
                name: test.name, file: test.file, line: test.line, expectations: test.expectations.count,
                failures: test.expectations.compactMap { run($0, of: test) })
        }
    }

    private func run(_ expectation: CheckedTest.Expectation, of test: CheckedTest) -> TestFailure? {
        let (field, workload, context) = test.situation(of: expectation)
        guard let actual = program.decide(workload, in: context).images.first else { return nil }
        guard !expectation.holds(for: actual) else { return nil }
        let trace = program.trace(field, of: workload, in: context)
        return TestFailure(
            line: expectation.line, image: expectation.image, expected: expectation.text,
            actual: Self.text(actual, for: expectation), trace: trace,
            note: Self.note(on: expectation.rule, actual, trace))
    }

    private static func note(
        on rule: String?, _ decision: ImageDecision, _ trace: [ConsideredAction]
    ) -> String? {
        guard let rule, let reference = decision.reference, !trace.contains(where: { $0.location.rule == rule }) else {
            return nil
        }
        return "no pattern of rule `\(rule)` names `\(reference.registry)/\(reference.path)`"
    }

    private static func text(_ decision: ImageDecision, for expectation: CheckedTest.Expectation) -> String {
        var text = decision.outcome.rawValue
        if let to = decision.to {
            text = decision.outcome == .rewritten ? "becomes `\(to)`" : "\(text), becomes `\(to)`"
        }
        if let by = decision.by { text += " by \(by.rule)" }
        for denial in decision.denials { text += ", \(denial.asString)" }
        // Where no warning was asked for, none is missing.
        for warning in expectation.warnings.isEmpty ? [] : decision.warnings { text += ", warns \(warning.asString)" }
        // The messages say why an image is denied.
        return decision.outcome == .rewritten || decision.outcome == .denied ? text : "\(text) (\(decision.reason))"
    }
}

extension CheckedTest {
    /// The name of the container, or volume, that holds a test's image.
    static let fieldName = "test"

    /// What an expectation's image is evaluated as.
    func situation(of expectation: Expectation) -> (ImageField, Workload, EvaluationContext) {
        func field(_ text: String) -> ImageField {
            ImageField(place: place, name: Self.fieldName, pointer: "/image", text: text)
        }
        let image = field(expectation.image)
        var context = context
        context.old = oldImage.map { Workload(kind: "Pod", images: [field($0)]) }
        return (
            image, Workload(kind: "Pod", labels: workloadLabels, annotations: annotations, images: [image]), context
        )
    }
}

extension CheckedTest.Expectation {
    func holds(for actual: ImageDecision) -> Bool {
        if let outcome, outcome != actual.outcome { return false }
        if let becomes, becomes != actual.to { return false }
        if let rule, rule != actual.by?.rule { return false }
        if let denial, !actual.denials.contains(where: { $0.contains(denial) }) { return false }
        return warnings.allSatisfy { expected in actual.warnings.contains { $0.contains(expected) } }
    }

    var text: String {
        var text = outcome.map { $0 == .rewritten ? "" : $0.rawValue } ?? ""
        func add(_ clause: String, after separator: String) { text += (text.isEmpty ? "" : separator) + clause }
        if let becomes { add("becomes `\(becomes)`", after: ", ") }
        if let rule { add("by \(rule)", after: " ") }
        if let denial { add(denial.asString, after: ", ") }
        for warning in warnings { add("warns \(warning.asString)", after: ", ") }
        return text
    }
}

extension String {
    /// The text as a rule file has it, in quotes.
    fileprivate var asString: String {
        "\"" + replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("${", with: "\\${") + "\""
    }
}
