import Engine
import RuleLang

/// The results of the tests of one rule set.
struct RuleTestRun {
    /// The rule set, as the user named it.
    let path: String
    /// The results in the order of the files.
    let results: [TestResult]
}

/// Writes the results of test blocks.
struct RuleTestReport {
    let runs: [RuleTestRun]
    /// Whether only some tests were asked for.
    let isFiltered: Bool
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
        }
    }

    private func title(_ result: TestResult) -> String {
        "\(result.name.sanitized)  (\(result.file):\(result.line))"
    }

    private func write(_ failure: TestFailure, of result: TestResult) {
        let out = console.out
        out.line("  \(result.file):\(failure.line): `\(failure.image.sanitized)`")
        out.line("    expected  \(failure.expected.sanitized)")
        out.line("    actual    \(failure.actual.sanitized)")
        for action in failure.trace {
            let mark = action.won ? "*" : "-"
            out.line(
                "    \(mark) \(action.location.rule) at \(action.location.file):\(action.location.line): "
                    + "\(action.pattern): \(action.verdict)".sanitized)
        }
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
        let report = RuleTestReport(runs: [], isFiltered: false, console: console)
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
            let name = report.attribute(path)
            let message = report.attribute(HumanRenderer.summary(diagnostics))
            console.out.line("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")
            console.out.line("<testsuites tests=\"1\" errors=\"1\">")
            console.out.line("  <testsuite name=\(name) tests=\"1\" errors=\"1\">")
            console.out.line("    <testcase classname=\(name) name=\"the rule set is valid\">")
            console.out.line("      <error message=\(message)/>")
            console.out.line("    </testcase>")
            console.out.line("  </testsuite>")
            console.out.line("</testsuites>")
        default: break
        }
    }

    /// For CI servers: JUnit's XML, a suite for each rule set.
    func writeJUnit() {
        let out = console.out
        out.line("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")
        let failed = results.count { !$0.failures.isEmpty }
        out.line("<testsuites tests=\"\(results.count)\" failures=\"\(failed)\">")
        for run in runs {
            let failures = run.results.count { !$0.failures.isEmpty }
            out.line(
                "  <testsuite name=\(attribute(run.path)) tests=\"\(run.results.count)\" failures=\"\(failures)\">")
            for result in run.results {
                let head =
                    "    <testcase classname=\(attribute(run.path)) name=\(attribute(result.name)) "
                    + "file=\(attribute(result.file)) line=\"\(result.line)\""
                guard !result.failures.isEmpty else {
                    out.line(head + "/>")
                    continue
                }
                out.line(head + ">")
                for failure in result.failures {
                    let text = "\(result.file):\(failure.line): expected \(failure.expected), actual \(failure.actual)"
                    out.line("      <failure message=\(attribute(failure.image + ": " + text))/>")
                }
                out.line("    </testcase>")
            }
            out.line("  </testsuite>")
        }
        out.line("</testsuites>")
    }

    /// A text as an attribute's value in XML 1.0, which has no place for most control characters.
    private func attribute(_ text: String) -> String {
        var result = "\""
        for scalar in text.sanitized.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
