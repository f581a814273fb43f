import RuleLang

/// The findings about a rule set as a suite of JUnit's: a test case for each finding, since CI servers list test cases
/// and show one failure of each; and one that passes for each file without a finding.
struct ValidationSuite {
    let input: RuleSetInput
    let diagnostics: [Diagnostic]
    let failsOnWarnings: Bool

    var suite: JUnit.Suite {
        var suite = JUnit.Suite(name: input.name)
        let byFile = Dictionary(grouping: diagnostics.inSourceOrder()) { $0.primary?.span.file }
        suite.cases += (byFile[nil] ?? []).map { testCase($0) }
        for (index, file) in input.files.enumerated() {
            guard let findings = byFile[index] else {
                suite.cases.append(JUnit.Case(name: file.name, place: file.placeOnDisk(line: 1), result: .passed))
                continue
            }
            suite.cases += findings.map { testCase($0) }
        }
        return suite
    }

    private func testCase(_ diagnostic: Diagnostic) -> JUnit.Case {
        var name = "\(diagnostic.code.rawValue) \(diagnostic.message)"
        var place: (path: String, line: Int)?
        if let span = diagnostic.primary?.span, input.files.indices.contains(span.file) {
            let file = input.files[span.file]
            let position = file.position(at: span.start)
            name = "\(file.name):\(position.line):\(position.column): \(name)"
            place = file.placeOnDisk(line: position.line)
        }
        let text = HumanRenderer(files: input.files, color: false).render([diagnostic])
        guard diagnostic.severity == .error || failsOnWarnings else {
            return JUnit.Case(name: name, place: place, result: .passed, output: text)
        }
        return JUnit.Case(
            name: name, place: place,
            result: .failed(diagnostic.message, type: diagnostic.code.rawValue, text: text))
    }
}
