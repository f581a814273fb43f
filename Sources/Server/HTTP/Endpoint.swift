import NIOCore

/// What becomes of a complete request.
enum Reply: Sendable {
    case now(Answer)
    /// An answer that something else has to be waited for. The future never fails.
    case later(EventLoopFuture<Answer>)
}

/// What answers the requests of a listener.
protocol Endpoint: Sendable {
    /// Why a request is not taken, by its head alone; nil where it is.
    func refusal(of head: RequestHead, from source: String) -> Answer?
    /// The answer to a complete request, or the promise of one.
    ///
    /// - Parameter loop: where a later answer is wanted.
    func reply(to head: RequestHead, body: [UInt8], from source: String, on loop: any EventLoop) -> Reply
    /// An answer was handed to the socket.
    func answered(_ answer: Answer, after duration: TimeAmount)
}

extension Endpoint {
    func answered(_ answer: Answer, after duration: TimeAmount) {}
}
