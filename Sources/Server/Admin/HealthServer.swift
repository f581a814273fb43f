import Logging
import NIOCore
import NIOPosix
import Synchronization

/// `/healthz`, `/readyz` and `/metrics` of a process that serves nothing else. Plain HTTP.
package final class HealthServer: Sendable {
    /// What is told.
    package struct Answers: Sendable {
        /// Whether `/readyz` is 200.
        package var isReady: @Sendable () -> Bool
        /// What `/readyz` says beside that, a line each.
        package var details: @Sendable () -> [String]
        /// Metrics in Prometheus' text format.
        package var metrics: @Sendable () -> String

        package init(
            isReady: @escaping @Sendable () -> Bool, details: @escaping @Sendable () -> [String],
            metrics: @escaping @Sendable () -> String
        ) {
            self.isReady = isReady
            self.details = details
            self.metrics = metrics
        }
    }

    private let group: MultiThreadedEventLoopGroup
    private let pool: NIOThreadPool
    private let channel: any Channel

    /// Opens the listener.
    package init(listen address: ServerConfiguration.Address, answers: Answers, log: ServerLog) throws(ServerFailure) {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        var limits = ServerConfiguration(rules: "", tls: .off).connectionLimits
        limits.body = 0
        let context = ListenerContext(
            endpoint: HealthEndpoint(answers: answers), limits: limits,
            ledger: ConnectionLedger(connectionLimit: 100, byteLimit: 1 << 20), largeBodies: pool, metrics: Metrics(),
            log: log, clock: DateClock(), isDraining: { false })
        do throws(ServerFailure) {
            channel = try Listener(context: context, limits: .init()).bind(address, of: "--admin-listen", group)
        } catch {
            try? group.syncShutdownGracefully()
            try? pool.syncShutdownGracefully()
            throw error
        }
        log.log(.notice, "listening", ["admin": channel.localAddress?.plain ?? ""])
    }

    /// The port.
    package var port: Int? { channel.localAddress?.port }

    /// Closes the listener.
    package func stop() {
        try? channel.close().wait()
        try? group.syncShutdownGracefully()
        try? pool.syncShutdownGracefully()
    }
}

private struct HealthEndpoint: Endpoint {
    let answers: HealthServer.Answers
    private let startTime = DateClock.now

    init(answers: HealthServer.Answers) {
        self.answers = answers
    }

    func refusal(of head: RequestHead, from source: String) -> Answer? {
        guard ["/healthz", "/readyz", "/metrics"].contains(head.path) else {
            return .refusal(404, "there are /healthz, /readyz and /metrics")
        }
        return AdminEndpoint.refusalOfMethod(head)
    }

    func reply(to head: RequestHead, body: [UInt8], from source: String, on loop: any EventLoop) -> Reply {
        .now(answer(head))
    }

    private func answer(_ head: RequestHead) -> Answer {
        switch head.path {
        case "/healthz": return .text("ok\n")
        case "/readyz":
            let isReady = answers.isReady()
            let lines = [isReady ? "ok" : "not ready"] + answers.details()
            return .lines(lines, status: isReady ? 200 : 503)
        default:
            return .metrics(answers.metrics() + Metrics.processText(startedAt: startTime))
        }
    }
}
