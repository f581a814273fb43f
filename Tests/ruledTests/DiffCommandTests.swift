import Foundation
import Testing

@Suite struct DiffCommandTests {
    private let labels = ["--namespace-labels", "team=a"]

    /// Runs `ruled diff` on the sample rules and a changed copy.
    private func run(
        _ arguments: [String], input: String = "", environment: [String: String] = [:],
        change: (String) -> String
    ) throws -> CommandLineTool.Run {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.write("old.rules", sampleRules)
        try scratch.write("new.rules", change(sampleRules))
        return try CommandLineTool.run(
            ["diff", "old.rules", "new.rules"] + arguments, input: input, in: scratch.folder, environment: environment)
    }

    private static func withoutTests(_ rules: String) -> String {
        rules.range(of: "test ").map { String(rules[..<$0.lowerBound]) } ?? rules
    }

    @Test("Rule sets that say the same in another way do not differ")
    func equivalent() throws {
        let run = try run([]) { rules in
            rules.replacing("rule quay", with: "rule other").replacing("by quay", with: "by other")
                .replacing("\"m.corp/hub/*\"", with: "\"${m}/hub/*\"")
                .replacing("language 1\n", with: "language 1\nlet m = \"m.corp\"\n")
        }
        #expect(run.output == "old.rules and new.rules do the same for every image\n")
        #expect(run.status == 0 && run.errors.isEmpty)
    }

    @Test("The images of a list may be given labels of a pod and a place, which objects have themselves")
    func listInAPod() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let rules =
            "language 1\nrule r {\n when pod where app = x\n when image in init\n deny \"*/*\" because \"OLD\"\n}\n"
        try scratch.write("old.rules", rules)
        try scratch.write("new.rules", rules.replacing("OLD", with: "NEW"))
        try scratch.write("images", "quay.io/a/b\n")
        try scratch.write("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n")
        func changes(_ file: String, _ arguments: String...) throws -> CommandLineTool.Run {
            try CommandLineTool.run(
                ["diff", "old.rules", "new.rules", "--images", file] + arguments, in: scratch.folder)
        }
        #expect(try !changes("images").output.contains("quay.io/a/b"))
        #expect(try !changes("images", "--pod-labels", "app=x").output.contains("quay.io/a/b"))
        #expect(try changes("images", "--pod-labels", "app=x", "--in", "init").output.contains("quay.io/a/b"))
        #expect(try changes("pod.yaml", "--pod-labels", "app=x").status == 2)
    }

    @Test("A setting counts where its `let` is, which may be on one side only")
    func settingOfOneSide() throws {
        let withName = { (rules: String) in
            Self.withoutTests(rules).replacing("\"m.corp/hub/*\"", with: "\"${m}/hub/*\"")
                .replacing("language 1\n", with: "language 1\nlet m = \"n.corp\"\n")
        }
        #expect(try run([], change: withName).status == 1)
        #expect(try run(["--set", "m=m.corp"], change: withName).status == 0)
        let unknown = try run(["--set", "n=m.corp"], change: withName)
        #expect(unknown.status == 1 && unknown.errors.contains("error[E0407]: no `let` defines `n`"))
    }

    @Test("A difference is told with its pattern, its conditions, both sides and a witness")
    func human() throws {
        let run = try run([]) { rules in
            Self.withoutTests(rules).replacing("m.corp/quay/*", with: "m.corp/q/*")
                .replacing("not from there", with: "not from here").replacing("ignore self\n", with: "")
                + "rule later { observe\n deny \"gcr.io/*\" because \"soon\"\n}\nbypass \"raw.to/\"\n"
        }
        #expect(run.status == 1)
        #expect(
            run.output == """
                evil.example/a
                  - denied: not from there by closed at old.rules:15
                  + denied: not from here by closed at new.rules:14
                  such as `evil.example/a` in namespace `default`
                    - denied: not from there
                    + denied: not from here

                gcr.io/*, where rules observe
                  - no rule names them
                  + would be denied: soon by later at new.rules:18
                  such as `gcr.io/a/app` in namespace `default`
                    - left as it is (no rule names it)
                    + left as it is (only rules that observe name it); warning: container: rule `later` observes: it would deny `gcr.io/a/app`: soon

                quay.io/*  (namespace where team)
                  - rewritten to `m.corp/quay/*` by quay at old.rules:7
                  + rewritten to `m.corp/q/*` by quay at new.rules:6
                  such as `quay.io/a/app` in namespace `default` with labels team=a
                    - m.corp/quay/a/app
                    + m.corp/q/a/app

                raw.to/*
                  - the prefix means nothing
                  + the prefix is taken off, and the rest is not rewritten
                  such as `raw.to/registry.example.com/a/app` in namespace `default`
                    - left as it is (no rule names it)
                    + registry.example.com/a/app

                the webhook's own image
                  - ignored at old.rules:2
                  + denied: not from here by closed at new.rules:14
                  such as `evil.example/a` in namespace `default`, were it the webhook's own
                    - left as it is (`ignore` at old.rules:2)
                    + denied: not from here

                old.rules and new.rules differ for 5 sets of images

                """)
    }

    @Test("What one rule set writes and the other rewrites is told, since a rollout runs both")
    func rollout() throws {
        let run = try run([]) { rules in
            Self.withoutTests(rules).replacing("rule quay {", with: "rule gone {").replacing(
                "rewrite \"quay.io/*\" to \"m.corp/quay/*\"", with: "rewrite \"m.corp/hub/*\" to \"n.corp/hub/*\""
            )
            .replacing("rewrite \"docker.io/*\" to \"m.corp/hub/*\"", with: "allow \"docker.io/*\"")
        }
        #expect(
            run.output.contains(
                """
                while both run: what `hub` of old.rules writes is rewritten again by `gone` of new.rules
                  `docker.io/a/app` -> `m.corp/hub/a/app` -> `n.corp/hub/a/app`
                """), "\(run.output)")
        #expect(!run.output.contains("of new.rules writes"))
    }

    @Test("As JSON, version 1")
    func json() throws {
        let run = try run(
            ["--format", "json", "--images", "-"] + labels, input: "nginx\nquay.io/a/b\n\n# no\nquay.io/a/b\n"
        ) {
            Self.withoutTests($0).replacing("\"m.corp/quay/*\"", with: "\"m.corp/q/*\" warn \"moved\"")
        }
        #expect(run.status == 1)
        try Golden.expect(run.output, is: "diff.json")
    }

    /// Runs `ruled diff --images` on a file of these bytes; every image of Docker Hub changes.
    private func list(_ bytes: [UInt8], _ arguments: String...) throws -> CommandLineTool.Run {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.write("old.rules", sampleRules)
        try scratch.write("new.rules", Self.withoutTests(sampleRules).replacing("m.corp/hub/*", with: "m.corp/h/*"))
        try Data(bytes).write(to: scratch.folder.appending(path: "images"))
        return try CommandLineTool.run(
            ["diff", "old.rules", "new.rules", "--images", "images", "--namespace-labels", ""] + arguments,
            in: scratch.folder)
    }

    @Test("A byte order mark is none of the first image")
    func byteOrderMark() throws {
        let run = try list(Array("\u{FEFF}nginx:1\nredis\n".utf8))
        #expect(run.output.contains("\nnginx:1  (1 line)\n"), "\(run.output)")
        #expect(run.output.contains("2 of 2 images in 2 lines change\nold.rules"))
        #expect(
            try list(Array("\u{FEFF}{\"apiVersion\": \"v1\", \"kind\": \"Pod\"}".utf8)).output.contains("in 1 object"))
    }

    @Test("Lines that are no image references are counted, and the first one is shown")
    func strangers() throws {
        let text = "# seen\r\nnginx\r\n\r\nimage: redis\r\n\"nginx:1\"\r\ndirect.to/localhost:5000/a\r\n"
        let run = try list(Array(text.utf8))
        #expect(
            run.output.contains(
                "1 of 4 images in 4 lines change\n2 lines are no image references, first `image: redis` at images:4\n"),
            "\(run.output)")
        #expect(run.status == 1)
        let json = try list(Array(text.utf8), "--format", "json")
        #expect(
            json.output.replacing(/\s+/, with: " ").contains("\"notReferences\": [ \"images:4\", \"images:5\" ]"),
            "\(json.output)")
    }

    @Test(
        "What is no list of images is an error with what to do",
        arguments: [
            (Array("\"nginx:1\",12\n\"redis\",3\n".utf8), "no line of `images` is an image reference", "`nginx:1.27`"),
            ([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3], "`images` is compressed", "gunzip -c images | ruled diff"),
            ([0xFF, 0xFE, 0x6E, 0, 0x67, 0], "it is not UTF-8", "iconv -f UTF-16"),
            ([0x6E, 0x0A, 0x80, 0xC3], "it is not UTF-8", "one image a line"),
        ] as [([UInt8], String, String)])
    func noList(bytes: [UInt8], message: String, help: String) throws {
        let run = try list(bytes)
        #expect(run.status == 2 && run.output.isEmpty)
        #expect(run.errors.contains("error[E0910]: ") && run.errors.contains(message), "\(run.errors)")
        #expect(run.errors.contains(help), "\(run.errors)")
    }

    @Test("The images of pods that change come with how many objects they touch, the most first")
    func images() throws {
        func pod(_ name: String, _ namespace: String, _ images: String...) -> String {
            let containers = images.enumerated().map { "{\"name\": \"c\($0)\", \"image\": \"\($1)\"}" }
            return """
                {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "\(name)", "namespace": "\(namespace)"},
                 "spec": {"containers": [\(containers.joined(separator: ","))]}}
                """
        }
        let team =
            "{\"apiVersion\": \"v1\", \"kind\": \"Namespace\", \"metadata\": {\"name\": \"shop\", \"labels\": {\"team\": \"a\"}}}"
        let bare = "{\"apiVersion\": \"v1\", \"kind\": \"Namespace\", \"metadata\": {\"name\": \"bare\"}}"
        let objects = [
            team, bare, pod("a", "shop", "quay.io/a/b:1", "nginx"), pod("b", "shop", "quay.io/a/b:1", "quay.io/a/c"),
            pod("c", "bare", "quay.io/a/b:1"), pod("d", "bare", "evil.example/a"),
        ]
        let list = "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\(objects.joined(separator: ","))]}"
        let run = try run(["--images", "-"], input: list) { rules in
            Self.withoutTests(rules).replacing("m.corp/quay/*", with: "m.corp/q/*").replacing(
                "from there", with: "at all")
        }
        #expect(
            run.output.contains(
                """
                quay.io/a/b:1  (2 objects in shop)
                  - m.corp/quay/a/b:1
                  + m.corp/q/a/b:1
                evil.example/a  (1 object in bare)
                  - denied: not from there
                  + denied: not at all
                quay.io/a/c  (1 object in shop)
                  - m.corp/quay/a/c
                  + m.corp/q/a/c

                3 of 4 images in 4 objects change
                """), "\(run.output)")
    }

    @Test("Exit codes and what is refused")
    func refusals() throws {
        #expect(try run(["--namespace", "a"]) { $0 }.status == 2)
        #expect(try run(["--images", "nowhere"]) { $0 }.status == 2)
        let invalid = try run([]) { $0 + "rul x\n" }
        #expect(invalid.status == 1 && invalid.output.isEmpty && invalid.errors.contains("nothing was compared"))
        let json = try run(["--format", "json"]) { $0 + "rul x\n" }
        #expect(json.status == 1 && json.output.contains("\"invalid\": \"new.rules\""))
        #expect(try CommandLineTool.run(["diff", "rules"]).status == 2)
        #expect(try CommandLineTool.run(["diff", "rules", "nowhere"]).status == 2)
        #expect(try CommandLineTool.run(["diff", "-", "-"]).status == 2)
    }

    @Test("Colours come when asked for; NO_COLOR and a pipe get none")
    func colours() throws {
        let change = { (rules: String) in Self.withoutTests(rules).replacing("m.corp/quay/*", with: "m.corp/q/*") }
        #expect(try run(["--color", "always"], change: change).output.contains("\u{1B}[31m-\u{1B}[0m rewritten"))
        #expect(!(try run([], environment: ["NO_COLOR": "1"], change: change).output.contains("\u{1B}")))
    }

    @Test("A reader that goes early ends the command without a word", arguments: ["diff rules", "plan examples"])
    func closedPipe(command: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        let other = command.hasPrefix("diff") ? "rules/examples/many-prefix-map" : "examples/pod.yaml"
        process.arguments = ["-c", "\(CommandLineTool.executable.path()) \(command) \(other) | head -1 >/dev/null"]
        process.currentDirectoryURL = CommandLineTool.root
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let said = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(said.isEmpty)
    }
}
