import NIOCore

/// Gives requests to endpoints by their paths.
struct Router: Endpoint {
    /// The endpoints with their paths: so few that they are gone through faster than a path is hashed.
    let endpoints: [(path: String, endpoint: any Endpoint)]
    /// What is said of any other path.
    let notFound: String
    /// What is told of answers that no endpoint made.
    let metrics: Metrics

    private func endpoint(at path: String) -> (any Endpoint)? { endpoints.first { $0.path == path }?.endpoint }

    func refusal(of head: RequestHead, from source: String) -> Answer? {
        guard let endpoint = endpoint(at: head.path) else { return .refusal(404, notFound) }
        return endpoint.refusal(of: head, from: source)
    }

    func reply(to head: RequestHead, body: [UInt8], from source: String, on loop: any EventLoop) -> Reply {
        endpoint(at: head.path)?.reply(to: head, body: body, from: source, on: loop) ?? .now(.refusal(404, notFound))
    }

    func answered(_ answer: Answer, after duration: TimeAmount) { metrics.responded(answer.status, after: duration) }
}
