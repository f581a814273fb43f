import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOTLS

/// What the connections of one listener share.
struct ListenerContext: Sendable {
    let endpoint: any Endpoint
    let limits: ConnectionState.Limits
    let ledger: ConnectionLedger
    /// Makes answers to large bodies, one at a time: they take milliseconds, which an event loop does not have.
    let largeBodies: NIOThreadPool
    let metrics: Metrics
    let log: ServerLog
    let clock: DateClock
    /// Whether answers end their connections, because the server is about to stop.
    let isDraining: @Sendable () -> Bool

    /// Bodies from this many bytes on are large: they are answered off the event loop, and leave a share of the bytes
    /// in flight to others.
    static let largeBody = 256 << 10
}

/// Tells a connection's handlers that the server stops.
struct QuiesceEvent: Sendable {}

/// Tells a connection's handlers that another connection has got its place.
struct EvictionEvent: Sendable {}

/// Sits before the HTTP decoder: the clock of a request starts at its first byte, which the decoder does not show.
final class ArrivalObserver: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: ConnectionHandler

    init(_ connection: ConnectionHandler) {
        self.connection = connection
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection.bytesArrived()
        context.fireChannelRead(data)
    }
}

/// One connection: drives its `ConnectionState`, and holds what the state machine does not, which is bytes and timers.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let shared: ListenerContext
    private let source: String
    private let activity: ConnectionActivity
    private var state: ConnectionState
    private var head = RequestHead()
    private var body: [UInt8] = []
    private var reserved = 0
    /// What came while an answer was being made off the event loop: at most what one read gave.
    private var held: [HTTPServerRequestPart] = []
    /// What to say about bytes that are no HTTP, once what came before them is answered.
    private var failure: Answer?
    private var isProven = false
    private var isReadHeld = false
    private var isAnswerPending = false
    private var isFinished = false
    private var timer: Scheduled<Void>?
    private var closeReason: ConnectionState.CloseReason?

    init(_ shared: ListenerContext, source: String, activity: ConnectionActivity, age: TimeAmount, encrypted: Bool) {
        self.shared = shared
        self.source = source
        self.activity = activity
        state = ConnectionState(limits: shared.limits, now: .now(), age: age, encrypted: encrypted)
    }

    // MARK: Events

    func handlerAdded(context: ChannelHandlerContext) { tick(context) }

    func channelInactive(context: ChannelHandlerContext) {
        finish()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { finish() }

    private func finish() {
        timer?.cancel()
        timer = nil
        state.closed()
        held = []
        // What is being answered gives its bytes back when it is done with them.
        if !isAnswerPending { releaseBody() }
        guard !isFinished else { return }
        isFinished = true
        shared.metrics.connectionClosed(closeReason ?? .client)
    }

    func bytesArrived() {
        activity.requestBegan()
        state.bytesArrived(at: .now())
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case TLSUserEvent.handshakeCompleted:
            state.handshakeCompleted(at: .now())
        case is QuiesceEvent:
            state.quiesce(at: .now())
            tick(context)
        case is EvictionEvent:
            // A request that began meanwhile, and an answer that is not taken yet, come to their end.
            if state.isWaiting, !hasUnsentAnswer(context) {
                close(context, .evicted)
            } else {
                state.quiesce(at: .now())
                tick(context)
            }
        default:
            break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case let error as HTTPParserError:
            guard failure == nil else { return }
            let answer: Answer =
                error == .headerOverflow
                ? .refusal(431, "the header is larger than this server takes")
                : .refusal(400, "the request is not HTTP/1.1")
            failure = answer
            if !isAnswerPending, state.mayRefuse { refuse(context, answer) }
        case NIOSSLError.uncleanShutdown:
            close(context, .client)
        case let error as NIOSSLError:
            shared.metrics.handshakeFailed()
            shared.log.limited(.info, "TLS failed", key: "tls", ["source": source, "reason": TLSFailure.words(error)])
            close(context, .client)
        default:
            close(context, .client)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if isAnswerPending {
            held.append(part)
        } else {
            take(part, context)
        }
    }

    /// Holds reads back while an answer is being made or waits to be taken.
    func read(context: ChannelHandlerContext) {
        if !isAnswerPending, context.channel.isWritable {
            context.read()
        } else {
            isReadHeld = true
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        releaseRead(context)
        context.fireChannelWritabilityChanged()
    }

    private func releaseRead(_ context: ChannelHandlerContext) {
        guard isReadHeld, !isAnswerPending, context.channel.isWritable else { return }
        isReadHeld = false
        context.read()
    }

    // MARK: A request

    private func take(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
        switch part {
        case .head(let received):
            let head = RequestHead(received)
            self.head = head
            activity.requestBegan()
            if !isProven {
                isProven = true
                activity.prove()
            }
            switch state.receive(head, refusal: shared.endpoint.refusal(of: head, from: source), at: .now()) {
            case .receive: break
            case .receiveAfterContinue:
                write(context, context.channel.allocator.buffer(string: "HTTP/1.1 100 Continue\r\n\r\n"))
            case .refuse(let answer): refuse(context, answer)
            case .ignore: break
            }
        case .body(let bytes):
            switch state.receiveBody(count: bytes.readableBytes) {
            case .store:
                let size = max(head.contentLength ?? 0, reserved + bytes.readableBytes)
                let isLarge = size >= ListenerContext.largeBody
                guard shared.ledger.reserve(bytes: bytes.readableBytes, ofLargeBody: isLarge) else {
                    shared.metrics.shed(.bytes)
                    return refuse(context, .refusal(429, "too many bytes are in flight", retryAfter: 1))
                }
                reserved += bytes.readableBytes
                makeRoom(for: bytes.readableBytes)
                body.append(contentsOf: bytes.readableBytesView)
            case .refuse(let answer): refuse(context, answer)
            case .ignore: break
            }
        case .end:
            switch state.receiveEnd() {
            case .decide: decide(context)
            case .close(let reason): close(context, reason)
            case .ignore: break
            }
        }
    }

    /// Makes room for bytes that came. A small body gets it all at once, a large one as it comes: a length that lies
    /// takes neither memory nor addresses.
    private func makeRoom(for count: Int) {
        let needed = body.count + count
        // Without a length, appending doubles the room.
        guard needed > body.capacity, let length = head.contentLength else { return }
        body.reserveCapacity(max(needed, min(length, max(64 << 10, 4 * needed))))
    }

    private func decide(_ context: ChannelHandlerContext) {
        let bytes = body
        body = []
        let loop = context.eventLoop
        let pending: EventLoopFuture<Answer>
        if bytes.count < ListenerContext.largeBody {
            switch shared.endpoint.reply(to: head, body: bytes, from: source, on: loop) {
            case .now(let answer): return send(context, answer)
            case .later(let answer): pending = answer.hop(to: loop)
            }
        } else {
            let (endpoint, head, source) = (shared.endpoint, head, source)
            pending = shared.largeBodies.runIfActive(eventLoop: loop) {
                endpoint.reply(to: head, body: bytes, from: source, on: loop)
            }.flatMap { reply in
                switch reply {
                case .now(let answer): loop.makeSucceededFuture(answer)
                case .later(let answer): answer.hop(to: loop)
                }
            }
        }
        isAnswerPending = true
        pending.assumeIsolated().whenComplete { result in
            self.isAnswerPending = false
            switch result {
            case .success(let answer) where context.channel.isActive: self.send(context, answer)
            case .success: self.releaseBody()
            case .failure: self.close(context, .shutdown)
            }
            let parts = self.held
            self.held = []
            for part in parts {
                if self.isAnswerPending { self.held.append(part) } else { self.take(part, context) }
            }
            if let failure = self.failure, !self.isAnswerPending, self.state.mayRefuse {
                self.refuse(context, failure)
            }
            self.releaseRead(context)
        }
    }

    private func send(_ context: ChannelHandlerContext, _ answer: Answer) {
        releaseBody()
        let now = NIODeadline.now()
        let isLast = state.isLastAnswer(at: now) || shared.isDraining()
        let start = state.requestStart
        let ends = state.answered(last: isLast, at: now)
        activity.requestEnded(at: now)
        let buffer = answer.buffer(
            closing: isLast, withoutBody: head.method == "HEAD", date: shared.clock.httpDate(),
            allocator: context.channel.allocator)
        write(context, buffer, thenClose: ends ? .done : nil)
        shared.endpoint.answered(answer, after: now - start)
    }

    private func refuse(_ context: ChannelHandlerContext, _ answer: Answer) {
        releaseBody()
        let now = NIODeadline.now()
        let start = state.requestStart
        state.refused(at: now)
        let buffer = answer.buffer(
            closing: true, withoutBody: head.method == "HEAD", date: shared.clock.httpDate(),
            allocator: context.channel.allocator)
        write(context, buffer)
        tick(context)
        shared.endpoint.answered(answer, after: now - start)
    }

    private func releaseBody() {
        body = []
        if reserved > 0 { shared.ledger.release(bytes: reserved) }
        reserved = 0
    }

    // MARK: Output and time

    private func write(
        _ context: ChannelHandlerContext, _ buffer: ByteBuffer, thenClose reason: ConnectionState.CloseReason? = nil
    ) {
        let now = NIODeadline.now()
        guard reason == nil else { return write(context, buffer, at: now) { self.close(context, reason ?? .done) } }
        // Nearly always the socket takes it all at once, so that being told of it is not worth its price, which is a
        // tenth of a request's: `tick` looks for what was not taken.
        state.wrote(at: now)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    /// Writes and is told when the socket has taken it.
    ///
    /// - Parameter now: the time; nil to count from the last write.
    private func write(
        _ context: ChannelHandlerContext, _ buffer: ByteBuffer, at now: NIODeadline?, then done: @escaping () -> Void
    ) {
        state.writeBegan(at: now)
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { _ in
            self.state.writeEnded(at: .now())
            done()
        }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: promise)
    }

    /// Sees to it that what the socket has not taken is waited for, and not forever.
    private func watchHeldBack(_ context: ChannelHandlerContext) {
        guard !state.awaitsWrites, hasUnsentAnswer(context) else { return }
        // A write of nothing is done after all that was written before it.
        write(context, ByteBuffer(), at: nil) {}
    }

    private func hasUnsentAnswer(_ context: ChannelHandlerContext) -> Bool {
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)).map { $0 > 0 } ?? false
    }

    private func close(_ context: ChannelHandlerContext, _ reason: ConnectionState.CloseReason) {
        if closeReason == nil { closeReason = reason }
        state.closed()
        context.close(promise: nil)
    }

    /// Looks at the clock, and again when something could be due. The timer never sleeps longer than the shortest
    /// limit, so that a phase that begins meanwhile needs no timer of its own.
    private func tick(_ context: ChannelHandlerContext) {
        timer?.cancel()
        watchHeldBack(context)
        switch state.tick(at: .now()) {
        case .close(let reason):
            if reason == .requestTimeout, state.mayRefuse {
                refuse(context, .refusal(408, "the request took too long"))
            } else {
                close(context, reason)
            }
        case .wait(let deadline):
            guard context.channel.isActive || closeReason == nil else { return }
            timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.tick(context) }
        }
    }
}
