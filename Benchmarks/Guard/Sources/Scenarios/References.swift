import Engine

extension Scenario {
    static let references = [
        Scenario("reference-parse", "parses 12 references of every form") {
            for text in ReferenceTexts.valid where Reference(parsing: text) == nil {
                fatalError("`\(text)` does not parse")
            }
            return {
                ReferenceTexts.valid.reduce(0) { sum, text in
                    guard case .success(let reference) = Reference.parse(text) else { return sum }
                    return sum + reference.path.utf8.count
                }
            }
        }
    ]
}

enum ReferenceTexts {
    static let digest = "sha256:4cb2b9019f1757be8482419002cb7afe028fdba35d47958829e4cfeaf6246d80"

    static let valid = [
        "nginx",
        "nginx:1.27",
        "library/redis:7.4-alpine",
        "bitnami/redis@\(digest)",
        "docker.io/envoyproxy/envoy:v1.30.1",
        "index.docker.io/library/busybox:1.36",
        "quay.io/prometheus/node-exporter:v1.8.2@\(digest)",
        "registry.k8s.io/pause:3.9",
        "localhost:5000/team/app:v1",
        "602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/pause:3.5",
        "gcr.io/a/b/c/d/e/f:tag.with-dots_1",
        "ghcr.io/kedacore/keda-metrics-apiserver:2.11.2",
    ]
}
