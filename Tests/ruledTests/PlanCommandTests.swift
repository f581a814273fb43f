import Foundation
import Testing

@Suite struct PlanCommandTests {
    private let cluster = """
        apiVersion: v1
        kind: List
        items:
        - apiVersion: v1
          kind: Namespace
          metadata: {name: shop, labels: {team: a}}
        - apiVersion: v1
          kind: Namespace
          metadata: {name: bare}
        - apiVersion: apps/v1
          kind: Deployment
          metadata: {name: web, namespace: shop}
          spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: a, image: "quay.io/a/b:1"}, {name: b, image: nginx}]}}}
        - apiVersion: v1
          kind: Pod
          metadata:
            name: web-5d4-x1
            namespace: shop
            labels: {app: web, pod-template-hash: 5d4}
            ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-5d4, controller: true}]
          spec: {containers: [{name: a, image: "quay.io/a/b:1"}, {name: b, image: nginx}]}
        - apiVersion: v1
          kind: Pod
          metadata: {name: lone, namespace: bare}
          spec: {containers: [{name: a, image: "quay.io/a/b:1"}, {name: b, image: "Not An Image"}, {name: c, image: nginx}, {name: d, image: nginx}]}
        - apiVersion: v1
          kind: Service
          metadata: {name: web, namespace: shop}

        """

    private func run(
        _ arguments: [String], input: String = "", files: [String: String] = [:], rules: String = sampleRules
    ) throws -> CommandLineTool.Run {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.write("rules/a.rules", rules)
        for (name, text) in files { try scratch.write(name, text) }
        return try CommandLineTool.run(["plan"] + arguments, input: input, in: scratch.folder)
    }

    @Test("Objects that own each other are shown, and what they own besides is counted with them")
    func circle() throws {
        func pod(_ name: String, ownedBy owner: String) -> String {
            """
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: \(name), ownerReferences: [{apiVersion: v1, kind: Pod, name: \(owner), controller: true}]}
            spec: {containers: [{name: a, image: "quay.io/\(name)/x"}]}

            """
        }
        let pods = pod("a", ownedBy: "b") + pod("b", ownedBy: "a") + pod("c", ownedBy: "a") + pod("d", ownedBy: "d")
        let run = try run(["--format", "jsonl"], input: pods)
        #expect(run.status == 0)
        for name in ["a", "b", "d"] { #expect(run.output.contains("quay.io/\(name)/x"), "\(name)") }
        #expect(!run.output.contains("quay.io/c/x"))
    }

    @Test(
        "A long reading says at a terminal how far it has come, and wipes that at the end",
        .enabled(if: PseudoTerminal.isAvailable, "there are no pseudo-terminals here"))
    func progress() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.write("rules/a.rules", sampleRules)
        let object = #"{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"}}"#
        func list(_ count: Int) -> String {
            #"{"apiVersion":"v1","kind":"List","items":["#
                + Array(repeating: object, count: count).joined(separator: ",") + "]}"
        }
        try scratch.write("many.json", list(4_100))
        try scratch.write("few.json", list(100))
        func shown(_ file: String) throws -> String {
            try CommandLineTool.atTerminal(["plan", file], in: scratch.folder, showsErrors: true)
        }
        #expect(try shown("many.json") == "\r2000 objects read\r4000 objects read\r\u{1B}[K")
        #expect(try shown("few.json").isEmpty)
    }

    @Test("Each image once a namespace with what it becomes, and totals; a Deployment counts for its pods")
    func human() throws {
        let run = try run([], input: cluster)
        #expect(run.status == 0 && run.errors.isEmpty)
        #expect(
            run.output == """
                namespace bare: 1 object
                  unparsed   Not An Image  (1 object)
                             not a valid image reference: a space in the reference
                  rewritten  nginx  (1 object, by hub)
                             -> m.corp/hub/library/nginx
                  unchanged  quay.io/a/b:1  (1 object)

                namespace shop: 1 object
                  rewritten  nginx  (1 object, by hub)
                             -> m.corp/hub/library/nginx
                  rewritten  quay.io/a/b:1  (1 object, by quay)
                             -> m.corp/quay/a/b:1

                2 objects with 6 images in 2 namespaces: 2 changed, 0 denied
                images: 4 rewritten, 1 unchanged, 1 unparsed
                1 object counted with what owns it
                3 objects without a pod

                """)
    }

    @Test("As JSON, version 1")
    func json() throws {
        let run = try run(["--format", "json"], input: cluster)
        try Golden.expect(run.output, is: "plan.json")
    }

    @Test("One object a line")
    func lines() throws {
        let run = try run(["--format", "jsonl"], input: cluster)
        let lines = run.output.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(
            lines[0].hasPrefix(
                "{\"version\":1,\"kind\":\"Deployment\",\"name\":\"web\",\"namespace\":\"shop\",\"denied\":false,"))
    }

    @Test("A folder that links lead to twice, or in a circle, is read once")
    func links() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.write("rules/a.rules", sampleRules)
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{image: evil.example/a}]}\n"
        try scratch.write("k8s/deep/pod.yaml", pod)
        let folder = scratch.folder.path
        try FileManager.default.createSymbolicLink(
            atPath: folder + "/k8s/deep/circle", withDestinationPath: folder + "/k8s")
        try FileManager.default.createSymbolicLink(
            atPath: folder + "/k8s/twice", withDestinationPath: folder + "/k8s/deep")
        let run = try CommandLineTool.run(["plan", "k8s", "--namespace-labels", ""], in: scratch.folder)
        #expect(run.output.contains("\n1 object with 1 image in 1 namespace"), "\(run.output)\(run.errors)")
    }

    @Test("Folders are searched, and nothing in them is lost: no manifests, and what does not parse")
    func folders() throws {
        let pod =
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: evil.example/a}]}\n"
        let run = try run(
            ["k8s", "--namespace-labels", ""],
            files: [
                "k8s/deep/er/pod.yml": pod, "k8s/values.yaml": "replicas: 3\n",
                "k8s/chart.yaml": "{{ .Values.x }}: [\n",
                "k8s/pod.json":
                    "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"spec\": {\"containers\": [{\"image\": 1}]}}",
                "k8s/.hidden.yaml": "a: [", "k8s/note.txt": "a: [",
            ])
        #expect(run.status == 1)
        #expect(
            run.output == """
                namespace default: 1 object
                  denied     evil.example/a  (1 object, by closed)
                             not from there

                1 object with 1 image in 1 namespace: 0 changed, 1 denied
                images: 1 denied
                1 document that is no manifest: k8s/values.yaml:1
                2 could not be read, see the errors

                """)
        #expect(run.errors.contains("error[E0907]: `k8s/chart.yaml` does not parse"))
        #expect(run.errors.contains("k8s/pod.json"))
    }

    private static func pod(_ name: String, _ image: String) -> String {
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: \(name)\nspec: {containers: [{name: a, image: \(image)}]}\n"
    }

    @Test("A document that does not parse takes nothing else of its stream with it, and is named by its line")
    func brokenDocument() throws {
        let broken = Self.pod("b", "redis").replacing("  name: b\n", with: "  name: b\n  name: c\n")
        let stream = [Self.pod("a", "nginx"), broken, "a: \"x\n", Self.pod("d", "busybox")].joined(
            separator: "--- # next\n")
        let labels = ["--namespace-labels", ""]
        let run = try run(["-"] + labels, input: stream)
        #expect(run.status == 1)
        #expect(run.output.contains("2 objects with 2 images in 1 namespace: 2 changed, 0 denied\n"), "\(run.output)")
        #expect(run.output.contains("2 could not be read, see the errors\n"))
        #expect(run.errors.contains("error[E0907]: the document at `<stdin>:6` does not parse\n"), "\(run.errors)")
        #expect(run.errors.contains("at <stdin>:10:3: `name` stands twice in one map"))
        #expect(run.errors.contains("error[E0907]: the document at `<stdin>:13` does not parse\n"))
        #expect(run.errors.contains("at <stdin>:15:1: while scanning a quoted scalar in line 14"))

        let windows = try self.run(["-"] + labels, input: stream.replacing("\n", with: "\r\n"))
        #expect(windows.output == run.output && windows.errors == run.errors, "\(windows.errors)")
        let json = try self.run(["--format", "json"] + labels, input: stream)
        #expect(json.output.contains("\"the document at `<stdin>:6` does not parse\""), "\(json.output)")
        // A marker within a text is none.
        let text = try self.run(["-"] + labels, input: "a: |\n  ---\n  b\n---\na: [\n")
        #expect(text.output.contains("1 document that is no manifest: <stdin>:1\n"), "\(text.output)")
        #expect(try self.run(["-"], input: "a: [\n---\nb: [\n").status == 2)
    }

    @Test("A chart's template is told what to do with it")
    func template() throws {
        let run = try run([], input: "{{ .Values.a }}: b\nc: {{ .Values.d }}\n")
        #expect(run.errors.contains("helm template CHART | ruled plan -"), "\(run.errors)")
        #expect(try !self.run([], input: "a: [\n").errors.contains("helm"))
    }

    @Test("What a folder holds and cannot be read is said; what is named twice is read once")
    func unreadable() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.write("rules/a.rules", sampleRules)
        try scratch.write("k8s/pod.yaml", Self.pod("a", "nginx"))
        try FileManager.default.createSymbolicLink(
            atPath: scratch.folder.path + "/k8s/gone.yaml", withDestinationPath: "nowhere.yaml")
        let run = try CommandLineTool.run(
            ["plan", "k8s", "k8s/pod.yaml", "k8s/../k8s/pod.yaml", "--namespace-labels", ""], in: scratch.folder)
        #expect(run.status == 1)
        #expect(run.output.contains("\n1 object with 1 image in 1 namespace"), "\(run.output)")
        #expect(run.output.contains("\n1 could not be read, see the errors\n"))
        #expect(run.errors.contains("error[E0901]: `k8s/gone.yaml` is a link that leads nowhere\n"))
    }

    @Test("Unknown labels are told, with what gives them")
    func unknownLabels() throws {
        let pod =
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: quay.io/a/b}]}\n"
        let run = try run([], input: pod)
        #expect(run.output.contains("its labels are not known"))
        #expect(run.output.contains("kubectl get ns,pods -A -o json | ruled plan"))
        #expect(run.status == 0)
    }

    @Test("Exit codes")
    func exitCodes() throws {
        #expect(try run([], input: "").status == 0)
        #expect(try run([], input: "a: [").status == 2)
        #expect(try run(["nowhere"]).status == 2)
        #expect(try run(["-", "-"]).status == 2)
        #expect(try run(["--rules", "-"]).status == 2)
        #expect(try run([], input: "", rules: "rul").status == 1)
    }
}
