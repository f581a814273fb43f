import Engine
import RuleLang

extension Scenario {
    static let decisions = [
        patterns(10, "10"), patterns(1_000, "1,000"), patterns(100_000, "100,000"), selectors,
    ]

    private static func patterns(_ count: Int, _ shown: String) -> Scenario {
        Scenario(
            "decide-\(count)", "decides 8 pods of one image each under \(shown) patterns, of which 5 are rewritten"
        ) {
            let program = RuleTexts.program(RuleTexts.rewrites(count))
            // Among the first ten patterns, so that every size has the same to decide.
            let images = [
                "registry-0.example/team-0/app-0/server:1.0",
                "registry-3.example/team-0/app-3:2.1",
                "registry-5.example/team-0/app-5/worker/main@\(ReferenceTexts.digest)",
                "registry-7.example/team-0/app-7:latest",
                "registry-9.example/team-0/app-9/a:v1.2.3",
                "registry-9.example/team-0/app-none:1",
                "registry-none.example/team-0/app-1:1",
                "nginx:1.27",
            ]
            let workloads = images.map { pod([$0]) }
            let context = EvaluationContext(namespace: "shop")
            let rewritten = workloads.map { program.decide($0, in: context).patch.count }.reduce(0, +)
            guard rewritten == 5 else { fatalError("\(rewritten) of 8 pods are rewritten, not 5") }
            return {
                workloads.reduce(0) { $0 + program.decide($1, in: context).patch.count }
            }
        }
    }

    private static let selectors = Scenario(
        "decide-selectors", "decides 4 pods of two images each under 40 rules that select by labels"
    ) {
        let program = RuleTexts.program(RuleTexts.selectors)
        let images = ["nginx:1.27", "quay.io/prometheus/prometheus:v2.54.0"]
        let pods = [
            pod(images, labels: ["app": "web", "tier": "t0"]),
            pod(images, labels: ["app": "web", "tier": "t19", "track": "canary"]),
            pod(images, labels: ["app": "db", "app.kubernetes.io/part-of": "shop"]),
            pod(images, labels: nil),
        ]
        let context = EvaluationContext(
            namespace: "shop", namespaceLabels: ["env": "e7", "kubernetes.io/metadata.name": "shop", "team": "blue"])
        let rewritten = pods.map { program.decide($0, in: context).images.count { $0.to != nil } }.reduce(0, +)
        guard rewritten == 6 else { fatalError("\(rewritten) of 8 images are rewritten, not 6") }
        return {
            pods.reduce(0) { $0 + program.decide($1, in: context).patch.count }
        }
    }

    private static func pod(_ images: [String], labels: [String: String]? = ["app": "web"]) -> Workload {
        Workload(
            kind: "Pod", namespace: "shop", name: "web", labels: labels,
            images: images.enumerated().map { index, image in
                ImageField(
                    place: .container, name: "c\(index)", pointer: "/spec/containers/\(index)/image", text: image)
            })
    }
}
