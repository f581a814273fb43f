import Foundation
import Testing

/// What `ruled test` prints, held against files. RULED_UPDATE_GOLDEN=1 writes them.
@Suite struct TestReportTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    private func check(_ arguments: [String], in folder: String, against golden: String, status: Int32) throws {
        let folder = Self.fixtures.appending(path: folder)
        let run = try CommandLineTool.run(["test"] + arguments, in: folder)
        #expect(run.status == status)
        let file = folder.appending(path: golden)
        if ProcessInfo.processInfo.environment["RULED_UPDATE_GOLDEN"] == "1" {
            try Data((run.output + run.errors).utf8).write(to: file)
        }
        #expect(try run.output + run.errors == String(contentsOf: file, encoding: .utf8))
    }

    @Test(
        "Each way to fail shows what was expected, what happened, and why",
        arguments: [
            ([], "human.txt"), (["--color", "always"], "color.txt"), (["--format", "junit"], "junit.xml"),
            (["--format", "json", "--filter", "denied"], "denied.json"),
        ] as [([String], String)])
    func failures(arguments: [String], golden: String) throws {
        try check(["failures.rules"] + arguments, in: "failures", against: golden, status: 1)
    }

    @Test(
        "Coverage is a table with what no test reaches, or an object",
        arguments: [
            (["--coverage"], "human.txt", 0), (["--coverage", "--format", "json"], "coverage.json", 0),
            (["--coverage-threshold", "90"], "short.txt", 1),
            (["--coverage-threshold", "90%", "--format", "junit"], "short.xml", 1),
        ] as [([String], String, Int32)])
    func coverage(arguments: [String], golden: String, status: Int32) throws {
        try check(["coverage.rules"] + arguments, in: "coverage", against: golden, status: status)
    }

    @Test(
        "A threshold is a share in percent",
        arguments: [("53.8", 0), ("53.9", 1), ("0", 0), ("-1", 2), ("101", 2), ("x", 2)])
    func threshold(text: String, status: Int32) throws {
        let run = try CommandLineTool.run(
            ["test", "coverage.rules", "--coverage-threshold=\(text)"], in: Self.fixtures.appending(path: "coverage"))
        #expect(run.status == status, "\(run.errors)")
    }

    @Test("JUnit's XML is XML, and names the file that holds a ConfigMap's rules")
    func wellFormed() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let rules = ["language 1", "", "test \"<&> \\\" \u{7}\" {", "    expect \"nginx\" denied", "}"]
        let text = rules.map { $0.isEmpty ? "\n" : "    \($0)\n" }.joined()
        try scratch.write(
            "cm.yaml", "apiVersion: v1\nkind: ConfigMap\ndata:\n  a.rules: |\n" + text.replacing("\u{7}", with: ""))
        let run = try CommandLineTool.run(["test", "cm.yaml", "--format", "junit"], in: scratch.folder)
        #expect(run.status == 1)
        #expect(run.output.contains("name=\"&lt;&amp;&gt; &quot; \" file=\"cm.yaml\" line=\"7\">"), "\(run.output)")
        let parser = XMLChecker(run.output)
        #expect(parser.isWellFormed)
    }
}

/// Whether tags open and close in step. Foundation's own parser is a library of its own on Linux.
private struct XMLChecker {
    let isWellFormed: Bool

    init(_ text: String) {
        var open: [Substring] = []
        var isSound = true
        for match in text.matches(of: /<(\/?)([a-z-]+)((?: [a-z]+="[^"<&]*(?:&[a-z]+;[^"<&]*)*")*)(\/?)>/) {
            if match.1.isEmpty, match.4.isEmpty {
                open.append(match.2)
            } else if !match.1.isEmpty {
                isSound = isSound && open.popLast() == match.2
            }
        }
        let tags = text.count { $0 == "<" }
        let matched = text.matches(of: /<\/?[a-z-]+/).count
        isWellFormed = isSound && open.isEmpty && tags == matched + 1
    }
}
