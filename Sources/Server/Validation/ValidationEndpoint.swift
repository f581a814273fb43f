import Engine
import Logging
import NIOCore
import Synchronization

/// `POST /validate`: judges edits of the rules before the cluster takes them.
///
/// Edits are checked one at a time, on a thread that stands back for all others. One that is not done within the budget,
/// or for which there is no place in the queue, is let through with a warning: the replicas check it again, and keep
/// the last good rules.
final class ValidationEndpoint: Endpoint {
    /// What became of an edit.
    enum Outcome: String, CaseIterable, Sendable {
        case accepted, refused, unchecked
    }

    /// Edits that wait or are checked.
    static let queueLimit = 4

    private let configuration: ServerConfiguration
    private let metrics: Metrics
    private let log: ServerLog
    private let rules: @Sendable () -> LiveRules?
    private let budget: TimeAmount
    private let thread = WorkThread(niceness: 19)
    private let waiting = Atomic<Int>(0)
    private let isStopping = Atomic<Bool>(false)

    init(
        configuration: ServerConfiguration, metrics: Metrics, log: ServerLog,
        rules: @escaping @Sendable () -> LiveRules?
    ) {
        self.configuration = configuration
        self.metrics = metrics
        self.log = log
        budget = ServerConfiguration.time(configuration.editSeconds)
        self.rules = rules
    }

    /// Lets through what still waits, unchecked.
    func stop() {
        isStopping.store(true, ordering: .relaxed)
        thread.stop()
    }

    func refusal(of head: RequestHead, from source: String) -> Answer? { AdmissionEndpoint.refusalOfForm(head) }

    func reply(to head: RequestHead, body: [UInt8], from source: String, on loop: any EventLoop) -> Reply {
        let review: AdmissionReview
        do {
            review = try AdmissionReview.read(body)
        } catch {
            log.limited(
                .info, "not an AdmissionReview", key: "not-a-review", ["source": source, "reason": error.reason])
            return .now(.refusal(400, "not an AdmissionReview: \(error.reason)"))
        }
        guard review.kind.kind == "ConfigMap", review.operation == "CREATE" || review.operation == "UPDATE" else {
            return .now(.review(AdmissionResponse(allowing: review)))
        }
        guard waiting.add(1, ordering: .relaxed).newValue <= Self.queueLimit else {
            waiting.subtract(1, ordering: .relaxed)
            return .now(unchecked(review, "too many edits are being checked"))
        }
        let promise = loop.makePromise(of: Answer.self)
        let answer = Pending(promise: promise)
        let check = Task(executorPreference: thread) { [self] in
            defer { waiting.subtract(1, ordering: .relaxed) }
            if isStopping.load(ordering: .relaxed) { return answer.give { unchecked(review, "the server stops") } }
            // What was answered already is not checked any more.
            guard !Task.isCancelled, let judged = judge(review, body) else { return }
            answer.give { judged }
        }
        let timeout = loop.scheduleTask(in: budget) {
            check.cancel()
            answer.give { self.unchecked(review, "the check took too long") }
        }
        promise.futureResult.whenComplete { _ in timeout.cancel() }
        return .later(promise.futureResult)
    }

    /// An answer that is given once, by whoever comes first.
    private final class Pending: Sendable {
        private let isAnswered = Atomic<Bool>(false)
        private let promise: EventLoopPromise<Answer>

        init(promise: EventLoopPromise<Answer>) {
            self.promise = promise
        }

        func give(_ answer: () -> Answer) {
            guard !isAnswered.exchange(true, ordering: .relaxed) else { return }
            promise.succeed(answer())
        }
    }

    /// Nil where the check was cancelled.
    private func judge(_ review: AdmissionReview, _ body: [UInt8]) -> Answer? {
        guard let edit = RuleEdit(review: body) else { return unchecked(review, "the ConfigMap cannot be read") }
        guard
            let judgement = edit.judge(
                settings: configuration.settings, live: rules()?.program,
                labelRefusal: configuration.namespaceLabelRefusal)
        else { return nil }
        let fields = AdmissionEndpoint.fields(review)
        if let refusal = judgement.refusal {
            metrics.edited(.refused)
            log.limited(.notice, "an edit of the rules was refused", key: "edit", fields)
            return .review(AdmissionResponse(denying: review, because: refusal, keepingLines: true))
        }
        metrics.edited(.accepted)
        log.limited(
            .notice, "an edit of the rules was accepted", key: "edit",
            fields.merging(["warnings": judgement.warnings.count]) { $1 })
        return .review(AdmissionResponse(allowing: review, warnings: judgement.warnings))
    }

    private func unchecked(_ review: AdmissionReview, _ reason: String) -> Answer {
        metrics.edited(.unchecked)
        log.limited(
            .warning, "an edit of the rules was not checked", key: "edit",
            AdmissionEndpoint.fields(review).merging(["reason": reason]) { $1 })
        return .review(
            AdmissionResponse(
                allowing: review,
                warnings: ["the rules were not checked: \(reason); replicas keep rules that are valid"]))
    }
}
