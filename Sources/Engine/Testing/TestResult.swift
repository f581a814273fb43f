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
        let field = ImageField(place: test.place, name: "test", pointer: "/image", text: expectation.image)
        let workload = Workload(
            kind: "Pod", labels: test.workloadLabels, annotations: test.annotations, images: [field])
        var context = test.context
        context.old = test.oldImage.map { old in
            Workload(
                kind: "Pod", images: [ImageField(place: test.place, name: "test", pointer: "/image", text: old)])
        }
        guard let actual = program.decide(workload, in: context).images.first else { return nil }
        guard !expectation.holds(for: actual) else { return nil }
        return TestFailure(
            line: expectation.line, image: expectation.image, expected: expectation.text, actual: Self.text(actual),
            trace: program.trace(field, of: workload, in: context))
    }

    private static func text(_ decision: ImageDecision) -> String {
        var text = decision.outcome.rawValue
        if let to = decision.to {
            text = decision.outcome == .rewritten ? "becomes `\(to)`" : "\(text), becomes `\(to)`"
        }
        if let by = decision.by { text += " by \(by.rule)" }
        for denial in decision.denials { text += ", \"\(denial)\"" }
        for warning in decision.warnings { text += ", warns \"\(warning)\"" }
        return decision.outcome == .rewritten ? text : "\(text) (\(decision.reason))"
    }
}

extension CheckedTest.Expectation {
    func holds(for actual: ImageDecision) -> Bool {
        guard outcome == actual.outcome else { return false }
        if let becomes, becomes != actual.to { return false }
        if let rule, rule != actual.by?.rule { return false }
        if let denial, !actual.denials.contains(where: { $0.contains(denial) }) { return false }
        return warnings.allSatisfy { expected in actual.warnings.contains { $0.contains(expected) } }
    }

    var text: String {
        var text = outcome == .rewritten ? "" : outcome.rawValue
        if let becomes { text += (text.isEmpty ? "" : ", ") + "becomes `\(becomes)`" }
        if let rule { text += " by \(rule)" }
        if let denial { text += ", \"\(denial)\"" }
        for warning in warnings { text += ", warns \"\(warning)\"" }
        return text
    }
}
