import Logging
import NIOCore
package import Server
import Synchronization

/// Keeps the CA's Secret and the `caBundle`s of the webhook configurations: `ruled certs manage`.
///
/// It looks at everything every few seconds, decides with `RotationPlan` and `BundleKeeper`, and writes under the
/// version that it read, so that any number of these do no harm to each other.
package final class CertificateManager: Sendable {
    /// What is found of a webhook configuration.
    enum BundleState: String, CaseIterable {
        case current, stale, missing
        /// Left to cert-manager, whose annotation stands.
        case certManager = "cert-manager"
        /// Left for a while to whoever keeps overwriting it.
        case contested
    }

    /// Clocks, for tests: seconds.
    package struct Clock: Sendable {
        package var wall: @Sendable () -> Double
        package var monotonic: @Sendable () -> Double

        package static let system = Clock(
            wall: { DateClock.now }, monotonic: { Double(NIODeadline.now().uptimeNanoseconds) / 1e9 })

        package init(wall: @escaping @Sendable () -> Double, monotonic: @escaping @Sendable () -> Double) {
            self.wall = wall
            self.monotonic = monotonic
        }
    }

    private struct Memory {
        var remembered: AuthorityState?
        var keepers: [WebhookConfiguration: BundleKeeper] = [:]
        /// The bundle that all webhooks hold, and since when.
        var steady: (bundle: String, since: Double)?
        var told: [String: String] = [:]
        var hasLooked = false
        var failure: APIFailure?
    }

    private let secret: AuthoritySecret
    private let configurations: [WebhookConfiguration]
    private let target: WebhookConfiguration.Target
    private let timing: CertificateTiming
    private let client: KubernetesClient
    private let log: ServerLog
    private let clock: Clock
    /// A field manager of this process alone.
    private let owner = "ruled-certs-" + String(UInt64.random(in: 0 ... .max), radix: 36)
    private let memory = Mutex(Memory())
    private let metrics = ManagerMetrics()

    /// Makes a manager that does nothing yet.
    package init(
        secret: AuthoritySecret, configurations: [WebhookConfiguration], service: String?, hosts: [String],
        client: KubernetesClient, log: ServerLog, timing: CertificateTiming = .init(), clock: Clock = .system
    ) {
        self.secret = secret
        self.configurations = configurations
        target = .init(namespace: secret.namespace, service: service, hosts: hosts)
        self.timing = timing
        self.client = client
        self.log = log
        self.clock = clock
    }

    /// Whether the cluster was once seen as it should be, or made so.
    package var isReady: Bool { memory.withLock { $0.hasLooked } }
    /// Why the last look failed; nil where it did not.
    package var problem: String? { memory.withLock { $0.failure?.message } }

    /// The metrics, in Prometheus' text format.
    package func metricsText() -> String {
        var out = PrometheusText()
        metrics.write(to: &out)
        client.requests.write(to: &out)
        return out.text
    }

    /// Looks again and again until the task is cancelled.
    package func run() async {
        var backoff = Backoff(first: timing.interval, limit: max(timing.interval, 60))
        while !Task.isCancelled {
            var pause = timing.interval
            do throws(APIFailure) {
                try await look()
                backoff.succeeded()
            } catch {
                if Task.isCancelled { return }
                if error.kind == .conflict {
                    // Another was faster: what it did is seen at the next look.
                    pause = .random(in: 0.05...0.5) * timing.interval
                    log.log(.info, "another was faster", ["reason": error.message])
                } else {
                    note(error)
                    pause = backoff.failed(retryAfter: error.retryAfter)
                }
            }
            try? await Task.sleep(for: .seconds(pause))
        }
    }

    /// Looks once at everything, and does what is due.
    func look() async throws(APIFailure) {
        let read = try await secret.read(client)
        var found: [WebhookConfiguration: WebhookConfiguration.Read] = [:]
        for configuration in configurations {
            found[configuration] = try await configuration.read(target, client)
        }
        let state = try await tend(read, found)
        try await keepBundles(state.bundlePEM, found)
        memory.withLock {
            $0.remembered = state
            $0.hasLooked = true
            if $0.failure != nil { log.log(.notice, "the cluster can be tended again") }
            $0.failure = nil
        }
        let now = clock.wall()
        metrics.state.withLock {
            $0.expiry = state.issuing.trusted.notAfter
            $0.lastSuccess = now
        }
    }

    // MARK: The Secret

    private func tend(
        _ read: AuthoritySecret.Read, _ found: [WebhookConfiguration: WebhookConfiguration.Read]
    ) async throws(APIFailure) -> AuthorityState {
        let monotonic = clock.monotonic()
        var seen = RotationPlan.Observation(now: clock.wall(), secret: read.secret, steady: 0)
        for (_, configuration) in found where configuration.injector == nil {
            for pem in configuration.bundles.values {
                seen.bundles += (TrustedCertificate.bundle(pem) ?? []).filter { !seen.bundles.contains($0) }
            }
        }
        memory.withLock { memory in
            seen.remembered = memory.remembered
            guard case .holds(let state) = read.secret else { return memory.steady = nil }
            let bundle = state.bundlePEM
            let isRight = found.values.allSatisfy { configuration in
                configuration.injector != nil || configuration.bundles.values.allSatisfy { $0 == bundle }
            }
            guard isRight else { return memory.steady = nil }
            if memory.steady?.bundle != bundle { memory.steady = (bundle, monotonic) }
            seen.steady = monotonic - (memory.steady?.since ?? monotonic)
        }
        let action: RotationPlan.Action
        do throws(AuthorityFailure) {
            action = try RotationPlan(timing: timing).decide(seen) { now throws(AuthorityFailure) in
                try CertificateAuthority(now: now, life: timing.authorityLife)
            }
        } catch {
            throw APIFailure(.malformed, error.reason)
        }
        switch action {
        case .keep:
            guard case .holds(let state) = read.secret else {
                throw APIFailure(.malformed, "the Secret cannot be used")
            }
            return state
        case .write(let state, let reason):
            if read.secret == .absent {
                try await secret.create(state, owner: owner, client)
            } else {
                try await secret.update(state, from: read.resourceVersion, client)
            }
            metrics.state.withLock { $0.writes[reason, default: 0] += 1 }
            tell(reason, state, read.secret)
            return state
        }
    }

    private func tell(_ reason: RotationPlan.Reason, _ state: AuthorityState, _ secret: RotationPlan.Secret) {
        var fields = [
            "secret": "\(self.secret.namespace)/\(self.secret.name)", "reason": reason.rawValue,
            "expires": DateClock.timestamp(state.issuing.trusted.notAfter),
            "trusted": "\(state.bundle.count)",
        ]
        if case .broken(let why) = secret { fields["found"] = why }
        let (level, text): (Logger.Level, String) =
            switch reason {
            case .created: (.notice, "a CA was made, there was none")
            case .restored: (.warning, "the CA's Secret was lost, what it held was written back")
            case .replaced: (.warning, "the CA's Secret could not be used, a new CA was made")
            case .expired: (.error, "the CA had expired, a new one was made")
            case .introduced: (.notice, "the next CA was made, it issues once every webhook holds it")
            case .promoted: (.notice, "the next CA issues now")
            case .retired: (.notice, "a CA that does not issue any more is not trusted any more")
            case .clock: (.warning, "the clock is behind what the Secret says, its time was set to now")
            }
        log.log(level, text, fields)
    }

    // MARK: The bundles

    private func keepBundles(
        _ bundle: String, _ found: [WebhookConfiguration: WebhookConfiguration.Read]
    ) async throws(APIFailure) {
        var states: [BundleState: Int] = [:]
        var failure: APIFailure?
        for configuration in configurations {
            do throws(APIFailure) {
                states[try await keep(configuration, bundle, found[configuration]), default: 0] += 1
            } catch {
                // The other one is written all the same.
                states[.stale, default: 0] += 1
                failure = failure ?? error
            }
        }
        let counted = states
        metrics.state.withLock { $0.bundles = counted }
        if let failure { throw failure }
    }

    private func keep(
        _ configuration: WebhookConfiguration, _ bundle: String, _ found: WebhookConfiguration.Read?
    ) async throws(APIFailure) -> BundleState {
        let fields = ["kind": configuration.kind.rawValue, "name": configuration.name]
        guard let found else {
            once(configuration, "there is no such webhook configuration yet", .warning, fields)
            return .missing
        }
        if let injector = found.injector {
            once(
                configuration, "cert-manager fills in the bundle, nothing is written", .notice,
                fields.merging(["annotation": injector]) { $1 })
            return .certManager
        }
        if found.bundles.isEmpty {
            once(
                configuration, "no webhook of this configuration calls the service", .warning,
                fields.merging(["service": "\(target.namespace)/\(target.service ?? "*")"]) { $1 })
            return .missing
        }
        let isRight = found.bundles.values.allSatisfy { $0 == bundle }
        let now = clock.monotonic()
        let (action, overwrites, fights) = memory.withLock { memory in
            var keeper = memory.keepers[configuration] ?? BundleKeeper()
            let before = keeper
            let action = keeper.decide(isRight ? .right : .wrong, wanted: bundle, now: now)
            memory.keepers[configuration] = keeper
            return (action, keeper.overwrites - before.overwrites, keeper.fights - before.fights)
        }
        metrics.state.withLock {
            $0.overwrites += overwrites
            $0.fights += fights
        }
        if overwrites > 0 {
            log.log(
                .warning,
                fights > 0
                    ? "somebody keeps replacing the bundle, it is left for a while"
                    : "somebody replaced the bundle",
                fields.merging(["last-writer": found.lastWriter ?? "unknown"]) { $1 })
        }
        switch action {
        case .keep:
            once(configuration, "the bundle is in place", .info, fields)
            return .current
        case .wait: return .contested
        case .write:
            try await configuration.write(bundle, to: found, client)
            memory.withLock { $0.keepers[configuration]?.wrote(bundle) }
            metrics.state.withLock { $0.patches += 1 }
            log.log(.notice, "the bundle was written", fields)
            return .current
        }
    }

    /// Logs what is found of a configuration, when it is not what was found before.
    private func once(
        _ configuration: WebhookConfiguration, _ message: String, _ level: Logger.Level, _ fields: LogFields
    ) {
        let key = "\(configuration.kind.rawValue)/\(configuration.name)"
        let isNew = memory.withLock { memory in
            defer { memory.told[key] = message }
            return memory.told[key] != message
        }
        if isNew { log.log(level, message, fields) }
    }

    private func note(_ failure: APIFailure) {
        metrics.state.withLock { $0.failures[failure.kind, default: 0] += 1 }
        let isNew = memory.withLock { memory in
            defer { memory.failure = failure }
            // What cannot be seen may be wrong: the time that a new CA was trusted begins again.
            memory.steady = nil
            return !failure.says(memory.failure)
        }
        guard isNew else { return }
        var fields = ["reason": failure.message]
        if failure.kind == .forbidden { fields["help"] = "give the manager's role the verb and resource named here" }
        log.log(.error, "the cluster cannot be tended", fields)
    }
}
