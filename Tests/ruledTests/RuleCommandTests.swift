import Foundation
import Testing

@Suite struct RuleCommandTests {
    @Test(
        "Exit codes are 0 for clean, 1 for findings, 2 for what cannot run",
        arguments: [
            (["validate", "good.rules"], 0), (["validate", "bad.rules"], 1),
            (["validate", "good.rules", "bad.rules"], 1),
            (["validate", "missing"], 2), (["validate", "empty"], 2), (["validate", "--format", "nonsense"], 2),
            (["nonsense"], 2), (["test", "good.rules"], 0), (["test", "failing.rules"], 1),
            (["test", "untested.rules"], 0),
            (["test", "untested.rules", "--require-tests"], 1), (["test", "missing"], 2), (["explain"], 2),
            (["explain", "nginx", "--rules", "good.rules"], 0), (["explain", "nginx", "--rules", "bad.rules"], 1),
            (["explain", "nginx", "--rules", "good.rules", "--namespace-labels", "a"], 2),
            (["review", "--rules", "good.rules"], 2), (["fmt", "--check", "good.rules"], 0),
            (["fmt", "bad.rules"], 1), (["fmt", "note.txt"], 2), (["docs", "no-such-page"], 2), (["docs"], 0),
            (["--version"], 0), (["--help"], 0), (["help", "explain"], 0), (["completions", "zsh"], 0),
        ] as [([String], Int32)])
    func exitCodes(arguments: [String], status: Int32) throws {
        let scratch = try samples()
        defer { scratch.remove() }
        let run = try CommandLineTool.run(arguments, in: scratch.folder)
        #expect(run.status == status, "\(arguments): \(run.errors)")
    }

    private func samples() throws -> Scratch {
        let scratch = try Scratch()
        try scratch.write("good.rules", sampleRules)
        try scratch.write("bad.rules", "language 1\nrul a {}\n")
        try scratch.write("failing.rules", sampleRules.replacing("m.corp/hub/library/nginx", with: "elsewhere/nginx"))
        try scratch.write("untested.rules", "language 1\n")
        try scratch.write("note.txt", "language 1\n")
        try scratch.makeFolder("empty")
        return scratch
    }

    @Test("A valid rule set is summed up in one line on standard output")
    func summary() throws {
        let scratch = try samples()
        defer { scratch.remove() }
        let run = try CommandLineTool.run(["validate", "good.rules"], in: scratch.folder)
        #expect(
            run.output == "good.rules: ok: 1 file, 3 rules, 3 actions, 2 tests; "
                + "one answer for every image, no output comes back in, nothing dead\n")
        #expect(run.errors.isEmpty)
    }

    @Test("Findings go to standard error, and standard output stays empty")
    func streams() throws {
        let scratch = try samples()
        defer { scratch.remove() }
        let run = try CommandLineTool.run(["validate", "bad.rules"], in: scratch.folder)
        #expect(run.output.isEmpty)
        #expect(run.errors.contains("--> bad.rules:2:1"))
    }

    @Test("Validation as JSON is version 1 and holds each rule set")
    func validateJSON() throws {
        let scratch = try samples()
        defer { scratch.remove() }
        let run = try CommandLineTool.run(["validate", "good.rules", "--format", "json"], in: scratch.folder)
        #expect(
            run.output == """
                {
                  "version": 1,
                  "ruleSets": [
                    {
                      "path": "good.rules",
                      "valid": true,
                      "statistics": {
                        "files": 1,
                        "rules": 3,
                        "actions": 3,
                        "ignores": 1,
                        "tests": 2
                      },
                      "proof": {
                        "oneAnswer": "proved",
                        "noReentry": "proved",
                        "nothingDead": "proved"
                      },
                      "diagnostics": []
                    }
                  ]
                }

                """)
    }

    @Test("Annotations and SARIF name the file and the line")
    func machineForms() throws {
        let scratch = try samples()
        defer { scratch.remove() }
        let github = try CommandLineTool.run(["validate", "bad.rules", "--format", "github"], in: scratch.folder)
        #expect(github.output.hasPrefix("::error file=bad.rules,line=2,"))
        let sarif = try CommandLineTool.run(
            ["validate", "good.rules", "bad.rules", "--format", "sarif"], in: scratch.folder)
        #expect(sarif.output.contains("\"bad.rules\""))
        #expect(sarif.status == 1)
    }

    @Test("Machines are told the ConfigMap's own path and line, and the key in the message")
    func configMapPlaces() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.write(
            "cm.yaml",
            """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: r}
            data:
              note: unused
              a.rules: |
                language 1

                rule a {
                    rewrit "docker.io/*" to "m.example.com/*"
                }
              b.rules: "language 1\\nrule b {\\n  allow \\"quay.io\\"\\n}\\n"

            """)
        func run(_ form: String) throws -> String {
            let run = try CommandLineTool.run(["validate", "cm.yaml", "--format", form], in: scratch.folder)
            #expect(run.status == 1)
            return run.output
        }
        let github = try run("github").split(separator: "\n").map { $0.prefix { $0 != "%" } }
        #expect(
            github == [
                "::error file=cm.yaml,line=10,col=9,endLine=10,endColumn=15,title=E0204::"
                    + "in `a.rules`: `rewrit` begins no statement",
                "::error file=cm.yaml,line=12,title=E0506::in `b.rules`, line 3: the pattern `quay.io` names no image",
            ])
        let sarif = try run("sarif")
        #expect(sarif.components(separatedBy: "\"uri\": \"cm.yaml\"").count == 4)
        #expect(sarif.components(separatedBy: "\"startLine\": 10,").count == 3)
        #expect(sarif.contains("\"startLine\": 12\n"))
        #expect(!sarif.contains("cm.yaml#"))
        let junit = try run("junit")
        #expect(junit.contains("<testsuites tests=\"2\" failures=\"2\" errors=\"0\">"))
        #expect(
            junit.contains(
                "name=\"cm.yaml#a.rules:4:5: E0204 `rewrit` begins no statement\" file=\"cm.yaml\" line=\"10\""))
        #expect(junit.contains("file=\"cm.yaml\" line=\"12\""))
        #expect(try run("json").contains("\"file\": \"cm.yaml#a.rules\""))
    }

    @Test("JUnit has a test case for each finding and each file without one; warnings fail where they are asked to")
    func validateJUnit() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.write("set/a.rules", "language 1\nignore self\n")
        try scratch.write(
            "set/b.rules", "language 1\nrule b { rewrite \"gcr.io/*\" to \"m.corp/*\" digest to tag }\n")
        let run = try CommandLineTool.run(["validate", "set", "--format", "junit"], in: scratch.folder)
        #expect(run.status == 0)
        #expect(run.output.contains("<testsuites tests=\"2\" failures=\"0\" errors=\"0\">"))
        #expect(
            run.output.contains("<testcase classname=\"set\" name=\"set/a.rules\" file=\"set/a.rules\" line=\"1\"/>"))
        #expect(run.output.contains("<system-out>warning[W0701]"))
        let strict = try CommandLineTool.run(
            ["validate", "set", "--format", "junit", "--fail-on", "warning"], in: scratch.folder)
        #expect(strict.status == 1)
        #expect(strict.output.contains("type=\"W0701\">warning[W0701]"))
        let setting = try CommandLineTool.run(
            ["validate", "set", "--format", "junit", "--set", "a=b"], in: scratch.folder)
        #expect(setting.output.contains("<testcase classname=\"set\" name=\"E0407 "))
    }

    @Test(
        "A name that is set twice is an error that shows both values",
        arguments: [
            ["validate", "good.rules"], ["test", "good.rules"], ["explain", "nginx", "--rules", "good.rules"],
        ])
    func settingTwice(arguments: [String]) throws {
        let scratch = try samples()
        defer { scratch.remove() }
        let run = try CommandLineTool.run(
            arguments + ["--set", "a=b", "--set", "c=d", "--set", "a=e"], in: scratch.folder)
        #expect(run.status == 2 && run.output.isEmpty)
        #expect(run.errors.contains("error[E0909]: `a` is set twice: to `b` and to `e`"))
    }

    @Test("A namespace has to have the name of one", arguments: ["BAD_NS", "-a", "a.b", "team-*"])
    func namespaceNames(name: String) throws {
        let run = try CommandLineTool.run(["explain", "nginx", "--namespace=\(name)"])
        #expect(run.status == 2)
        #expect(run.errors.contains("`\(name)` in --namespace is not the name of a namespace"))
    }

    @Test("Topics and codes are completed", arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) throws {
        let run = try CommandLineTool.run(["completions", shell])
        #expect(run.output.contains("language") && run.output.contains("E0909"))
    }

    @Test(
        "Colours come by themselves at a terminal, unless NO_COLOR is set",
        .enabled(if: PseudoTerminal.isAvailable, "there are no pseudo-terminals here"),
        arguments: [nil, "1"] as [String?])
    func terminal(noColor: String?) throws {
        let scratch = try samples()
        defer { scratch.remove() }
        let output = try CommandLineTool.atTerminal(
            ["test", "failing.rules"], in: scratch.folder, environment: noColor.map { ["NO_COLOR": $0] } ?? [:])
        #expect(output.contains("1 of 2 tests failed"))
        #expect(output.contains("\u{1B}[32melsewhere") == (noColor == nil))
        #expect(output.contains("\u{1B}") == (noColor == nil))
    }

    @Test("A directory is its *.rules files: no dot files, no sub-folders, links followed")
    func directories() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        // As the kubelet mounts a ConfigMap.
        try scratch.write("set/..2026_01/a.rules", "language 1\nrule one { allow \"a.example/*\" }\n")
        try FileManager.default.createSymbolicLink(
            atPath: scratch.folder.appending(path: "set/..data").path(), withDestinationPath: "..2026_01")
        try FileManager.default.createSymbolicLink(
            atPath: scratch.folder.appending(path: "set/a.rules").path(), withDestinationPath: "..data/a.rules")
        try scratch.write("set/.hidden.rules", "nonsense")
        try scratch.write("set/sub/b.rules", "nonsense")
        let run = try CommandLineTool.run(["validate", "set"], in: scratch.folder)
        #expect(run.output.hasPrefix("set: ok: 1 file, 1 rule, 1 action,"), "\(run.errors)")
    }

    @Test("What is wrong with a path comes with what to do")
    func wrongPaths() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.write("rules/ecr.rules.txt", "")
        try scratch.write("rules/sub/a.rules", "language 1\n")
        try scratch.write("map.yaml", "apiVersion: v1\nkind: ConfigMap\ndata: {a.txt: x}\n")
        try scratch.write("pod.yaml", "apiVersion: v1\nkind: Pod\n")
        let missing = try CommandLineTool.run(["validate", "ruels"], in: scratch.folder)
        #expect(missing.errors.contains("error[E0901]: `ruels` does not exist"))
        #expect(missing.errors.contains("did you mean `rules`?"))
        let bare = try CommandLineTool.run(["validate"], in: scratch.folder)
        #expect(bare.errors.contains("error[E0903]"))
        #expect(bare.errors.contains("mv rules/ecr.rules.txt rules/ecr.rules"))
        #expect(bare.errors.contains("`rules/sub`"))
        #expect(try CommandLineTool.run(["validate", "map.yaml"], in: scratch.folder).errors.contains("E0905"))
        #expect(try CommandLineTool.run(["validate", "pod.yaml"], in: scratch.folder).errors.contains("E0904"))
    }

    @Test("A ConfigMap on standard input is a rule set; its keys are the files")
    func configMap() throws {
        let lines = sampleRules.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)\n" }.joined()
        let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: r}\ndata:\n  ecr.rules: |\n\(lines)"
        let run = try CommandLineTool.run(["test", "-", "--verbose"], input: map)
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output.contains("(<stdin>#ecr.rules:18)"))
        let plain = try CommandLineTool.run(["validate", "-"], input: sampleRules)
        #expect(plain.output.hasPrefix("<stdin>: ok"))
    }

    @Test("A path that is missing does not hide what is said of the others", arguments: ["human", "json", "sarif"])
    func oneOfSeveralIsMissing(form: String) throws {
        let run = try CommandLineTool.run(["validate", "rules", "nowhere", "--format", form])
        #expect(run.status == 2)
        #expect(!run.output.isEmpty)
        #expect(run.errors.contains("E0901"))
    }

    @Test("Tests of a rule set that is not valid end with 1, and JUnit and JSON say so", arguments: ["junit", "json"])
    func testsOfAnInvalidRuleSet(form: String) throws {
        let run = try CommandLineTool.run(["test", "-", "--format", form], input: "language 1\nrule r {\n}\n")
        #expect(run.status == 1)
        #expect(run.output.contains(form == "junit" ? "<error message=\"1 error\">error[E0706]" : "\"E0706\""))
    }

    @Test(
        "A command that does not exist is told with the one that was meant",
        arguments: [["valdate"], ["help", "valdate"]])
    func unknownCommand(arguments: [String]) throws {
        let run = try CommandLineTool.run(arguments)
        #expect(run.status == 2)
        #expect(run.errors.contains("`ruled validate`"))
    }

    @Test("A failed test shows what was expected, what happened, and the actions")
    func failedTest() throws {
        let scratch = try samples()
        defer { scratch.remove() }
        let run = try CommandLineTool.run(["test", "failing.rules"], in: scratch.folder)
        #expect(run.output.contains("FAIL hub images move  (failing.rules:18)"))
        #expect(run.output.contains("expected  becomes `elsewhere/nginx` by hub"))
        #expect(run.output.contains("actual    becomes `m.corp/hub/library/nginx` by hub"))
        #expect(run.output.contains("* hub at failing.rules:11: docker.io/*: wins"))
        #expect(run.output.hasSuffix("failing.rules: 1 of 2 tests failed\n"))
        let filtered = try CommandLineTool.run(["test", "failing.rules", "--filter", "quay"], in: scratch.folder)
        #expect(filtered.status == 0)
        let junit = try CommandLineTool.run(["test", "failing.rules", "--format", "junit"], in: scratch.folder)
        #expect(junit.output.contains("<testsuites tests=\"2\" failures=\"1\" errors=\"0\">"))
    }

    @Test("Formatting rewrites in place once, keeps the mode, and leaves what does not parse")
    func formatting() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let loose = "language 1\nrule   a   { # why\nrewrite \"quay.io/*\" to \"m.corp/q/*\"\n}\n"
        let file = try scratch.write("a.rules", loose)
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file.path())
        let diff = try CommandLineTool.run(["fmt", "--diff", "a.rules"], in: scratch.folder)
        #expect(diff.status == 1)
        #expect(diff.output.hasPrefix("--- a.rules\n+++ a.rules\n@@ -1,4 +1,"))
        #expect(try CommandLineTool.run(["fmt", "--check", "a.rules"], in: scratch.folder).output == "a.rules\n")
        #expect(try scratch.read("a.rules") == loose)
        #expect(try CommandLineTool.run(["fmt", "a.rules"], in: scratch.folder).output == "a.rules\n")
        let formatted = try scratch.read("a.rules")
        #expect(formatted != loose && formatted.contains("# why"))
        let mode = try FileManager.default.attributesOfItem(atPath: file.path())[.posixPermissions] as? Int
        #expect(mode == 0o640)
        #expect(try CommandLineTool.run(["fmt", "a.rules"], in: scratch.folder).output.isEmpty)
        #expect(try CommandLineTool.run(["fmt", "-"], input: loose).output == formatted)
        try scratch.write("b.rules", "language 1\nrul a {}\n")
        let broken = try CommandLineTool.run(["fmt", "b.rules"], in: scratch.folder)
        #expect(broken.status == 1 && broken.errors.contains("b.rules:2:1"))
        #expect(try scratch.read("b.rules") == "language 1\nrul a {}\n")
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.folder.path()).count == 2)
    }

    @Test(
        "Pages are found by code and by name, however they are written",
        arguments: ["E0203", "e203", "0203", "diagnostics/E0203"])
    func pages(name: String) throws {
        let run = try CommandLineTool.run(["docs", name])
        let page = try String(
            contentsOf: CommandLineTool.root.appending(path: "docs/diagnostics/E0203.md"), encoding: .utf8)
        #expect(run.output == page)
    }

    @Test("Every code of the inputs has its page")
    func inputPages() throws {
        for number in 1...9 {
            #expect(try CommandLineTool.run(["docs", "E090\(number)"]).status == 0)
        }
    }

    @Test("Colours come when asked for, and never in a pipe")
    func colors() throws {
        let scratch = try samples()
        defer { scratch.remove() }
        #expect(!(try CommandLineTool.run(["validate", "good.rules"], in: scratch.folder).output.contains("\u{1B}")))
        let forced = try CommandLineTool.run(["validate", "good.rules", "--color", "always"], in: scratch.folder)
        #expect(forced.output.contains("\u{1B}"))
    }
}
