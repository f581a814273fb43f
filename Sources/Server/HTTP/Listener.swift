#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif
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
    ///
    /// - Parameter option: what names the address on the command line.
    func bind(
        _ address: ServerConfiguration.Address, of option: String, _ group: MultiThreadedEventLoopGroup
    ) throws(ServerFailure) -> any Channel {
        do {
            return try open(address, group)
        } catch {
            throw ServerFailure(reason: "cannot listen on \(option) \(address): \(Self.words(error, address))")
        }
    }

    private static func words(_ error: any Error, _ address: ServerConfiguration.Address) -> String {
        if error is SocketAddressError || error is SocketAddressError.UnknownHost {
            return "no address is known for `\(address.host)`"
        }
        guard let error = error as? IOError else { return "\(error)" }
        switch error.errnoCode {
        case EADDRINUSE:
            return "address already in use by another process, or by the other listener; end that, or name another port"
        case EADDRNOTAVAIL:
            return "`\(address.host)` is no address of this machine; 0.0.0.0 stands for all of them"
        case EACCES: return "permission denied; ports from 1024 on are for everybody"
        default: return String(cString: strerror(error.errnoCode))
        }
    }

    private func open(_ address: ServerConfiguration.Address, _ group: MultiThreadedEventLoopGroup) throws
        -> any Channel
    {
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

    private func report(_ shortage: ConnectionLedger.Shortage, _ closed: String?, _ source: String) {
        context.metrics.shed(shortage == .places ? .connections : .source)
        if let closed {
            context.log.limited(
                .warning, "connections are short, one that waited for a request was closed for a new one",
                key: "connections", ["closed": closed, "for": source])
        } else {
            context.log.limited(
                .warning, "connections are short and all have a request in progress, a new one was turned away",
                key: "connections", ["source": source])
        }
    }

    private func initialize(_ channel: any Channel) throws {
        let source = channel.remoteAddress?.ipAddress ?? ""
        let admission = context.ledger.admit(channel, source: source)
        if let shortage = admission.shortage { report(shortage, admission.closed, source) }
        guard let activity = admission.activity else { throw ChannelError.eof }
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
            context, source: source, activity: activity,
            age: ServerConfiguration.time(limits.ageSeconds * Double.random(in: 0.8...1.2)),
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

extension SocketAddress {
    /// As it stands in a URL: `127.0.0.1:8443`, `[::1]:8443`.
    var plain: String { "\(ServerConfiguration.Address(host: ipAddress ?? "", port: port ?? 0))" }
}
