import Dispatch
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Why the server cannot start, in words.
public struct ServerFailure: Error, Sendable, Equatable {
    /// What went wrong, in lower case.
    public let reason: String
}

/// The HTTPS admission webhook.
///
/// `start` opens the listeners, `stop` ends everything in order; `run` does both around a wait for a signal.
public final class WebhookServer: Sendable {
    /// Unchecked: Dispatch declares no source Sendable, though every source may be cancelled from anywhere.
    private struct Running: @unchecked Sendable {
        var group: MultiThreadedEventLoopGroup
        var largeBodies: NIOThreadPool
        var validation: ValidationEndpoint
        var webhook: any Channel
        var admin: any Channel
        var watcher: any DispatchSourceTimer
    }

    private let configuration: ServerConfiguration
    private let log: ServerLog
    let metrics = Metrics()
    private let readiness = Readiness()
    private let clock = DateClock()
    let ledger: ConnectionLedger
    private let adminLedger = ConnectionLedger(connectionLimit: 100, byteLimit: 1 << 20)
    private let rules: RuleReloader
    private let certificates: CertificateReloader?
    /// Files are read and rules are checked here, one after another.
    private let queue = DispatchQueue(label: "ruled.reload")
    private let running = Mutex<Running?>(nil)

    /// Makes a server that does nothing yet.
    public init(configuration: ServerConfiguration, log: ServerLog) {
        self.configuration = configuration
        self.log = log
        ledger = ConnectionLedger(
            connectionLimit: Self.connectionLimit(configuration.limits.connections),
            byteLimit: configuration.limits.bytesInFlight)
        rules = RuleReloader(
            path: configuration.rules, settings: configuration.settings, metrics: metrics, log: log,
            checkSeconds: configuration.checkSeconds, gate: NamespaceGate(configuration))
        if case .files(let files) = configuration.tls {
            certificates = CertificateReloader(files: files, metrics: metrics, log: log)
        } else {
            certificates = nil
        }
    }

    /// As many connections as are asked for and as there are file descriptors for.
    private static func connectionLimit(_ wanted: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return wanted }
        if limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            _ = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        return max(1, min(wanted, Int(clamping: limit.rlim_cur) - 200))
    }

    /// Opens the listeners. The first look at the rules is made before, so that a server with good files is ready
    /// once this returns; with bad ones it is up and not ready.
    public func start() throws(ServerFailure) {
        ProcessMemory.returnLargeBlocks()
        var fixed: ServingCertificate?
        if case .selfSigned(let names) = configuration.tls {
            do throws(CertificateFailure) {
                fixed = try ServingCertificate.selfSigned(names: names, now: DateClock.now)
            } catch {
                throw ServerFailure(reason: error.reason)
            }
        }
        queue.sync { look(immediately: true) }
        let status = ServerStatus(
            readiness: readiness, rules: rules, certificates: certificates, fixedCertificate: fixed,
            configuration: configuration, metrics: metrics, ledger: ledger)
        let threads = configuration.threads > 0 ? configuration.threads : System.coreCount
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        let largeBodies = NIOThreadPool(numberOfThreads: 1)
        largeBodies.start()
        let validation = ValidationEndpoint(
            configuration: configuration, metrics: metrics, log: log, rules: { [rules] in rules.live })
        do throws(ServerFailure) {
            var listener = Listener(context: webhookContext(largeBodies, validation), limits: configuration.limits)
            if configuration.tls != .off { listener.certificate = { status.certificate } }
            let webhook = try listener.bind(configuration.listen, of: "--listen", group)
            let admin = try Listener(context: adminContext(largeBodies, status), limits: configuration.limits)
                .bind(configuration.adminListen, of: "--admin-listen", group)
            webhook.closeFuture.whenComplete { _ in
                if !self.readiness.isDraining {
                    self.readiness.listenerDied()
                    self.log.log(.critical, "the listener is dead")
                }
            }
            let watcher = DispatchSource.makeTimerSource(queue: queue)
            let interval = max(0.01, configuration.reloadSeconds)
            watcher.schedule(deadline: .now() + interval, repeating: interval)
            watcher.setEventHandler { self.look(immediately: false) }
            watcher.resume()
            running.withLock {
                $0 = Running(
                    group: group, largeBodies: largeBodies, validation: validation, webhook: webhook, admin: admin,
                    watcher: watcher)
            }
            log.log(
                .notice, "listening",
                [
                    "address": webhook.localAddress?.plain ?? "",
                    "admin": admin.localAddress?.plain ?? "",
                    "tls": configuration.tls == .off ? "off" : "on",
                    "ready": "\(status.isReady)",
                ])
        } catch {
            try? group.syncShutdownGracefully()
            try? largeBodies.syncShutdownGracefully()
            validation.stop()
            throw error
        }
    }

    /// The port of the webhook's listener; nil before the start.
    public var port: Int? { running.withLock { $0?.webhook.localAddress?.port } }
    /// The port of the admin listener; nil before the start.
    public var adminPort: Int? { running.withLock { $0?.admin.localAddress?.port } }

    /// The hash of the rules that decide; nil where there are none.
    var liveHash: String? { rules.live?.hash }

    /// Whether the server is stopping.
    var isDraining: Bool { readiness.isDraining }

    /// Reads all files again now.
    public func reload() { queue.async { self.look(immediately: true) } }

    private func look(immediately: Bool) {
        rules.poll(immediately: immediately)
        certificates?.poll()
    }

    /// Stops in order: fails readiness, answers for the time to drain with each answer the last of its connection,
    /// closes the listener, waits for what is in flight, and ends.
    public func stop() {
        guard
            let running = running.withLock({ running in
                defer { running = nil }
                return running
            })
        else { return }
        readiness.drain()
        log.log(.notice, "draining", ["seconds": configuration.drainSeconds])
        if configuration.drainSeconds > 0 {
            Self.sleep(until: .now() + ServerConfiguration.time(configuration.drainSeconds))
        }
        running.watcher.cancel()
        try? running.webhook.close().wait()
        for channel in ledger.channels { channel.pipeline.fireUserInboundEventTriggered(QuiesceEvent()) }
        let grace = NIODeadline.now() + ServerConfiguration.time(configuration.limits.requestSeconds) + .seconds(1)
        while ledger.connections > 0, NIODeadline.now() < grace { usleep(5_000) }
        running.validation.stop()
        try? running.admin.close().wait()
        for channel in adminLedger.channels { channel.close(promise: nil) }
        try? running.group.syncShutdownGracefully()
        try? running.largeBodies.syncShutdownGracefully()
        log.log(.notice, "stopped")
        log.flush()
    }

    /// Sleeps on where a signal ends a sleep early, as SIGHUP does.
    private static func sleep(until deadline: NIODeadline) {
        while deadline > .now() {
            let left = (deadline - .now()).nanoseconds / 1_000 + 1
            usleep(UInt32(clamping: min(left, 500_000)))
        }
    }

    /// Runs until SIGTERM or SIGINT; SIGHUP reads all files again, a second SIGTERM or SIGINT ends at once.
    public func run() throws(ServerFailure) {
        let signals = EndSignals(hangUp: reload)
        try start()
        signals.wait()
        stop()
    }

    // MARK: Listeners

    private func webhookContext(
        _ largeBodies: NIOThreadPool, _ validation: ValidationEndpoint
    ) -> ListenerContext {
        let admission = AdmissionEndpoint(
            configuration: configuration, metrics: metrics, log: log, rules: { [rules] in rules.live })
        return ListenerContext(
            endpoint: Router(
                endpoints: [("/mutate", admission), ("/validate", validation)],
                notFound: "reviews are answered at /mutate, edits of the rules at /validate", metrics: metrics),
            limits: configuration.connectionLimits, ledger: ledger, largeBodies: largeBodies, metrics: metrics,
            log: log, clock: clock, isDraining: { [readiness] in readiness.isDraining })
    }

    private func adminContext(_ largeBodies: NIOThreadPool, _ status: ServerStatus) -> ListenerContext {
        var limits = configuration.connectionLimits
        limits.body = 0
        return ListenerContext(
            endpoint: AdminEndpoint(status: status, exposesRules: configuration.exposesRules), limits: limits,
            ledger: adminLedger, largeBodies: largeBodies, metrics: Metrics(), log: log, clock: clock,
            isDraining: { false })
    }
}
