/// Results in JUnit's XML, as CI servers read it. There is no standard; this keeps to what Jenkins, GitLab and the
/// common GitHub actions take: at most one failure a test case, with the whole story as its text.
struct JUnit {
    /// The tests of one rule set.
    struct Suite {
        let name: String
        var cases: [Case] = []
    }

    /// One line of a CI server's list.
    struct Case {
        enum Result {
            case passed
            /// Not as it should be: in a line, its kind, and the whole story.
            case failed(String, type: String? = nil, text: String = "")
            /// Could not be found out.
            case error(String, text: String = "")
        }

        let name: String
        /// The file to open, and a line from 1.
        var place: (path: String, line: Int)?
        let result: Result
        /// What is worth saying of a test that passed.
        var output = ""
    }

    var suites: [Suite] = []

    /// The document, with a line break at its end.
    var text: String {
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        text += "<testsuites \(Self.counts(suites.flatMap(\.cases)))>\n"
        for suite in suites {
            text += "  <testsuite name=\(Self.attribute(suite.name)) \(Self.counts(suite.cases))>\n"
            for testCase in suite.cases { text += Self.text(of: testCase, in: suite) }
            text += "  </testsuite>\n"
        }
        return text + "</testsuites>\n"
    }

    private static func counts(_ cases: [Case]) -> String {
        let failures = cases.count { if case .failed = $0.result { true } else { false } }
        let errors = cases.count { if case .error = $0.result { true } else { false } }
        return "tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"\(errors)\""
    }

    private static func text(of testCase: Case, in suite: Suite) -> String {
        var head = "    <testcase classname=\(attribute(suite.name)) name=\(attribute(testCase.name))"
        if let (path, line) = testCase.place { head += " file=\(attribute(path)) line=\"\(line)\"" }
        var content = ""
        switch testCase.result {
        case .passed: break
        case .failed(let message, let type, let text):
            content += element("failure", message, type: type, text)
        case .error(let message, let text):
            content += element("error", message, type: nil, text)
        }
        if !testCase.output.isEmpty { content += "      <system-out>\(escape(testCase.output))</system-out>\n" }
        return content.isEmpty ? head + "/>\n" : head + ">\n" + content + "    </testcase>\n"
    }

    private static func element(_ name: String, _ message: String, type: String?, _ text: String) -> String {
        let head = "      <\(name) message=\(attribute(message))" + (type.map { " type=\(attribute($0))" } ?? "")
        return text.isEmpty ? head + "/>\n" : head + ">\(escape(text))</\(name)>\n"
    }

    /// A text as an attribute's value, in one line.
    private static func attribute(_ text: String) -> String {
        "\"\(escape(text.sanitized))\""
    }

    /// A text in XML 1.0, which has no place for most control characters.
    private static func escape(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value): result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
