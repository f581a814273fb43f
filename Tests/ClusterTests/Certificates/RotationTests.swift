import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Server
import SwiftASN1
import Testing
@_spi(FixedExpiryValidationTime) import X509

@testable import Cluster

/// A hundred rotations.
@Suite(.ownThreads) struct RotationTests {
    /// An API server: what it knows of the bundle, later than it is written, and by a clock of its own.
    private struct Client {
        /// Seconds until it learns of a change.
        let lag: Double
        /// Seconds that its clock is ahead.
        let skew: Double
        private var seen: [(time: Double, bundle: String, roots: [Certificate])] = []

        init(lag: Double, skew: Double) {
            self.lag = lag
            self.skew = skew
        }

        mutating func see(_ bundle: String, at now: Double) {
            if seen.last?.bundle != bundle {
                let roots = (try? PEMDocument.parseMultiple(pemString: bundle)) ?? []
                seen.append((now, bundle, roots.compactMap { try? Certificate(pemDocument: $0) }))
            }
            while seen.count > 1, seen[1].time + lag <= now { seen.removeFirst() }
        }

        func accepts(_ leaf: Certificate, at now: Double) async -> Bool {
            var verifier = Verifier(rootCertificates: CertificateStore(seen.first?.roots ?? [])) {
                RFC5280Policy(fixedExpiryValidationTime: Date(timeIntervalSince1970: now + skew))
                ServerIdentityPolicy(serverHostname: "ruled.ruled.svc", serverIP: nil)
            }
            if case .validCertificate = await verifier.validate(leaf: leaf, intermediates: CertificateStore()) {
                return true
            }
            return false
        }
    }

    @Test(
        "in a hundred rotations no API server ever refuses a replica, however late it learns, whatever its clock says")
    func hundredRotations() async throws {
        let release = try Release()
        let manager = try release.manager()
        try await manager.look()
        let replicas = try (0..<3).map { _ in try release.replica() }
        for replica in replicas { try await replica.issuer.look() }
        var clients = [Client(lag: 0, skew: 0), .init(lag: 200, skew: 1_500), .init(lag: 299, skew: -3_000)]
        let first = try #require(release.state?.issuing)
        for index in clients.indices { clients[index].see(release.state?.bundlePEM ?? "", at: release.clock.now - 400) }
        let timing = release.timing
        // Around a change minutes count, later hours do, and then nothing happens until the next.
        let steps = Array(repeating: 100.0, count: 5) + [9_000, 36_000, 45_000, 100, 400]
        var refused: [String] = []
        for rotation in 0..<100 {
            release.clock.advance(timing.authorityAge)
            for (number, step) in steps.enumerated() {
                for (index, replica) in replicas.enumerated() {
                    // In some rotations a replica cannot reach the API server for more than a quarter of a day.
                    let isCutOff = rotation % 5 == index && (4...7).contains(number)
                    if !isCutOff { try await replica.issuer.look() }
                }
                try await manager.look()
                let bundle = try #require(release.bundle(.mutating))
                for index in clients.indices { clients[index].see(bundle, at: release.clock.now) }
                for (index, replica) in replicas.enumerated() {
                    guard let leaf = replica.leaf.value else { continue }
                    for client in clients where await !client.accepts(leaf, at: release.clock.now) {
                        refused.append("rotation \(rotation), step \(number), replica \(index), lag \(client.lag)")
                    }
                }
                release.clock.advance(step)
            }
        }
        #expect(refused == [])
        #expect(manager.metricsText().contains("ruled_ca_rotations_total 100\n"))
        #expect(manager.metricsText().contains("ruled_ca_bundle_overwrites_total 0\n"))
        #expect(release.state?.bundle.count == 1)
        #expect(release.state?.issuing != first)
    }

    @Test("in a hundred rotations under load no TLS handshake fails")
    func underLoad() async throws {
        let release = try Release(now: Date().timeIntervalSince1970)
        // Times that fit into the hour by which certificates are backdated: TLS goes by the real clock.
        release.timing.authorityAge = 25
        release.timing.propagation = 0.001
        release.timing.retirement = 0
        let manager = try release.manager()
        try await manager.look()
        let replicas = try (0..<3).map { _ in try release.replica() }
        for replica in replicas { try await replica.issuer.look() }
        let servers = try replicas.map { try Self.serve($0.certificate) }
        defer { for server in servers { server.stop() } }
        let load = Load(ports: servers.compactMap(\.port), bundle: try #require(release.bundle(.mutating)))
        let clients = (0..<3).map { number in clusterTask { await load.run(number) } }
        func everyClientLearns() async throws {
            let bundle = try #require(release.bundle(.mutating))
            for number in 0..<3 { load.trust(bundle, number) }
            #expect(await load.progress())
        }
        for _ in 0..<100 {
            release.clock.advance(28)
            // The successor is made, and written to the webhooks.
            try await manager.look()
            try await everyClientLearns()
            try await manager.look()
            release.clock.advance(1)
            // It issues; the replicas follow one by one.
            try await manager.look()
            for replica in replicas {
                try await replica.issuer.look()
            }
            try await everyClientLearns()
            try await manager.look()
            release.clock.advance(1)
            // The old CA goes.
            try await manager.look()
            try await everyClientLearns()
        }
        load.stop()
        for client in clients { await client.value }
        #expect(load.failures == [])
        #expect(load.handshakes > 1_500)
        #expect(manager.metricsText().contains("ruled_ca_rotations_total 100\n"))
    }

    private static func serve(_ certificate: IssuedCertificate) throws -> WebhookServer {
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        var configuration = ServerConfiguration(rules: package.appending(path: "rules").path, tls: .issued(certificate))
        configuration.listen = .init(host: "127.0.0.1", port: 0)
        configuration.adminListen = .init(host: "127.0.0.1", port: 0)
        configuration.drainSeconds = 0
        configuration.threads = 1
        let server = WebhookServer(configuration: configuration, log: Lines().log)
        try server.start()
        return server
    }

    /// Clients that do one TLS handshake after another.
    ///
    /// Unchecked: what changes is behind the lock.
    private final class Load: @unchecked Sendable {
        private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        private let lock = NSLock()
        private let ports: [Int]
        private var contexts: [NIOSSLContext?] = []
        private var rounds = [0, 0, 0]
        private var done = false
        private var count = 0
        private var errors: [String] = []

        init(ports: [Int], bundle: String) {
            self.ports = ports
            contexts = (0..<3).map { _ in Self.context(bundle) }
        }

        private static func context(_ bundle: String) -> NIOSSLContext? {
            var configuration = TLSConfiguration.makeClientConfiguration()
            let roots = try? NIOSSLCertificate.fromPEMBytes(Array(bundle.utf8))
            configuration.trustRoots = .certificates(roots ?? [])
            return try? NIOSSLContext(configuration: configuration)
        }

        var failures: [String] { lock.withLock { errors } }
        var handshakes: Int { lock.withLock { count } }
        func stop() { lock.withLock { done = true } }
        func trust(_ bundle: String, _ client: Int) {
            let context = Self.context(bundle)
            lock.withLock { contexts[client] = context }
        }

        /// Waits until each client has begun and ended a handshake.
        func progress() async -> Bool {
            let before = lock.withLock { rounds }
            return await eventually { self.lock.withLock { zip(self.rounds, before).allSatisfy { $0 >= $1 + 2 } } }
        }

        func run(_ client: Int) async {
            while !lock.withLock({ done }) {
                guard let context = lock.withLock({ contexts[client] }) else { return }
                do {
                    try await Self.handshake(context, ports[(rounds(of: client) + client) % ports.count])
                    lock.withLock { count += 1 }
                } catch {
                    lock.withLock { errors.append("\(error)") }
                }
                lock.withLock { rounds[client] += 1 }
            }
        }

        private func rounds(of client: Int) -> Int { lock.withLock { rounds[client] } }

        private static func handshake(_ context: NIOSSLContext, _ port: Int) async throws {
            let promise = group.next().makePromise(of: Void.self)
            let channel = try await ClientBootstrap(group: group)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandlers([
                            NIOSSLClientHandler(context: context, serverHostname: "ruled.ruled.svc"),
                            HandshakeObserver(promise),
                        ])
                    }
                }
                .connect(host: "127.0.0.1", port: port).get()
            defer { channel.close(promise: nil) }
            try await promise.futureResult.get()
        }
    }

    private final class HandshakeObserver: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private var promise: EventLoopPromise<Void>?

        init(_ promise: EventLoopPromise<Void>) {
            self.promise = promise
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case TLSUserEvent.handshakeCompleted = event { finish(nil) }
        }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { finish(error) }
        func channelInactive(context: ChannelHandlerContext) { finish(ChannelError.eof) }

        private func finish(_ error: (any Error)?) {
            guard let promise else { return }
            self.promise = nil
            if let error { promise.fail(error) } else { promise.succeed() }
        }
    }
}
