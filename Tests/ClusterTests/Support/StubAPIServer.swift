import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

@testable import Cluster

/// An API server on a free loopback port, in front of a `StubCluster`, that can be made to fail in all the ways that
/// real ones do.
///
/// Unchecked: what changes is behind the lock.
final class StubAPIServer: @unchecked Sendable {
    /// A request, as RBAC sees it.
    struct Call: Hashable, CustomStringConvertible {
        var identity: String
        var verb: String
        var resource: String
        var name: String
        var description: String { "\(identity): \(verb) \(resource)\(name.isEmpty ? "" : "/\(name)")" }
    }

    /// What goes wrong.
    enum Fault {
        case answer(StubCluster.Answer)
        /// The right answer, but so many seconds later.
        case slow(Double)
        /// The right answer, but the connection breaks in the middle of it.
        case cut
        /// The connection breaks without an answer.
        case hangUp
        /// No answer, ever.
        case silence
    }

    let cluster = StubCluster()
    let port: Int
    private let lock = NSLock()
    private let channel: any Channel
    private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    /// Who a bearer token stands for.
    private var tokens: [String: String] = [:]
    private var recorded: [Call] = []
    private var fault: (Call) -> Fault? = { _ in nil }
    private var watches: [any Channel] = []
    private var connections: [ObjectIdentifier: any Channel] = [:]
    private var isGone = false

    /// - Parameter tls: what new connections are encrypted with; nil for plain HTTP.
    init(tls: (@Sendable () throws -> NIOSSLContext)? = nil) throws {
        let box = Box()
        channel = try ServerBootstrap(group: Self.group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls()))
                    }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    guard let server = box.server, server.admit(channel) else { throw ChannelError.eof }
                    try channel.pipeline.syncOperations.addHandler(Handler(server))
                }
            }
            .bind(host: "127.0.0.1", port: 0).wait()
        port = channel.localAddress?.port ?? 0
        url = tls == nil ? "http://127.0.0.1:\(port)" : "https://localhost:\(port)"
        box.server = self
        cluster.whenNamespacesChange { [weak self] event in self?.send(event) }
    }

    deinit {
        channel.close(promise: nil)
    }

    private final class Box: @unchecked Sendable {
        weak var server: StubAPIServer?
    }

    // MARK: What a test does

    let url: String

    func client(tokenFile: String? = nil) throws -> KubernetesClient {
        try KubernetesClient(APIServer(url: url, tokenFile: tokenFile, authorityFile: nil))
    }

    /// The only tokens that are taken from now on, and who they stand for; none means that nobody is asked.
    func accept(_ tokens: [String: String]) { lock.withLock { self.tokens = tokens } }
    func fail(_ fault: @escaping (Call) -> Fault?) { lock.withLock { self.fault = fault } }
    /// Fails the next calls in this order, and none after.
    func failNext(_ faults: [Fault], where holds: @escaping (Call) -> Bool = { _ in true }) {
        var left = faults
        fail { holds($0) && !left.isEmpty ? left.removeFirst() : nil }
    }
    var calls: [Call] { lock.withLock { recorded } }
    var watchCount: Int { lock.withLock { watches.count } }

    /// Breaks the connections of all who watch.
    func cutWatches() {
        for channel in lock.withLock({
            defer { watches = [] }; return watches
        }) { channel.close(promise: nil) }
    }

    /// Breaks all connections, and takes none until it is brought back.
    func goAway() {
        for channel in lock.withLock({
            isGone = true; return Array(connections.values)
        }) { channel.close(promise: nil) }
    }
    /// Breaks all connections.
    func cutConnections() {
        for channel in lock.withLock({ Array(connections.values) }) { channel.close(promise: nil) }
    }
    func comeBack() { lock.withLock { isGone = false } }

    // MARK: Connections

    private func admit(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        channel.closeFuture.whenComplete { [weak self] _ in
            guard let self else { return }
            lock.withLock {
                connections[id] = nil
                watches.removeAll { $0 === channel }
            }
        }
        return lock.withLock {
            connections[id] = channel
            return !isGone
        }
    }

    private func send(_ event: StubCluster.Event) {
        for channel in lock.withLock({ watches }) { Self.write(event.line, channel) }
    }

    private static func write(_ bytes: [UInt8], _ channel: any Channel) {
        let part = HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: bytes)))
        channel.writeAndFlush(part, promise: nil)
    }

    // MARK: Requests

    fileprivate func take(_ head: HTTPRequestHead, _ body: [UInt8], _ channel: any Channel) {
        if lock.withLock({ isGone }) { return channel.close(promise: nil) }
        let components = URLComponents(string: head.uri)
        let path = components?.path ?? ""
        let query = Dictionary((components?.queryItems ?? []).map { ($0.name, $0.value ?? "") }) { $1 }
        let token = head.headers.first(name: "authorization").map { String($0.dropFirst(7)) } ?? ""
        let identity = lock.withLock { tokens.isEmpty ? "anyone" : tokens[token] }
        guard let identity else {
            return respond(StubCluster.status(401, "Unauthorized", "Unauthorized"), channel)
        }
        let pieces = path.split(separator: "/").map(String.init)
        let isCore = pieces.first == "api"
        var rest = Array(pieces.dropFirst(isCore ? 2 : 3))
        if rest.count > 2, rest[0] == "namespaces" { rest = Array(rest.dropFirst(2)) }
        let name = rest.count > 1 ? rest[1] : ""
        let isWatch = query["watch"] == "1"
        let verb = head.method == .PATCH ? "patch" : isWatch ? "watch" : name.isEmpty ? "list" : "get"
        let call = Call(identity: identity, verb: verb, resource: rest.first ?? "", name: name)
        let fault = lock.withLock {
            recorded.append(call)
            return self.fault(call)
        }
        if case .silence = fault { return }
        if case .hangUp = fault { return channel.close(promise: nil) }
        if case .answer(let answer) = fault { return respond(answer, channel) }
        if isWatch {
            if case .cut = fault { return channel.close(promise: nil) }
            return watch(since: Int(query["resourceVersion"] ?? "") ?? 0, channel)
        }
        let type = head.headers.first(name: "content-type") ?? ""
        // A create by server-side apply is asked of RBAC as create beside patch.
        if type == "application/apply-patch+yaml", cluster.object(path) == nil {
            lock.withLock {
                recorded.append(Call(identity: identity, verb: "create", resource: call.resource, name: name))
            }
        }
        let answer: StubCluster.Answer =
            switch verb {
            case "patch": cluster.patch(path, type: type, manager: query["fieldManager"] ?? "", body: body)
            case "list": cluster.listNamespaces(limit: Int(query["limit"] ?? "") ?? 500, after: query["continue"])
            default: cluster.get(path)
            }
        switch fault {
        case .slow(let seconds):
            channel.eventLoop.scheduleTask(in: .milliseconds(Int64(seconds * 1_000))) { self.respond(answer, channel) }
        case .cut: respond(answer, channel, bytes: answer.body.count / 2)
        default: respond(answer, channel)
        }
    }

    private func watch(since version: Int, _ channel: any Channel) {
        guard let events = cluster.events(since: version) else {
            let status: [String: Any] = ["kind": "Status", "code": 410, "reason": "Expired", "message": "too old"]
            let line = StubCluster.bytes(["type": "ERROR", "object": status] as [String: Any]) + [0x0a]
            return respond(StubCluster.Answer(body: line), channel)
        }
        let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["transfer-encoding": "chunked"])
        channel.writeAndFlush(HTTPServerResponsePart.head(head), promise: nil)
        for event in events { Self.write(event.line, channel) }
        lock.withLock { watches.append(channel) }
    }

    /// - Parameter bytes: how many of the body's bytes come before the connection breaks; nil for all, and no break.
    private func respond(_ answer: StubCluster.Answer, _ channel: any Channel, bytes: Int? = nil) {
        var headers = HTTPHeaders(answer.headers)
        headers.add(name: "content-type", value: "application/json")
        headers.add(name: "content-length", value: "\(answer.body.count)")
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: answer.status), headers: headers)
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        Self.write(Array(answer.body.prefix(bytes ?? .max)), channel)
        if bytes == nil {
            channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
        } else {
            channel.close(promise: nil)
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart
        private weak var server: StubAPIServer?
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []

        init(_ server: StubAPIServer) {
            self.server = server
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                self.head = head
                body = []
            case .body(let bytes): body += Array(bytes.readableBytesView)
            case .end:
                if let head { server?.take(head, body, context.channel) }
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
