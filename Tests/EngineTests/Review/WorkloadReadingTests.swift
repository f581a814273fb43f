import Engine
import Foundation
import RuleLang
import Testing

@Suite("Reading reviews and objects")
struct WorkloadReadingTests {
    /// What is to be read of a recorded review.
    struct Expected: Sendable {
        let file: String
        var apiVersion = "admission.k8s.io/v1"
        var kind = GroupKind(group: "", kind: "Pod")
        var namespace = "shop"
        var name = ""
        var operation = "CREATE"
        var subresource = ""
        var isDryRun = false
        var podPointer = ""
        var labels: [String: String]?
        var annotations: [String: String]?
        /// The images as `place/name=text`; nil where the object holds no pod.
        var images: [String]?
        var oldImages: [String]?
        var oldLabels: [String: String]?
    }

    static let recorded: [Expected] = [
        Expected(
            file: "create-configmap", kind: GroupKind(group: "", kind: "ConfigMap"), name: "kube-root-ca.crt"),
        Expected(
            file: "create-cronjob", kind: GroupKind(group: "batch", kind: "CronJob"), name: "nightly",
            podPointer: "/spec/jobTemplate/spec/template", images: ["init/i=alpine:3.20", "container/a=postgres:16"]),
        Expected(
            file: "create-daemonset", kind: GroupKind(group: "apps", kind: "DaemonSet"), name: "ds",
            podPointer: "/spec/template", labels: ["app": "ds"], images: ["container/a=quay.io/cilium/cilium:v1.15.0"]),
        Expected(
            file: "create-dry-run", name: "x", isDryRun: true, labels: ["run": "x"],
            images: ["container/x=bitnami/redis:7.2"]),
        Expected(
            file: "create-every-kind-of-image", name: "every-kind", labels: ["app": "every", "tier": "front/end"],
            annotations: ["note": "quote \" slash \\ unicode ☃ 镜像"],
            images: [
                "init/init-a=busybox:1.36", "init/sidecar=docker.io/envoyproxy/envoy:v1.30.1", "container/a=nginx",
                "container/b=docker.io/library/redis:7",
                "container/c=quay.io/prometheus/node-exporter@sha256:"
                    + "4cb2b9019f1757be8482419002cb7afe028fdba35d47958829e4cfeaf6246d80",
                "container/d=ghcr.io/kedacore/keda:2.11.2@sha256:"
                    + "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                "container/e=localhost:5000/team/app:v1",
                "container/f=direct.to/gcr.io/google_containers/pause-amd64:3.0",
                "container/g=direct.to/busybox:latest", "container/h=k8s.gcr.io/coredns:1.3.1",
                "container/i=602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/pause:3.5",
                "container/j=index.docker.io/bitnami/redis:7.2", "container/k=registry.k8s.io/pause:3.9",
                "container/l=123456789012.dkr.ecr.us-east-1.amazonaws.com/docker.io/library/nginx:1.27",
                "container/m=quay.io.evil.example/x/y:1", "container/n=gcr.io/a/b/c/d/e/f:tag.with-dots_1",
                "volume/model=ghcr.io/acme/model:v3",
            ]),
        Expected(file: "create-generate-name", labels: ["app": "gen"], images: ["container/a=bitnami/redis:7.2"]),
        Expected(
            file: "create-job-pod",
            labels: [
                "batch.kubernetes.io/controller-uid": "23168ccf-8eea-402f-beda-5cefa2409abc",
                "batch.kubernetes.io/job-name": "once", "controller-uid": "23168ccf-8eea-402f-beda-5cefa2409abc",
                "job-name": "once",
            ], images: ["container/a=perl:5.34"]),
        Expected(
            file: "create-job", kind: GroupKind(group: "batch", kind: "Job"), name: "once",
            podPointer: "/spec/template", images: ["container/a=perl:5.34"]),
        Expected(file: "create-nginx-no-tag", name: "web", labels: ["run": "web"], images: ["container/web=nginx"]),
        Expected(file: "create-no-labels", name: "no-labels", images: ["container/a=busybox:latest"]),
        Expected(
            file: "create-opted-out-label", name: "opted-out", labels: ["image-rewrite": "disabled"],
            images: ["container/a=busybox:latest"]),
        Expected(
            file: "create-own-pod-kube-system", namespace: "kube-system", name: "ruled-7d9f",
            labels: ["app.kubernetes.io/name": "ruled"], images: ["container/ruled=ghcr.io/example/ruled:1.0.0"]),
        Expected(
            file: "create-statefulset-pod", name: "db-0",
            labels: [
                "app": "db", "apps.kubernetes.io/pod-index": "0", "controller-revision-hash": "db-dff675f8c",
                "statefulset.kubernetes.io/pod-name": "db-0",
            ], images: ["container/a=mysql/mysql-server:8.0"]),
        Expected(
            file: "create-statefulset", kind: GroupKind(group: "apps", kind: "StatefulSet"), name: "db",
            podPointer: "/spec/template", labels: ["app": "db"], images: ["container/a=mysql/mysql-server:8.0"]),
        Expected(
            file: "create-v1beta1", apiVersion: "admission.k8s.io/v1beta1", name: "beta", labels: ["run": "beta"],
            images: ["container/beta=nginx:1.25"]),
        Expected(
            file: "create-windows", name: "win", images: ["container/a=mcr.microsoft.com/windows/servercore:ltsc2022"]),
        Expected(
            file: "update-ephemeralcontainers-debug", name: "web", operation: "UPDATE",
            subresource: "ephemeralcontainers", labels: ["run": "web"],
            images: ["container/web=nginx", "ephemeral/debugger-qzfcq=busybox:1.36"],
            oldImages: ["container/web=nginx"], oldLabels: ["run": "web"]),
        Expected(
            file: "update-image-changed", name: "no-labels", operation: "UPDATE", labels: ["later": "yes"],
            images: ["container/a=redis:7"], oldImages: ["container/a=busybox:latest"], oldLabels: ["later": "yes"]),
        Expected(
            file: "update-label-only", name: "no-labels", operation: "UPDATE", labels: ["later": "yes"],
            images: ["container/a=busybox:latest"], oldImages: ["container/a=busybox:latest"]),
    ]

    private static func shown(_ workload: Workload) -> [String] {
        workload.images.map { "\($0.place.rawValue)/\($0.name)=\($0.text)" }
    }

    @Test("there is an expectation for each recorded review")
    func complete() {
        #expect(Self.recorded.map { $0.file + ".json" }.sorted() == ReviewTests.reviews)
    }

    @Test("what is read of each recorded review", arguments: recorded)
    func recordedReview(_ expected: Expected) throws {
        let bytes = try ReviewTests.bytes(expected.file + ".json")
        let review = try AdmissionReview.read(bytes)
        #expect(review.apiVersion == expected.apiVersion)
        #expect(review.uid.count == 36)
        #expect(review.kind == expected.kind)
        #expect(review.namespace == expected.namespace)
        #expect(review.name == expected.name)
        #expect(review.operation == expected.operation)
        #expect(review.subresource == expected.subresource)
        #expect(review.isDryRun == expected.isDryRun)

        guard let images = expected.images else {
            #expect(review.object == .notAWorkload(kind: expected.kind.kind))
            return
        }
        guard case .workload(let workload) = review.object else {
            Issue.record("\(String(describing: review.object))")
            return
        }
        #expect(workload.kind == expected.kind.kind)
        #expect(workload.podPointer == expected.podPointer)
        #expect(workload.hasMetadata)
        #expect(workload.labels == expected.labels)
        #expect(workload.annotations == expected.annotations)
        #expect(Self.shown(workload) == images)
        if let oldImages = expected.oldImages {
            guard case .workload(let old) = review.oldObject else {
                Issue.record("\(String(describing: review.oldObject))")
                return
            }
            #expect(Self.shown(old) == oldImages)
            #expect(old.labels == expected.oldLabels)
        } else {
            #expect(review.oldObject == nil)
        }
        try Self.expectPointersToHold(workload, in: bytes)
    }

    /// Each image's pointer leads to its text, as Foundation reads the review.
    private static func expectPointersToHold(_ workload: Workload, in bytes: [UInt8]) throws {
        let root = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
        for image in workload.images {
            var value: Any? = (root?["request"] as? [String: Any])?["object"]
            for token in image.pointer.split(separator: "/") {
                if let list = value as? [Any] {
                    value = Int(token).flatMap { list.indices.contains($0) ? list[$0] : nil }
                } else {
                    value = (value as? [String: Any])?[String(token)]
                }
            }
            #expect(value as? String == image.text, "\(image.pointer)")
        }
    }

    @Test(
        "every review of the shared data is read, and its images stand where they are said to",
        .enabled(if: Shared.isThere, "the shared data is not here"), arguments: ["handmade", "kube-prometheus"])
    func shared(_ folder: String) throws {
        let folder = Shared.file("admission-reviews/\(folder)")
        let names = Fixtures.names(in: folder).filter { $0.hasSuffix(".json") }
        #expect(names.count > 15)
        var images = 0
        for name in names {
            let bytes = try Fixtures.bytes(folder.appending(path: name))
            switch try AdmissionReview.read(bytes).object {
            case .workload(let workload):
                images += workload.images.count
                #expect(!workload.images.isEmpty, "\(name)")
                try Self.expectPointersToHold(workload, in: bytes)
            case .notAWorkload(let kind): #expect(kind == "ConfigMap", "\(name)")
            case .malformed(let reason): Issue.record("\(name): \(reason)")
            case nil: Issue.record("\(name): no object")
            }
        }
        #expect(images > 20)
    }

    private static func read(_ json: String) throws -> WorkloadReading {
        try Workload.read(json: Array(json.utf8))
    }

    private static let pod = #"{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"nginx"}]}}"#

    @Test(
        "an object is read by its own apiVersion and kind, wherever they stand",
        arguments: [
            ("v1", "ReplicationController"), ("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"),
            ("apps/v1beta2", "DaemonSet"), ("apps/v1", "ReplicaSet"), ("batch/v1", "Job"),
        ])
    func templates(_ apiVersion: String, _ kind: String) throws {
        let head = #""apiVersion":"\#(apiVersion)","kind":"\#(kind)""#
        let body = #""spec":{"template":\#(Self.pod)},"metadata":{"name":"n","namespace":"s","labels":{"own":"x"}}"#
        for json in ["{\(head),\(body)}", "{\(body),\(head)}"] {
            let expected = Workload(
                kind: kind, namespace: "s", name: "n", podPointer: "/spec/template", labels: ["a": "b"],
                images: [
                    ImageField(
                        place: .container, name: "c", pointer: "/spec/template/spec/containers/0/image", text: "nginx")
                ])
            #expect(try Self.read(json) == .workload(expected))
        }
    }

    @Test(
        "an object of another kind, or of another group, holds no pod",
        arguments: [
            ("v1", "ConfigMap"), ("v1", "Deployment"), ("example.com/v1", "Pod"), ("apps/v1", "Pod"), ("v1", "CronJob"),
            ("argoproj.io/v1alpha1", "Rollout"), ("v1", "pod"),
        ])
    func otherKinds(_ apiVersion: String, _ kind: String) throws {
        let json = #"{"apiVersion":"\#(apiVersion)","kind":"\#(kind)","spec":{"containers":7,"template":[]}}"#
        #expect(try Self.read(json) == .notAWorkload(kind: kind))
    }

    @Test(
        "null is the same as nothing, and what has no image is no image",
        arguments: [
            "", #","spec":null"#, #","spec":{"containers":null,"initContainers":null,"volumes":null}"#,
            #","spec":{"containers":[]}"#, #","spec":{"containers":[{}]}"#, #","spec":{"containers":[null]}"#,
            #","spec":{"containers":[{"name":"a","image":null}]}"#,
            #","spec":{"volumes":[{"image":null},{"name":"v"}]}"#,
            #","spec":{"volumes":[{"name":"v","image":{"pullPolicy":"Always"}},{"image":{"reference":null}}]}"#,
            #","metadata":null"#, #","metadata":{"labels":null,"annotations":null,"name":null}"#,
            #","spec":{"containers":[{"name":"a","image":"x"}],"containers":null}"#,
            #","spec":{"containers":[{"image":"x","image":null}]}"#,
            #","spec":{"containers":[{"image":"x"}]},"spec":{}"#,
            #","metadata":{"labels":{"a":"b"}},"metadata":{"labels":{"a":"b"},"labels":null}"#,
        ])
    func absent(_ rest: String) throws {
        guard case .workload(let workload) = try Self.read(#"{"apiVersion":"v1","kind":"Pod"\#(rest)}"#) else {
            Issue.record("\(rest) is not read")
            return
        }
        #expect(workload.images.isEmpty && workload.labels == nil && workload.annotations == nil && workload.name == "")
        #expect(workload.hasMetadata == rest.contains(#""metadata":{"#))
    }

    @Test(
        "what is of another type than it should be is named with its place",
        arguments: [
            (#""spec":7"#, "/spec"), (#""spec":{"containers":{}}"#, "/spec/containers"),
            (#""spec":{"containers":[{"image":"a"},5]}"#, "/spec/containers/1"),
            (#""spec":{"containers":[{"image":5}]}"#, "/spec/containers/0/image"),
            (#""spec":{"initContainers":[{"name":true,"image":"a"}]}"#, "/spec/initContainers/0/name"),
            (#""spec":{"volumes":[{"image":"a"}]}"#, "/spec/volumes/0/image"),
            (#""spec":{"volumes":[{"image":{"reference":[]}}]}"#, "/spec/volumes/0/image/reference"),
            (#""metadata":[]"#, "metadata"), (#""metadata":{"labels":["a"]}"#, "metadata/labels"),
            (#""metadata":{"annotations":{"a/b":1}}"#, "metadata/annotations/a~1b"),
        ])
    func malformed(_ member: String, _ place: String) throws {
        guard case .malformed(let reason) = try Self.read(#"{"apiVersion":"v1","kind":"Pod",\#(member)}"#) else {
            Issue.record("\(member) is read")
            return
        }
        #expect(reason.contains("\(place)`"), "\(reason)")
    }

    @Test("a label of null is empty, as Kubernetes decodes it, and a key counts in its decoded form")
    func decoding() throws {
        let json = #"""
            {"k\u0069nd":"Pod","apiVersion":"v1","metadata":{"lab\u0065ls":{"\u0061":null,"b":"\ud83d\ude00"}},
            "spec":{"volumes":[{"image":{"reference":"v"},"name":"v"}],"ephemeralContainers":[{"image":"e"}],
            "containers":[{"im\u0061ge":"\u006eginx"}],"initContainers":[{"image":""}]}}
            """#
        guard case .workload(let workload) = try Self.read(json) else {
            Issue.record("not read")
            return
        }
        #expect(workload.labels == ["a": "", "b": "😀"])
        #expect(Self.shown(workload) == ["init/=", "container/=nginx", "ephemeral/=e", "volume/v=v"])
    }

    @Test("of two requests, or two kinds in one, nothing is left of the first")
    func lastOneCounts() throws {
        func review(_ request: String) throws(ReviewError) -> AdmissionReview {
            let text = #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1",\#(request)}"#
            return try AdmissionReview.read(Array(text.utf8))
        }
        let first = #""request":{"uid":7,"name":"n","operation":"CREATE","dryRun":true,"object":{}}"#
        let second = try review(#"\#(first),"request":{"uid":"u","kind":{"group":"apps"},"kind":{"kind":"Pod"}}"#)
        #expect(second.uid == "u" && second.name == "" && second.operation == "" && !second.isDryRun)
        #expect(second.object == nil && second.kind == GroupKind(group: "", kind: "Pod"))
        #expect(throws: ReviewError.self) { try review(#"\#(first),"request":null"#) }
        let noKind = try review(#""request":{"uid":"u","kind":{"kind":"Pod"},"kind":7,"object":{}}"#)
        #expect(noKind.object == .notAWorkload(kind: ""))
    }

    @Test("a review that is cut off anywhere is refused", arguments: ReviewTests.reviews)
    func truncated(_ name: String) throws {
        var bytes = try ReviewTests.bytes(name)
        while let last = bytes.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: " ") { bytes.removeLast() }
        while !bytes.isEmpty {
            bytes.removeLast()
            // Each prefix costs its whole length, so the long middle is gone through in steps.
            if bytes.count > 600, bytes.count % 5 != 0 { continue }
            #expect(throws: ReviewError.self) { try AdmissionReview.read(bytes) }
        }
    }
}
