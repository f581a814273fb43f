import Foundation
import Testing

@Suite struct EvaluationCommandTests {
    private func run(
        _ arguments: [String], input: String = "", rules: String = sampleRules
    ) throws -> CommandLineTool.Run {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.write("rules/a.rules", rules)
        return try CommandLineTool.run(arguments, input: input, in: scratch.folder)
    }

    private let labels = ["--namespace-labels", "team=a"]

    @Test("A Deployment, a CronJob, a List and an object without pods in one file")
    func kinds() throws {
        let manifest = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web, namespace: shop}
            spec:
              template:
                spec:
                  initContainers:
                  - {name: wait, image: gcr.io/x/y}
                  containers:
                  - &app {name: app, image: nginx}
                  - <<: *app
                    name: side
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: settings}
            ---
            ---
            apiVersion: v1
            kind: List
            items:
            - apiVersion: batch/v1
              kind: CronJob
              metadata: {name: nightly}
              spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: "quay.io/a/b"}]}}}}}
            - apiVersion: v1
              kind: Pod
              metadata: {name: empty}
            """
        let run = try run(["test", "--pod", "-"] + labels, input: manifest)
        #expect(run.status == 0)
        #expect(
            run.output == """
                Deployment shop/web
                  init/wait       gcr.io/x/y
                                  unchanged: no rule names it
                  container/app   nginx
                                  -> m.corp/hub/library/nginx
                                  rewritten by hub at rules/a.rules:11
                  container/side  nginx
                                  -> m.corp/hub/library/nginx
                                  rewritten by hub at rules/a.rules:11

                ConfigMap settings: no pod in it, left alone

                CronJob default/nightly
                  container/a  quay.io/a/b
                               -> m.corp/quay/a/b
                               rewritten by quay at rules/a.rules:7

                Pod default/empty
                  it has no containers, so there is no image to rewrite

                """)
    }

    @Test("Unknown namespace labels are told with the option that gives them")
    func unknownLabels() throws {
        let pod =
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: quay.io/a/b}]}\n"
        let unknown = try run(["test", "--pod", "-"], input: pod)
        #expect(unknown.output.contains("--namespace-labels"))
        #expect(unknown.output.contains("unchanged"))
        let none = try run(["test", "--pod", "-", "--namespace-labels", ""], input: pod)
        #expect(!none.output.contains("hint:"))
    }

    @Test("Labels come from a file of namespaces, by each object's own namespace")
    func namespaceFile() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.write("rules/a.rules", sampleRules)
        try scratch.write(
            "ns.yaml",
            """
            apiVersion: v1
            kind: List
            items:
            - {apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: a}}}
            - {apiVersion: v1, kind: Namespace, metadata: {name: default}}
            """)
        try scratch.write(
            "pods.yaml",
            """
            {apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, spec: {containers: [{name: a, image: quay.io/a/b}]}}
            ---
            {apiVersion: v1, kind: Pod, metadata: {name: b}, spec: {containers: [{name: a, image: quay.io/a/b}]}}
            """)
        let run = try CommandLineTool.run(
            ["test", "--pod", "pods.yaml", "--namespace-file", "ns.yaml", "--format", "patch"], in: scratch.folder)
        #expect(
            run.output == """
                [{"op":"replace","path":"/spec/containers/0/image","value":"m.corp/quay/a/b"}]
                []

                """, "\(run.errors)")
    }

    @Test("Labels of a namespace that are no strings are an error, not no labels")
    func namespaceLabelsOfAnotherType() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.write("rules/a.rules", sampleRules)
        try scratch.write(
            "ns.yaml", "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: true}}}\n")
        let run = try CommandLineTool.run(["explain", "nginx", "--namespace-file", "ns.yaml"], in: scratch.folder)
        #expect(run.status == 2 && run.output.isEmpty)
        #expect(run.errors.contains("E0908") && run.errors.contains("`shop`"))
    }

    @Test(
        "Labels that are none are told why",
        arguments: [
            ("a b=c", "there is a space in it"), ("a", "`a` is not k=v"), ("a=b,a=c", "`a` is given twice"),
            ("auto", "is for `ruled serve`"),
        ])
    func labelFaults(text: String, reason: String) throws {
        for option in ["--namespace-labels", "--pod-labels"] {
            let run = try run(["explain", "nginx", option, text])
            #expect(run.status == 2 && run.errors.contains(reason), "\(run.errors)")
        }
    }

    @Test("An object that cannot be read does not hide the others")
    func oneOfSeveralCannotBeRead() throws {
        let pods = """
            {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: 1.20}]}}
            ---
            {apiVersion: v1, kind: Pod, metadata: {name: b}, spec: {containers: [{name: b, image: nginx}]}}
            """
        let run = try run(["test", "--pod", "-"] + labels, input: pods)
        #expect(run.status == 2)
        #expect(run.output.contains("-> m.corp/hub/library/nginx"))
        #expect(run.errors.contains("/spec/containers/0/image"))

        let broken = try self.run(["test", "--pod", "-"] + labels, input: "---\na: [\n---\n" + pods)
        #expect(broken.status == 2)
        #expect(broken.output == run.output)
        #expect(broken.errors.contains("the document at `<stdin>:1` does not parse"), "\(broken.errors)")
    }

    @Test("The object after the patch keeps its keys' order and its strings")
    func yaml() throws {
        let pod = """
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [
              {"name": "a", "image": "direct.to/quay.io/a", "env": [{"name": "A", "value": "1.20"}, {"name": "B", "value": "yes"},
               {"name": "C", "value": "two\\nlines\\n"}, {"name": "D", "value": "- x: y #z"}, {"name": "E", "value": " "}],
               "args": [], "ports": [{"containerPort": 80}]}]}}
            """
        let run = try run(["test", "--pod", "-", "--format", "yaml"] + labels, input: pod)
        #expect(
            run.output == """
                apiVersion: v1
                kind: Pod
                metadata:
                  name: p
                  annotations:
                    ruled.dev/bypassed: container/a=quay.io/a
                spec:
                  containers:
                  - name: a
                    image: quay.io/a
                    env:
                    - name: A
                      value: "1.20"
                    - name: B
                      value: "yes"
                    - name: C
                      value: |
                        two
                        lines
                    - name: D
                      value: "- x: y #z"
                    - name: E
                      value: " "
                    args: []
                    ports:
                    - containerPort: 80

                """)
    }

    @Test(
        "What cannot be read says where and why, and ends with 2",
        arguments: [
            ("apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: 1.20\n", "<stdin>:6"),
            ("kind: Pod\nspec:\n  - a: [\n", "<stdin>:4:1"),
            ("{\"kind\": \"Pod\",}", "<stdin>:1:16"),
            ("a: b\n", "no `kind`"),
            ("kind: Pod\nkind: Pod\n", "twice"),
            ("kind: Pod\nspec: *nothing\n", "alias"),
            ("a: " + String(repeating: "[", count: 100_000), "too deep"),
        ])
    func unreadable(input: String, expected: String) throws {
        let run = try run(["test", "--pod", "-"] + labels, input: input)
        #expect(run.status == 2)
        #expect(run.errors.contains(expected), "\(run.errors)")
    }

    @Test("Aliases of aliases are bounded")
    func aliasBomb() throws {
        var bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        for (name, before) in zip("bcdefghijk", "abcdefghij") {
            bomb += "\(name): &\(name) [" + Array(repeating: "*\(before)", count: 10).joined(separator: ",") + "]\n"
        }
        let run = try run(["test", "--pod", "-"] + labels, input: bomb)
        #expect(run.status == 2)
        #expect(run.errors.contains("1000000 values"))
    }

    @Test("A denied object ends with 1 and says why; an empty file says that it is empty")
    func deniedAndEmpty() throws {
        let pod = "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: evil.example/a}]}\n"
        let denied = try run(["test", "--pod", "-"] + labels, input: pod)
        #expect(denied.status == 1)
        #expect(denied.output.contains("denied: not from there"))
        let empty = try run(["test", "--pod", "-"] + labels, input: "# nothing\n")
        #expect(empty.status == 0)
        #expect(empty.output == "<stdin>: there is no object in it\n")
    }

    @Test("On an update only what was changed is considered")
    func update() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: nginx}]}\n"
        try scratch.write("rules/a.rules", sampleRules)
        try scratch.write("new.yaml", pod)
        try scratch.write("same.yaml", pod)
        try scratch.write("old.yaml", pod.replacing("nginx", with: "redis"))
        let base = ["test", "--pod", "new.yaml", "--operation", "update", "--format", "patch"] + labels
        #expect(try CommandLineTool.run(base + ["--old", "same.yaml"], in: scratch.folder).output == "[]\n")
        #expect(try CommandLineTool.run(base + ["--old", "old.yaml"], in: scratch.folder).output.contains("replace"))
    }

    @Test("An explanation as JSON has every member, null where there is nothing")
    func explainJSON() throws {
        let run = try run(["explain", "quay.io/a/b:1", "Bad//x", "--format", "jsonl"] + labels)
        let lines = run.output.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(
            lines.first.map(String.init) == #"{"version":1,"from":"quay.io/a/b:1","to":"m.corp/quay/a/b:1","#
                + #""outcome":"rewritten","rule":"quay","location":{"file":"rules/a.rules","line":7},"#
                + #""reason":"rule `quay`","warnings":[],"denials":[],"reference":{"registry":"quay.io","path":"a/b","#
                + #""tag":"1","digest":null,"normalised":"quay.io/a/b:1"}}"#)
        #expect(lines.last?.contains(#""outcome":"unparsed","rule":null,"location":null"#) == true)
        #expect(lines.last?.hasSuffix(#""reference":null}"#) == true)
    }

    @Test("References come one a line on standard input; blank lines are skipped")
    func explainLines() throws {
        let run = try run(["explain", "-", "--format", "jsonl"] + labels, input: "nginx\n\n  \r\nquay.io/a/b\r\nredis")
        #expect(run.output.split(separator: "\n").count == 3)
        #expect(run.output.contains(#""from":"quay.io/a/b","#))
    }

    @Test("The human explanation shows each action that was considered")
    func explainHuman() throws {
        let run = try run(["explain", "nginx"] + labels)
        #expect(
            run.output == """
                nginx
                  is         docker.io/library/nginx
                  becomes    m.corp/hub/library/nginx
                  outcome    rewritten
                  rule       hub at rules/a.rules:11
                  reason     rule `hub`
                  considered
                    * hub at rules/a.rules:11
                        docker.io/*: rewrite to `m.corp/hub/*`
                        wins

                """)
    }

    @Test("A review is answered; a line that is none is told and the others are answered")
    func reviews() throws {
        let review =
            #"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u1","#
            + #""kind":{"group":"","version":"v1","kind":"Pod"},"namespace":"shop","operation":"CREATE","#
            + #""object":{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"a","image":"nginx"}]}}}}"#
        let one = try run(["review"] + labels, input: review)
        #expect(one.status == 0)
        #expect(one.output.contains(#""uid":"u1","allowed":true,"patchType":"JSONPatch""#))
        let several = try run(["review", "--format", "jsonl"] + labels, input: "\(review)\nx\n\(review)\n")
        #expect(several.status == 1)
        #expect(several.output.split(separator: "\n").count == 2)
        #expect(several.errors.hasPrefix("error: line 2 is not an AdmissionReview"))
        let none = try run(["review"] + labels, input: "{\"kind\":\"Pod\"}")
        #expect(none.status == 2)
        #expect(none.errors.contains("not a `Pod`"))
    }

    @Test("A reader that goes early ends the command without a word")
    func closedPipe() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.write("rules/a.rules", sampleRules)
        try scratch.write("images.txt", String(repeating: "nginx\n", count: 20_000))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [
            "-c",
            "'\(CommandLineTool.executable.path())' explain - --format jsonl < images.txt 2> err | head -n 1 > out",
        ]
        process.currentDirectoryURL = scratch.folder
        try process.run()
        process.waitUntilExit()
        #expect(try scratch.read("out").split(separator: "\n").count == 1)
        #expect(try scratch.read("err").isEmpty)
    }
}
