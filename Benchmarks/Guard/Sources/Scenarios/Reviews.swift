import Engine
import Synchronization

extension Scenario {
    static let reviews = [
        review("review-3kb", "a review of 3 KB with one container", rewritten: 1),
        review("review-10kb", "a review of 10 KB with three containers", rewritten: 3),
        review("review-1.2mb", "a review of 1.2 MB with 100 containers", rewritten: 100, countedIterations: 2),
        review("review-update", "an update of one image out of two, with the old object", rewritten: 1),
        review("review-unchanged", "a review of 3 KB without anything to rewrite", rewritten: 0),
        review("review-14-images", "a review with 14 images of every kind", rewritten: 9),
    ]

    /// The bytes of the review that a scenario answers; nil where it is about something else.
    public static func reviewBytes(_ name: String) -> [UInt8]? { reviewTexts[name]?.bytes }

    /// From the bytes of a review to the bytes of its answer, under the default rules.
    private static func review(
        _ name: String, _ summary: String, rewritten: Int, countedIterations: Int = 10
    ) -> Scenario {
        Scenario(name, "answers \(summary)", countedIterations: countedIterations) {
            guard let bytes = reviewBytes(name) else { fatalError("there is no review for \(name)") }
            let webhook = Webhook(program: RuleTexts.program(RuleTexts.pullThrough))
            let images = webhook.rewrittenImages(bytes)
            guard images == rewritten else { fatalError("\(images) images are rewritten, not \(rewritten)") }
            return { webhook.answer(bytes).count }
        }
    }

    private static let reviewTexts: [String: ReviewText] = [
        "review-3kb": ReviewText(containers: [
            .init(name: "web", image: "nginx:1.27", arguments: 2, variables: 1)
        ]),
        "review-10kb": ReviewText(
            labels: 8,
            containers: [
                .init(name: "web", image: "quay.io/prometheus/prometheus:v2.54.0", arguments: 10, variables: 14),
                .init(name: "proxy", image: "docker.io/envoyproxy/envoy:v1.30.1", arguments: 8, variables: 16),
                .init(name: "config-reloader", image: "ghcr.io/kedacore/keda:2.11.2", arguments: 6, variables: 8),
            ]),
        "review-1.2mb": ReviewText(
            labels: 50, annotationBytes: 200_000,
            containers: (0..<100).map {
                .init(name: "container-\($0)", image: "nginx:1.\($0)", arguments: 30, variables: 63)
            }),
        "review-update": ReviewText(
            containers: [
                .init(name: "web", image: "nginx:1.27", arguments: 2, variables: 1),
                .init(name: "cache", image: "redis:7", variables: 2),
            ], imagesBefore: ["nginx:1.26", "redis:7"]),
        "review-unchanged": ReviewText(containers: [
            .init(name: "web", image: "registry.corp.example/shop/web:1.27", arguments: 2, variables: 1)
        ]),
        "review-14-images": ReviewText(
            initContainers: [
                .init(name: "migrate", image: "busybox:1.36"),
                .init(name: "sidecar", image: "docker.io/envoyproxy/envoy:v1.30.1"),
            ],
            containers: [
                .init(name: "a", image: "nginx"),
                .init(name: "b", image: "docker.io/library/redis:7"),
                .init(name: "c", image: "quay.io/prometheus/node-exporter@\(ReferenceTexts.digest)"),
                .init(name: "d", image: "ghcr.io/kedacore/keda:2.11.2@\(ReferenceTexts.digest)"),
                .init(name: "e", image: "localhost:5000/team/app:v1"),
                .init(name: "f", image: "direct.to/busybox:latest"),
                .init(name: "g", image: "k8s.gcr.io/coredns:1.3.1"),
                .init(name: "h", image: "registry.k8s.io/pause:3.9"),
                .init(name: "i", image: "quay.io.evil.example/x/y:1"),
            ],
            ephemeralContainers: [.init(name: "debugger", image: "gcr.io/a/b/c/d/e/f:tag.with-dots_1")],
            imageVolumes: [("model", "ghcr.io/acme/model:v3"), ("data", "registry.corp.example/data:1")]),
    ]
}

/// The way from a review's bytes to its answer's, as the server goes it.
final class Webhook: Sendable {
    private let program: Program
    /// Kept from one review to the next, as the server keeps it.
    private let answerer = Mutex(ReviewAnswerer())
    let namespaceLabels = ["kubernetes.io/metadata.name": "shop", "pull-through-enabled": "true"]
    let selfImage = Reference(parsing: "registry.corp.example/ruled:1.0")

    init(program: Program) { self.program = program }

    func answer(_ bytes: [UInt8]) -> [UInt8] {
        let answer = answerer.withLock { answerer in
            try? answerer.answer(bytes, by: program, selfImage: selfImage) { _ in namespaceLabels }
        }
        guard let answer else { fatalError("the review cannot be read") }
        return answer.json
    }

    func rewrittenImages(_ bytes: [UInt8]) -> Int {
        guard let review = try? AdmissionReview.read(bytes),
            case .decided(let decision) = program.outcome(
                of: review, namespaceLabels: namespaceLabels, selfImage: selfImage)
        else { return -1 }
        return decision.images.count { $0.to != nil }
    }
}
