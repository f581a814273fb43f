import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A listener: what its connections are made of.
struct Listener: Sendable {
    let context: ListenerContext
    let limits: ServerConfiguration.Limits
    /// What new connections are encrypted with; nil for plain HTTP.
    var certificate: (@Sendable () -> ServingCertificate?)?

    /// Opens the listener.
    func bind(_ address: ServerConfiguration.Address, _ group: MultiThreadedEventLoopGroup) throws -> any Channel {
        try ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try initialize(channel) }
            }
            .bind(host: address.host, port: address.port).wait()
    }

    private func initialize(_ channel: any Channel) throws {
        let source = channel.remoteAddress?.ipAddress ?? ""
        let (admission, evicted) = context.ledger.admit(channel, source: source)
        if let shortage = evicted ?? (admission == .admitted ? nil : admission) {
            context.metrics.shed(shortage == .full ? .connections : .source)
            context.log.limited(
                .warning, "connections are short, one was closed", key: "connections", ["source": source])
        }
        guard admission == .admitted else { throw ChannelError.eof }
        let ledger = context.ledger
        channel.closeFuture.whenComplete { _ in ledger.release(channel) }
        context.metrics.connectionAccepted()
        if let certificate {
            guard let live = certificate() else {
                context.metrics.shed(.certificate)
                throw ChannelError.eof
            }
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: live.context))
        }
        var headers = NIOHTTPDecoderLimitConfiguration()
        headers.maxHeaderFieldSize = limits.header
        headers.maxHeaderListSize = limits.header
        headers.maxHeaderFieldCount = 100
        let connection = ConnectionHandler(
            context, source: source, age: ServerConfiguration.time(limits.ageSeconds * Double.random(in: 0.8...1.2)),
            encrypted: certificate != nil)
        try channel.pipeline.syncOperations.addHandlers([
            ArrivalObserver(connection),
            ByteToMessageHandler(
                HTTPRequestDecoder(
                    leftOverBytesStrategy: .dropBytes, informationalResponseStrategy: .drop,
                    limitConfiguration: headers)),
            connection,
        ])
    }
}
