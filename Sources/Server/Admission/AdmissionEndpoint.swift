import Engine
import Logging
import NIOCore
import Synchronization

/// `POST /mutate`: answers admission reviews.
final class AdmissionEndpoint: Endpoint {
    private let rules: @Sendable () -> LiveRules?
    private let configuration: ServerConfiguration
    private let metrics: Metrics
    private let log: ServerLog
    /// Those that are not at work. There are never more than event loops, and none is waited for.
    private let desks = Mutex<[Desk]>([])

    /// Where reviews are answered. Unchecked: whoever takes it out of `desks` is the only one that has it. A class, so
    /// that taking it and putting it back moves a reference and not the answerer's twenty arrays.
    private final class Desk: @unchecked Sendable {
        var answerer = ReviewAnswerer()
    }

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
        // One program to the end: another may become live while this review is decided.
        let program = rules()?.program
        do throws(ReviewError) {
            var missing: String?
            let decided = try decide(body, program) { namespace in
                let labels =
                    configuration.namespaceLabels(namespace) ?? configuration.namespaces?.labels(of: namespace)
                if labels == nil { missing = namespace }
                return labels
            }
            guard let missing, let namespaces = configuration.namespaces else {
                return .now(answer(body, decided, since: start))
            }
            // The time that the API server takes is not the decision's.
            let soFar = NIODeadline.now() - start
            return .later(
                namespaces.lookUp(missing, on: loop).map { labels in
                    let start = NIODeadline.now() - soFar
                    do throws(ReviewError) {
                        return self.answer(body, try self.decide(body, program) { _ in labels }, since: start)
                    } catch {
                        return self.refusal(of: error, from: source)
                    }
                })
        } catch {
            return .now(refusal(of: error, from: source))
        }
    }

    private func refusal(of error: ReviewError, from source: String) -> Answer {
        log.limited(.info, "not an AdmissionReview", key: "not-a-review", ["source": source, "reason": error.reason])
        return .refusal(400, "not an AdmissionReview: \(error.reason)")
    }

    private func answer(_ body: [UInt8], _ decided: consuming Decided, since start: NIODeadline) -> Answer {
        // The line break is what `ruled review` ends with.
        decided.json.append(UInt8(ascii: "\n"))
        let duration = NIODeadline.now() - start
        metrics.reviewed(decided.outcome, in: duration, images: decided.images)
        report(body, decided, duration)
        return Answer(contentType: .json, body: decided.json)
    }

    /// An answer with what metrics and log want to know of it.
    private struct Decided {
        var json: [UInt8]
        let outcome: Metrics.ReviewOutcome
        let images: [Metrics.ImageKey]
        /// What was put into words, for the log. Most answers need no words, and then this is a nil reference.
        var words: Words?

        final class Words {
            let review: AdmissionReview
            let denial: String?
            /// Why nothing was decided; nil where something was.
            let reason: String?

            init(_ review: AdmissionReview, denial: String?, reason: String?) {
                self.review = review
                self.denial = denial
                self.reason = reason
            }
        }

        init(json: [UInt8], outcome: Metrics.ReviewOutcome, images: [Metrics.ImageKey] = []) {
            self.json = json
            self.outcome = outcome
            self.images = images
        }

        init(
            _ outcome: Metrics.ReviewOutcome, _ review: AdmissionReview, _ response: AdmissionResponse,
            _ images: [Metrics.ImageKey] = [], reason: String? = nil
        ) {
            self.init(json: response.json(), outcome: outcome, images: images)
            words = Words(review, denial: response.denial, reason: reason)
        }
    }

    private func decide(
        _ body: [UInt8], _ program: Program?, find: (String) -> [String: String]?
    ) throws(ReviewError) -> Decided {
        guard let program else {
            let review = try AdmissionReview.read(body)
            let reason = "ruled has no rules yet"
            return Decided(.noRules, review, undecided(review, reason, or: nil), reason: reason)
        }
        let desk = desks.withLock { $0.popLast() } ?? Desk()
        defer { desks.withLock { $0.append(desk) } }
        return try decide(body, program, by: &desk.answerer, find: find)
    }

    private func decide(
        _ body: [UInt8], _ program: Program, by answerer: inout ReviewAnswerer, find: (String) -> [String: String]?
    ) throws(ReviewError) -> Decided {
        var labels: [String: String]?
        let answer = try answerer.answer(body, by: program, selfImage: configuration.selfImage) { namespace in
            labels = find(namespace)
            return labels
        }
        switch answer.outcome {
        case .passed: return Decided(json: answer.json, outcome: .passed)
        case .decided(let isPatched):
            let images = (0..<answerer.imageCount).map { index in
                let image = answerer.image(index, by: program)
                return Metrics.ImageKey(outcome: image.outcome, rule: image.rule ?? "")
            }
            return Decided(json: answer.json, outcome: isPatched ? .patched : .unchanged, images: images)
        case .explained(let review, let outcome, let response):
            return explained(review, outcome, response, program, labels)
        }
    }

    private func explained(
        _ review: AdmissionReview, _ outcome: ReviewOutcome, _ response: AdmissionResponse, _ program: Program,
        _ labels: [String: String]?
    ) -> Decided {
        switch outcome {
        case .passed: return Decided(.passed, review, response)
        case .unreadable(let reason):
            let reason = "the object cannot be read: \(reason)"
            return Decided(.unreadable, review, undecided(review, reason, or: response), reason: reason)
        case .decided(let decision):
            let images = decision.images.map { Metrics.ImageKey(outcome: $0.outcome, rule: $0.by?.rule ?? "") }
            // A decision has warnings of its own only where it left the pod alone for want of the labels.
            if labels == nil, program.asksForNamespaceLabels, let reason = decision.warnings.first {
                return Decided(
                    .unknownNamespace, review, undecided(review, reason, or: response), images, reason: reason)
            }
            let kind: Metrics.ReviewOutcome =
                response.denial != nil ? .denied : response.patch.isEmpty ? .unchanged : .patched
            return Decided(kind, review, response, images)
        }
    }

    /// The answer where nothing can be decided: the object passes as it is, with a warning, or is refused.
    private func undecided(
        _ review: AdmissionReview, _ reason: String, or response: AdmissionResponse?
    ) -> AdmissionResponse {
        if configuration.failsClosed { return AdmissionResponse(denying: review, because: reason) }
        return response ?? AdmissionResponse(allowing: review, warnings: ["nothing is rewritten: \(reason)"])
    }

    private func report(_ body: [UInt8], _ decided: Decided, _ duration: TimeAmount) {
        if log.isDebug, let review = decided.words?.review ?? (try? AdmissionReview.read(body)) {
            log.log(
                .debug, "reviewed",
                Self.fields(review).merging([
                    "outcome": decided.outcome.name, "microseconds": Int(duration.nanoseconds / 1_000),
                ]) { $1 })
        }
        guard let words = decided.words else { return }
        let (review, outcome) = (words.review, decided.outcome)
        if let denial = words.denial {
            log.limited(.info, "denied", key: "denied", Self.fields(review).merging(["reason": denial]) { $1 })
        } else if outcome != .patched, outcome != .unchanged, outcome != .passed {
            log.limited(
                .info, "let pass undecided", key: outcome.name,
                Self.fields(review).merging([
                    "outcome": outcome.name, "reason": LogText.cut(words.reason ?? "", to: 256),
                ]) { $1 })
        }
    }

    /// Which review it is, for the log.
    static func fields(_ review: AdmissionReview) -> LogFields {
        [
            "uid": LogText.cut(review.uid, to: 64), "kind": LogText.cut(review.kind.kind, to: 64),
            "namespace": LogText.cut(review.namespace, to: 63), "name": LogText.cut(review.name, to: 253),
            "operation": LogText.cut(review.operation, to: 16),
        ]
    }
}
