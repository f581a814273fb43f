import NIOCore

/// What a connection is at, and what follows from what happens on it. It knows neither sockets nor timers: whoever
/// drives it tells it the time and does what it says.
struct ConnectionState {
    /// Times and sizes that bound a connection.
    struct Limits: Sendable, Equatable {
        /// From the connection's begin to the end of the TLS handshake.
        var handshake: TimeAmount = .seconds(10)
        /// From the first byte of a request to its last, head and body together.
        var request: TimeAmount = .seconds(15)
        /// Between an answer and the first byte of the next request.
        var idle: TimeAmount = .seconds(120)
        /// Until the client has taken an answer.
        var answer: TimeAmount = .seconds(15)
        /// The largest body in bytes.
        var body = 16 << 20
        /// How long the rest of a refused request is read and thrown away, so that the client sees the refusal and
        /// not a reset connection.
        var linger: TimeAmount = .seconds(2)

        /// The shortest of the times: a timer that never sleeps longer misses no deadline.
        var shortest: TimeAmount { min(handshake, request, idle, answer, linger) }
    }

    /// Why a connection ends.
    enum CloseReason: String, Sendable, CaseIterable {
        /// The client closed it, or it broke.
        case client
        /// It was agreed in an answer: `Connection: close` or HTTP/1.0.
        case done
        case handshakeTimeout = "handshake-timeout"
        case requestTimeout = "request-timeout"
        case idle
        case answerStall = "answer-stall"
        /// A request was refused and the rest of it is not wanted.
        case refused
        case shutdown
        /// Another connection got its place.
        case evicted
    }

    /// What to do about a head.
    enum HeadAction: Equatable {
        case receive
        /// Say `100 Continue`, then receive.
        case receiveAfterContinue
        case refuse(Answer)
        case ignore
    }

    /// What to do about a piece of a body.
    enum BodyAction: Equatable {
        case store
        case refuse(Answer)
        case ignore
    }

    /// What to do at the end of a request.
    enum EndAction: Equatable {
        case decide
        case close(CloseReason)
        case ignore
    }

    /// What to do when a timer fires.
    enum TickAction: Equatable {
        case wait(until: NIODeadline)
        case close(CloseReason)
    }

    private enum Phase: Equatable {
        case handshaking
        /// Between requests; a connection that has not brought one yet gets less time.
        case waiting
        case receivingHead
        case receivingBody(count: Int)
        /// The request is complete, and its answer is being made.
        case deciding
        /// A refusal was sent; what is left of the request is thrown away.
        case discarding
        case closed
    }

    private let limits: Limits
    private var phase: Phase
    /// When the phase began; for a request its first byte, for head and body together.
    private var since: NIODeadline
    /// From when on the next answer is the last one.
    private let retirement: NIODeadline
    private var isFresh = true
    private var wantsKeepAlive = true
    /// When the server said that it stops; nil before.
    private var quiescedAt: NIODeadline?
    private var unfinishedWrites = 0
    private var lastWriteProgress: NIODeadline

    /// - Parameter age: how old the connection may become before an answer ends it.
    init(limits: Limits, now: NIODeadline, age: TimeAmount, encrypted: Bool) {
        self.limits = limits
        phase = encrypted ? .handshaking : .waiting
        since = now
        retirement = now + age
        lastWriteProgress = now
    }

    /// When the request that is being received or decided began.
    var requestStart: NIODeadline { since }

    /// Whether no request is in progress.
    var isWaiting: Bool { phase == .waiting || phase == .handshaking }

    /// Whether input is to be taken off the socket: not while an answer is being made or waits to be taken, so that
    /// a client who sends and does not read is held back by TCP.
    var wantsInput: Bool { phase != .deciding && phase != .closed }

    /// Whether a refusal may be sent: nothing was refused yet, and no answer is being made.
    var mayRefuse: Bool {
        switch phase {
        case .waiting, .receivingHead, .receivingBody: true
        case .handshaking, .deciding, .discarding, .closed: false
        }
    }

    mutating func handshakeCompleted(at now: NIODeadline) {
        guard phase == .handshaking else { return }
        phase = .waiting
        since = now
    }

    /// Bytes came, before it is known what they say: the clock of a request starts at its first byte.
    mutating func bytesArrived(at now: NIODeadline) {
        guard phase == .waiting else { return }
        phase = .receivingHead
        since = now
    }

    mutating func receive(_ head: RequestHead, refusal: Answer?, at now: NIODeadline) -> HeadAction {
        switch phase {
        case .waiting: since = now
        case .receivingHead: break
        case .handshaking, .receivingBody, .deciding, .discarding, .closed: return .ignore
        }
        isFresh = false
        phase = .receivingBody(count: 0)
        wantsKeepAlive = head.isKeepAlive
        if let problem = framingProblem(of: head) ?? refusal { return .refuse(problem) }
        return head.expectsContinue ? .receiveAfterContinue : .receive
    }

    private func framingProblem(of head: RequestHead) -> Answer? {
        guard head.isSupportedVersion else { return .refusal(505, "HTTP/1.0 or HTTP/1.1 is expected") }
        guard head.transferEncoding.isEmpty || head.transferEncoding == "chunked" else {
            return .refusal(400, "the only transfer encoding taken is chunked")
        }
        if let length = head.contentLength, length > limits.body { return bodyTooLarge }
        return nil
    }

    private var bodyTooLarge: Answer { .refusal(413, "the body is larger than \(limits.body) bytes") }

    mutating func receiveBody(count: Int) -> BodyAction {
        guard case .receivingBody(let before) = phase else { return .ignore }
        // No overflow: `before` is at most the limit, `count` at most what one read gives.
        guard before + count <= limits.body else { return .refuse(bodyTooLarge) }
        phase = .receivingBody(count: before + count)
        return .store
    }

    mutating func receiveEnd() -> EndAction {
        switch phase {
        case .receivingBody:
            phase = .deciding
            return .decide
        case .discarding:
            phase = .closed
            return .close(.refused)
        case .handshaking, .waiting, .receivingHead, .deciding, .closed:
            return .ignore
        }
    }

    /// A refusal was sent before the request was complete. It is the last answer of this connection.
    mutating func refused(at now: NIODeadline) {
        guard phase != .closed else { return }
        phase = .discarding
        since = now
        isFresh = false
    }

    /// Whether the answer that is about to be sent is the connection's last.
    func isLastAnswer(at now: NIODeadline) -> Bool {
        !wantsKeepAlive || quiescedAt != nil || now >= retirement
    }

    /// The answer was handed to the socket. Returns whether the connection ends with it.
    mutating func answered(last: Bool, at now: NIODeadline) -> Bool {
        guard phase == .deciding else { return phase == .closed }
        phase = last ? .closed : .waiting
        since = now
        return last
    }

    /// Something was written, of which nobody says when it is taken: whether it was is looked at later.
    mutating func wrote(at now: NIODeadline) {
        if unfinishedWrites == 0 { lastWriteProgress = now }
    }

    /// Whether something was written of which somebody will say when it is taken.
    var awaitsWrites: Bool { unfinishedWrites > 0 }

    /// Something is written, or what was written is found not to be taken yet; `writeEnded` follows when it is.
    ///
    /// - Parameter now: when it was written; nil for what `wrote` told of.
    mutating func writeBegan(at now: NIODeadline?) {
        if let now { wrote(at: now) }
        unfinishedWrites += 1
    }

    mutating func writeEnded(at now: NIODeadline) {
        unfinishedWrites = max(0, unfinishedWrites - 1)
        lastWriteProgress = now
    }

    /// The server stops: the next answer is the last. What has no request yet gets a moment for it, because one may
    /// be on its way.
    mutating func quiesce(at now: NIODeadline) { quiescedAt = now }

    mutating func closed() { phase = .closed }

    /// What the time says.
    func tick(at now: NIODeadline) -> TickAction {
        if unfinishedWrites > 0 {
            guard now < lastWriteProgress + limits.answer else { return .close(.answerStall) }
        }
        var deadline: NIODeadline
        var reason: CloseReason
        switch phase {
        case .handshaking: (deadline, reason) = (since + limits.handshake, .handshakeTimeout)
        case .waiting:
            // Whoever connects means to send something; only who has may keep the connection for later.
            (deadline, reason) = (since + (isFresh ? min(limits.request, limits.idle) : limits.idle), .idle)
        case .receivingHead, .receivingBody: (deadline, reason) = (since + limits.request, .requestTimeout)
        case .discarding: (deadline, reason) = (since + limits.linger, .refused)
        case .deciding, .closed: return .wait(until: now + limits.shortest)
        }
        if let quiescedAt, phase == .waiting || phase == .handshaking, quiescedAt + .seconds(1) < deadline {
            (deadline, reason) = (quiescedAt + .seconds(1), .shutdown)
        }
        return now >= deadline ? .close(reason) : .wait(until: min(deadline, now + limits.shortest))
    }
}
