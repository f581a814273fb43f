import Engine
import RuleLang

/// The results of the tests of one rule set.
struct RuleTestRun {
    /// The rule set, as the user named it.
    let path: String
    /// Its files.
    let files: [SourceFile]
    /// The results in the order of the files.
    let results: [TestResult]
    /// What the tests reach, if that was asked for.
    let coverage: Coverage?

    /// The path and line that an editor or a CI server can open.
    func placeOnDisk(_ file: String, _ line: Int) -> (path: String, line: Int) {
        files.first { $0.name == file }?.placeOnDisk(line: line) ?? (file, line)
    }
}

/// Writes the results of test blocks.
struct RuleTestReport {
    let runs: [RuleTestRun]
    /// Whether only some tests were asked for.
    let isFiltered: Bool
    /// The share that the tests have to reach.
    let threshold: Percentage?
    let console: Console

    private var results: [TestResult] { runs.flatMap(\.results) }

    /// For people: the failures, and how many passed.
    func writeHuman(isVerbose: Bool) {
        let out = console.out
        for run in runs {
            for result in run.results {
                guard !result.failures.isEmpty else {
                    if isVerbose { out.line("\(console.paint("pass", .green, on: out)) \(title(result))") }
                    continue
                }
                out.line("\(console.paint("FAIL", .red, on: out)) \(title(result))")
                for failure in result.failures { write(failure, of: result) }
            }
            let failed = run.results.count { !$0.failures.isEmpty }
            let expectations = run.results.reduce(0) { $0 + $1.expectations }
            if run.results.isEmpty {
                out.line("\(run.path): no tests\(isFiltered ? " match the filter" : "")")
            } else if failed == 0 {
                out.line(
                    "\(run.path): \(console.paint("ok", .green, on: out)): \(counted(run.results.count, "test")), "
                        + counted(expectations, "expectation"))
            } else {
                out.line("\(run.path): \(failed) of \(counted(run.results.count, "test")) failed")
            }
            if let coverage = run.coverage {
                CoverageReport(coverage: coverage, path: run.path, console: console).writeHuman(to: out)
            }
        }
    }

    private func title(_ result: TestResult) -> String {
        "\(result.name.sanitized)  (\(result.file):\(result.line))"
    }

    private func write(_ failure: TestFailure, of result: TestResult) {
        let out = console.out
        for line in Self.lines(failure, of: result, paint: { console.paint($0, $1, on: out) }) { out.line("  " + line) }
    }

    /// A failure in lines: what was expected, what happened, and each action that was considered.
    private static func lines(
        _ failure: TestFailure, of result: TestResult, paint: (String, Paint) -> String = { text, _ in text }
    ) -> [String] {
        let difference = TextDifference(failure.expected.sanitized, failure.actual.sanitized)
        func painted(_ pieces: [TextDifference.Piece], _ color: Paint) -> String {
            pieces.map { $0.differs ? paint($0.text, color) : $0.text }.joined()
        }
        var lines = [
            "\(result.file):\(failure.line): `\(failure.image.sanitized)`",
            "  expected  " + painted(difference.first, .green),
            "  actual    " + painted(difference.second, .red),
        ]
        for action in failure.trace {
            let line =
                "  \(action.won ? "*" : "-") \(action.location.rule) at \(action.location.file):\(action.location.line): "
                + "\(action.pattern): \(action.verdict)"
            lines.append(action.won ? line.sanitized : paint(line.sanitized, .dim))
        }
        if let note = failure.note { lines.append("  = \(note.sanitized)") }
        return lines
    }

    /// Says on standard error where the tests reach less than they have to; returns whether some do.
    func reportShortfalls(showingGaps: Bool) -> Bool {
        guard let threshold else { return false }
        var isShort = false
        for run in runs {
            guard let coverage = run.coverage, !coverage.count.reaches(threshold.value) else { continue }
            isShort = true
            console.err.line("error: \(shortfall(of: coverage, run, threshold))")
            if showingGaps {
                CoverageReport(coverage: coverage, path: run.path, console: console).writeGaps(to: console.err)
            }
        }
        return isShort
    }

    private func shortfall(of coverage: Coverage, _ run: RuleTestRun, _ threshold: Percentage) -> String {
        let count = coverage.count
        return "the tests of `\(run.path)` reach \(count.percentText) (\(count.text)), less than the "
            + "\(threshold.text)% of --coverage-threshold; \(counted(coverage.gaps.count, "gap"))"
    }

    /// For scripts.
    func writeJSON() {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        json.member("version", 1)
        json.member("passed", results.count(where: \.failures.isEmpty))
        json.member("failed", results.count { !$0.failures.isEmpty })
        json.key("ruleSets")
        json.beginArray()
        for run in runs {
            json.beginObject()
            json.member("path", run.path)
            json.key("tests")
            json.beginArray()
            for result in run.results { write(result, to: &json) }
            json.endArray()
            json.key("coverage")
            if let coverage = run.coverage {
                CoverageReport(coverage: coverage, path: run.path, console: console).write(to: &json)
            } else {
                json.null()
            }
            json.endObject()
        }
        json.endArray()
        json.endObject()
        console.out.line(json.text)
    }

    private func write(_ result: TestResult, to json: inout JSONWriter) {
        json.beginObject()
        json.member("name", result.name)
        json.member("file", result.file)
        json.member("line", result.line)
        json.member("passed", result.failures.isEmpty)
        json.member("expectations", result.expectations)
        json.key("failures")
        json.beginArray()
        for failure in result.failures {
            json.beginObject()
            json.member("line", failure.line)
            json.member("image", failure.image)
            json.member("expected", failure.expected)
            json.member("actual", failure.actual)
            json.member("note", failure.note)
            json.key("considered")
            DecisionJSON.write(failure.trace, to: &json)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }

    /// What is written in place of results where a rule set is not valid.
    static func writeInvalid(
        _ path: String, _ diagnostics: [Diagnostic], files: [SourceFile], as form: Test.Form, console: Console
    ) {
        switch form {
        case .json:
            var json = JSONWriter(pretty: true)
            json.beginObject()
            json.member("version", 1)
            json.member("passed", 0)
            json.member("failed", 0)
            json.key("ruleSets")
            json.beginArray()
            json.endArray()
            json.member("invalid", path)
            json.key("diagnostics")
            json.raw(JSONRenderer(files: files).renderArray(diagnostics))
            json.endObject()
            console.out.line(json.text)
        case .junit:
            let error = JUnit.Case(
                name: "the rule set is valid",
                result: .error(
                    HumanRenderer.summary(diagnostics),
                    text: HumanRenderer(files: files, color: false).render(diagnostics)))
            console.out.write(JUnit(suites: [JUnit.Suite(name: path, cases: [error])]).text)
        default: break
        }
    }

    /// For CI servers: JUnit's XML, a suite for each rule set, a test case for each test.
    func writeJUnit() {
        var document = JUnit()
        for run in runs {
            var suite = JUnit.Suite(name: run.path)
            for result in run.results {
                suite.cases.append(
                    JUnit.Case(
                        name: result.name, place: run.placeOnDisk(result.file, result.line), result: outcome(of: result)
                    ))
            }
            if let threshold, let coverage = run.coverage {
                let isShort = !coverage.count.reaches(threshold.value)
                let gaps = coverage.gaps.map { "\($0.file):\($0.line): \($0.text)\n" }.joined()
                suite.cases.append(
                    JUnit.Case(
                        name: "the tests reach \(threshold.text)% of the rules",
                        result: isShort
                            ? .failed(shortfall(of: coverage, run, threshold), type: "coverage", text: gaps) : .passed))
            }
            document.suites.append(suite)
        }
        console.out.write(document.text)
    }

    private func outcome(of result: TestResult) -> JUnit.Case.Result {
        guard let first = result.failures.first else { return .passed }
        let more = result.failures.count > 1 ? " (and \(result.failures.count - 1) more)" : ""
        let text = result.failures.flatMap { Self.lines($0, of: result) }.map { $0 + "\n" }.joined()
        return .failed(
            "`\(first.image)`: expected \(first.expected), actual \(first.actual)\(more)", type: "expectation",
            text: text)
    }
}
