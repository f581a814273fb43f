import NIOCore
import Testing

@testable import Server

@Suite("The state of a connection")
struct ConnectionStateTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private static let limits = ConnectionState.Limits(
        handshake: .seconds(5), request: .seconds(10), idle: .seconds(100), answer: .seconds(8), body: 1_000,
        linger: .seconds(2))

    private func connection(encrypted: Bool = false, age: TimeAmount = .hours(1)) -> ConnectionState {
        ConnectionState(limits: Self.limits, now: Self.start, age: age, encrypted: encrypted)
    }

    /// `#expect` for calls that change the state.
    private func same<T: Equatable>(_ actual: T, _ expected: T, at location: SourceLocation = #_sourceLocation) {
        #expect(actual == expected, sourceLocation: location)
    }

    private func at(_ seconds: Int64) -> NIODeadline { Self.start + .seconds(seconds) }

    @Test("a handshake that is not done in time ends the connection")
    func handshake() {
        var state = connection(encrypted: true)
        #expect(state.tick(at: at(4)) == .wait(until: at(5)))
        #expect(state.tick(at: at(5)) == .close(.handshakeTimeout))
        state.handshakeCompleted(at: at(4))
        #expect(state.tick(at: at(6)) == .wait(until: at(8)))
    }

    @Test("a request has one deadline for head and body, whatever drips in")
    func request() {
        var state = connection()
        state.bytesArrived(at: at(1))
        for second in Int64(2)...5 { state.bytesArrived(at: at(second)) }
        same(state.receive(RequestHead(contentLength: 100), refusal: nil, at: at(6)), .receive)
        for _ in 7...10 { same(state.receiveBody(count: 1), .store) }
        #expect(state.tick(at: at(10)) == .wait(until: at(11)))
        #expect(state.tick(at: at(11)) == .close(.requestTimeout))
    }

    @Test("a connection that was used may idle longer than one that was not")
    func idle() {
        var state = connection()
        #expect(state.tick(at: at(10)) == .close(.idle))
        state = answeredOnce()
        #expect(state.tick(at: at(50)) == .wait(until: at(52)))
        #expect(state.tick(at: at(101)) == .close(.idle))
    }

    private func answeredOnce() -> ConnectionState {
        var state = connection()
        state.bytesArrived(at: at(1))
        same(state.receive(RequestHead(contentLength: 1), refusal: nil, at: at(1)), .receive)
        same(state.receiveBody(count: 1), .store)
        same(state.receiveEnd(), .decide)
        #expect(!state.wantsInput)
        #expect(!state.isLastAnswer(at: at(1)))
        same(state.answered(last: false, at: at(1)), false)
        return state
    }

    @Test("a body over the limit is refused by its length, or where it passes the limit")
    func body() {
        var state = connection()
        guard case .refuse(let answer) = state.receive(RequestHead(contentLength: 1_001), refusal: nil, at: at(1))
        else {
            Issue.record("not refused")
            return
        }
        #expect(answer.status == 413)
        state = connection()
        same(state.receive(RequestHead(transferEncoding: "chunked"), refusal: nil, at: at(1)), .receive)
        same(state.receiveBody(count: 1_000), .store)
        guard case .refuse(let late) = state.receiveBody(count: 1) else {
            Issue.record("not refused")
            return
        }
        #expect(late.status == 413)
        state.refused(at: at(2))
        same(state.receiveBody(count: 5_000), .ignore)
        #expect(state.tick(at: at(3)) == .wait(until: at(4)))
        #expect(state.tick(at: at(4)) == .close(.refused))
        same(state.receiveEnd(), .close(.refused))
    }

    @Test(
        "what is not HTTP/1 as this server takes it is refused",
        arguments: [
            (RequestHead(isSupportedVersion: false), 505), (RequestHead(transferEncoding: "gzip, chunked"), 400),
        ])
    func framing(head: RequestHead, status: Int) {
        var state = connection()
        guard case .refuse(let answer) = state.receive(head, refusal: nil, at: at(1)) else {
            Issue.record("not refused")
            return
        }
        #expect(answer.status == status)
    }

    @Test("an answer is the last one where the client, the age or the server's end say so")
    func lastAnswer() {
        var state = connection()
        _ = state.receive(RequestHead(isKeepAlive: false), refusal: nil, at: at(1))
        #expect(state.isLastAnswer(at: at(1)))
        state = connection(age: .seconds(60))
        _ = state.receive(RequestHead(), refusal: nil, at: at(1))
        #expect(!state.isLastAnswer(at: at(59)))
        #expect(state.isLastAnswer(at: at(60)))
        state = connection()
        _ = state.receive(RequestHead(), refusal: nil, at: at(1))
        state.quiesce(at: at(1))
        #expect(state.isLastAnswer(at: at(1)))
        _ = state.receiveEnd()
        same(state.answered(last: true, at: at(1)), true)
        #expect(!state.wantsInput)
    }

    @Test("where the server stops, an idle connection gets a moment for a request on its way")
    func quiescing() {
        var state = answeredOnce()
        state.quiesce(at: at(5))
        #expect(state.tick(at: at(5)) == .wait(until: at(6)))
        #expect(state.tick(at: at(6)) == .close(.shutdown))
        state.bytesArrived(at: at(5))
        #expect(state.tick(at: at(6)) == .wait(until: at(8)))
    }

    @Test("an answer that nobody takes ends the connection")
    func stall() {
        var state = answeredOnce()
        state.writeBegan(at: at(1))
        #expect(state.tick(at: at(8)) == .wait(until: at(10)))
        #expect(state.tick(at: at(9)) == .close(.answerStall))
        state.writeEnded(at: at(8))
        #expect(state.tick(at: at(9)) == .wait(until: at(11)))
    }

    @Test("an answer that is found not to be taken counts from when it was written")
    func stallFoundLater() {
        var state = answeredOnce()
        state.wrote(at: at(1))
        #expect(!state.awaitsWrites)
        state.writeBegan(at: nil)
        #expect(state.awaitsWrites)
        #expect(state.tick(at: at(8)) == .wait(until: at(10)))
        #expect(state.tick(at: at(9)) == .close(.answerStall))
        // What is written meanwhile is no progress.
        state.wrote(at: at(8))
        #expect(state.tick(at: at(9)) == .close(.answerStall))
        state.writeEnded(at: at(8))
        #expect(!state.awaitsWrites)
        #expect(state.tick(at: at(9)) == .wait(until: at(11)))
    }

    @Test("a second request that came with the first is taken after its answer")
    func pipelined() {
        var state = answeredOnce()
        same(state.receive(RequestHead(expectsContinue: true), refusal: nil, at: at(2)), .receiveAfterContinue)
        #expect(state.tick(at: at(12)) == .close(.requestTimeout))
    }
}
