import RuleLang

/// What a review comes to, before it is written as an answer.
public enum ReviewOutcome: Sendable, Equatable {
    /// There is nothing to decide: the object holds no pod, or is neither created nor updated.
    case passed
    /// The object cannot be read, and why.
    case unreadable(reason: String)
    /// What becomes of the object.
    case decided(PodDecision)
}

extension AdmissionResponse {
    /// The answer that an outcome comes to.
    public init(_ review: AdmissionReview, _ outcome: ReviewOutcome) {
        switch outcome {
        case .passed: self.init(allowing: review)
        case .unreadable(let reason):
            self.init(allowing: review, warnings: ["nothing is rewritten: the object cannot be read: \(reason)"])
        case .decided(let decision): self.init(review, decision)
        }
    }
}

extension Program {
    /// Answers a review: the webhook without the server.
    ///
    /// An object that is no pod and holds none passes as it is; so does one that cannot be read, with a warning: what
    /// is wrong with it is the API server's to say. A review that does not say what to decide, for want of a kind, an
    /// operation that is known or the object, counts as one that cannot be read.
    ///
    /// - Parameters:
    ///   - namespaceLabels: the labels of the review's namespace; nil where they are not known.
    ///   - selfImage: the webhook's own image.
    public func answer(
        _ review: AdmissionReview, namespaceLabels: [String: String]? = nil, selfImage: Reference? = nil
    ) -> AdmissionResponse {
        AdmissionResponse(review, outcome(of: review, namespaceLabels: namespaceLabels, selfImage: selfImage))
    }

    /// Decides a review, for those who want to know more than the answer says.
    ///
    /// - Parameters:
    ///   - namespaceLabels: the labels of the review's namespace; nil where they are not known.
    ///   - selfImage: the webhook's own image.
    public func outcome(
        of review: AdmissionReview, namespaceLabels: [String: String]? = nil, selfImage: Reference? = nil
    ) -> ReviewOutcome {
        let operation: Operation
        switch review.operation {
        case "CREATE": operation = .create
        case "UPDATE": operation = .update
        case "DELETE", "CONNECT": return .passed
        case "": return .unreadable(reason: "the request names no operation")
        default: return .unreadable(reason: "the operation `\(review.operation)` is not known")
        }
        if review.kind.kind.isEmpty { return .unreadable(reason: "the request names no kind") }
        let workload: Workload
        switch review.object {
        case .workload(let read): workload = read
        case .malformed(let reason): return .unreadable(reason: reason)
        case .notAWorkload: return .passed
        case nil:
            return PodPath(review.kind) == nil ? .passed : .unreadable(reason: "the request has no object")
        }
        var old: Workload?
        if case .workload(let read) = review.oldObject { old = read }
        let namespace = review.namespace.isEmpty ? workload.namespace ?? "" : review.namespace
        let context = EvaluationContext(
            namespace: namespace, namespaceLabels: namespaceLabels, operation: operation, old: old,
            isEphemeralContainersUpdate: review.subresource == "ephemeralcontainers", selfImage: selfImage)
        return .decided(decide(workload, in: context))
    }
}
