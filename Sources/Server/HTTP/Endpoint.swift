import NIOCore

/// What answers the requests of a listener.
protocol Endpoint: Sendable {
    /// Why a request is not taken, by its head alone; nil where it is.
    func refusal(of head: RequestHead, from source: String) -> Answer?
    /// The answer to a complete request.
    func answer(_ head: RequestHead, body: [UInt8], from source: String) -> Answer
    /// An answer was handed to the socket.
    func answered(_ answer: Answer, after duration: TimeAmount)
}
