import RuleLang

extension Program {
    /// Answers a review: the webhook without the server.
    ///
    /// An object that is no pod and holds none passes as it is; so does one that cannot be read, with a warning: what
    /// is wrong with it is the API server's to say.
    ///
    /// - Parameters:
    ///   - namespaceLabels: the labels of the review's namespace; nil where they are not known.
    ///   - selfImage: the webhook's own image.
    public func answer(
        _ review: AdmissionReview, namespaceLabels: [String: String]? = nil, selfImage: Reference? = nil
    ) -> AdmissionResponse {
        let operation: Operation
        switch review.operation {
        case "CREATE": operation = .create
        case "UPDATE": operation = .update
        default: return AdmissionResponse(allowing: review)
        }
        let workload: Workload
        switch review.object {
        case .workload(let read): workload = read
        case .malformed(let reason):
            return AdmissionResponse(
                allowing: review, warnings: ["nothing is rewritten: the object cannot be read: \(reason)"])
        case .notAWorkload, nil: return AdmissionResponse(allowing: review)
        }
        var old: Workload?
        if case .workload(let read) = review.oldObject { old = read }
        let namespace = review.namespace.isEmpty ? workload.namespace ?? "" : review.namespace
        let context = EvaluationContext(
            namespace: namespace, namespaceLabels: namespaceLabels, operation: operation, old: old,
            isEphemeralContainersUpdate: review.subresource == "ephemeralcontainers", selfImage: selfImage)
        return AdmissionResponse(review, decide(workload, in: context))
    }
}
