import Engine
import Logging
import NIOCore

/// `POST /mutate`: answers admission reviews.
final class AdmissionEndpoint: Endpoint {
    private let rules: @Sendable () -> LiveRules?
    private let configuration: ServerConfiguration
    private let metrics: Metrics
    private let log: ServerLog

    init(
        configuration: ServerConfiguration, metrics: Metrics, log: ServerLog,
        rules: @escaping @Sendable () -> LiveRules?
    ) {
        self.rules = rules
        self.configuration = configuration
        self.metrics = metrics
        self.log = log
    }

    func refusal(of head: RequestHead, from source: String) -> Answer? { Self.refusalOfForm(head) }

    /// Why a request cannot be a review, by its head; nil where it can.
    static func refusalOfForm(_ head: RequestHead) -> Answer? {
        guard head.method == "POST" else { return .refusal(405, "reviews come by POST", allow: "POST") }
        guard head.contentType == "application/json" else {
            return .refusal(415, "the content type application/json is expected")
        }
        guard head.contentEncoding.isEmpty || head.contentEncoding == "identity" else {
            return .refusal(415, "a body without content encoding is expected")
        }
        return nil
    }

    func reply(to head: RequestHead, body: [UInt8], from source: String, on loop: any EventLoop) -> Reply {
        let start = NIODeadline.now()
        let review: AdmissionReview
        do {
            review = try AdmissionReview.read(body)
        } catch {
            log.limited(
                .info, "not an AdmissionReview", key: "not-a-review", ["source": source, "reason": error.reason])
            return .now(.refusal(400, "not an AdmissionReview: \(error.reason)"))
        }
        // One program from here on: another may become live while this review is decided.
        let program = rules()?.program
        guard let program, program.asksForNamespaceLabels else {
            return .now(answer(review, program, nil, since: start))
        }
        let known =
            configuration.namespaceLabels(review.namespace) ?? configuration.namespaces?.labels(of: review.namespace)
        guard known == nil, let namespaces = configuration.namespaces else {
            return .now(answer(review, program, known, since: start))
        }
        // The time that the API server takes is not the decision's.
        let soFar = NIODeadline.now() - start
        return .later(
            namespaces.lookUp(review.namespace, on: loop).map { labels in
                self.answer(review, program, labels, since: NIODeadline.now() - soFar)
            })
    }

    private func answer(
        _ review: AdmissionReview, _ program: Program?, _ labels: [String: String]?, since start: NIODeadline
    ) -> Answer {
        let (response, outcome, images) = decide(review, program, labels)
        let answer = Answer.review(response)
        let duration = NIODeadline.now() - start
        metrics.reviewed(outcome, in: duration, images: images)
        report(review, outcome, response, duration)
        return answer
    }

    private func decide(
        _ review: AdmissionReview, _ program: Program?, _ labels: [String: String]?
    ) -> (AdmissionResponse, Metrics.ReviewOutcome, [ImageDecision]) {
        guard let program else {
            let reason = "ruled has no rules yet"
            return (undecided(review, reason, or: nil), .noRules, [])
        }
        let outcome = program.outcome(of: review, namespaceLabels: labels, selfImage: configuration.selfImage)
        let response = AdmissionResponse(review, outcome)
        switch outcome {
        case .passed: return (response, .passed, [])
        case .unreadable(let reason):
            return (undecided(review, "the object cannot be read: \(reason)", or: response), .unreadable, [])
        case .decided(let decision):
            // A decision has warnings of its own only where it left the pod alone for want of the labels.
            if labels == nil, program.asksForNamespaceLabels, let reason = decision.warnings.first {
                return (undecided(review, reason, or: response), .unknownNamespace, decision.images)
            }
            let kind: Metrics.ReviewOutcome =
                response.denial != nil ? .denied : response.patch.isEmpty ? .unchanged : .patched
            return (response, kind, decision.images)
        }
    }

    /// The answer where nothing can be decided: the object passes as it is, with a warning, or is refused.
    private func undecided(
        _ review: AdmissionReview, _ reason: String, or response: AdmissionResponse?
    ) -> AdmissionResponse {
        if configuration.failsClosed { return AdmissionResponse(denying: review, because: reason) }
        return response ?? AdmissionResponse(allowing: review, warnings: ["nothing is rewritten: \(reason)"])
    }

    private func report(
        _ review: AdmissionReview, _ outcome: Metrics.ReviewOutcome, _ response: AdmissionResponse,
        _ duration: TimeAmount
    ) {
        if log.isDebug {
            log.log(
                .debug, "reviewed",
                Self.fields(review).merging([
                    "outcome": outcome.rawValue, "microseconds": "\(duration.nanoseconds / 1_000)",
                ]) { $1 })
        }
        if let denial = response.denial {
            log.limited(.info, "denied", key: "denied", Self.fields(review).merging(["reason": denial]) { $1 })
        } else if outcome != .patched, outcome != .unchanged, outcome != .passed {
            log.limited(
                .info, "let pass undecided", key: outcome.rawValue,
                Self.fields(review).merging(["outcome": outcome.rawValue]) { $1 })
        }
    }

    private static func fields(_ review: AdmissionReview) -> [String: String] {
        [
            "uid": String(review.uid.prefix(64)), "kind": String(review.kind.kind.prefix(64)),
            "namespace": String(review.namespace.prefix(63)), "name": String(review.name.prefix(253)),
            "operation": String(review.operation.prefix(16)),
        ]
    }
}
