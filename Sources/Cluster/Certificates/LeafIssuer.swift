import Logging
package import Server
import Synchronization

/// Issues the serving certificates of one replica, in memory, from the CA in the Secret: `serve --tls kubernetes`.
///
/// Without the API server it goes on with the CA that it last read.
package final class LeafIssuer: Sendable {
    private struct State {
        var authority: AuthorityState?
        var leaf: CertificateAuthority.Leaf?
        var failure: APIFailure?
        var issued = 0
        var readAt: Double?
    }

    private let secret: AuthoritySecret
    private let names: [String]
    private let certificate: IssuedCertificate
    private let timing: CertificateTiming
    private let client: KubernetesClient
    private let log: ServerLog
    private let now: @Sendable () -> Double
    private let state = Mutex(State())

    /// Makes an issuer that does nothing yet.
    ///
    /// - Parameters:
    ///   - service: the Service that the API server calls; the certificate is for `service.namespace.svc`.
    ///   - names: further DNS names and IP addresses.
    ///   - certificate: where what is issued is served.
    package init(
        secret: AuthoritySecret, service: String, names: [String], certificate: IssuedCertificate,
        client: KubernetesClient, log: ServerLog, timing: CertificateTiming = .init(),
        now: @escaping @Sendable () -> Double = { DateClock.now }
    ) {
        self.secret = secret
        self.names = ["\(service).\(secret.namespace).svc"] + names
        self.certificate = certificate
        self.timing = timing
        self.client = client
        self.log = log
        self.now = now
    }

    /// The metrics, in Prometheus' text format.
    package func metricsText() -> String {
        let state = state.withLock { $0 }
        var out = PrometheusText()
        out.single("ruled_leaf_issued_total", .counter, "Serving certificates this replica issued.", state.issued)
        if let authority = state.authority {
            out.single(
                "ruled_ca_expiry_timestamp_seconds", .gauge, "When the issuing CA expires.",
                authority.issuing.trusted.notAfter)
        }
        if let time = state.readAt {
            out.single("ruled_ca_read_timestamp_seconds", .gauge, "When the CA's Secret was last read.", time)
        }
        return out.text
    }

    /// Looks again and again until the task is cancelled.
    package func run() async {
        var backoff = Backoff(first: min(1, timing.replicaInterval), limit: 60)
        while !Task.isCancelled {
            var pause = timing.replicaInterval * .random(in: 0.8...1.2)
            do throws(APIFailure) {
                try await look()
                backoff.succeeded()
            } catch {
                if Task.isCancelled { return }
                refuse(error)
                pause = backoff.failed(retryAfter: error.retryAfter)
                // A start on an empty cluster: the manager makes the Secret within seconds.
                if error.kind == .notFound, state.withLock({ $0.leaf == nil }) { pause = min(pause, 2) }
            }
            try? await Task.sleep(for: .seconds(pause))
        }
    }

    /// Reads the Secret once, and issues what is due; without the Secret, with what is known.
    func look() async throws(APIFailure) {
        var failure: APIFailure?
        do throws(APIFailure) {
            let read = try await secret.read(client)
            switch read.secret {
            case .holds(let authority):
                let time = now()
                state.withLock {
                    $0.authority = authority
                    $0.readAt = time
                }
            case .absent:
                failure = APIFailure(
                    .notFound,
                    "there is no Secret \(secret.namespace)/\(secret.name) with the CA; "
                        + "`ruled certs manage` makes it")
            case .broken(let reason):
                failure = APIFailure(
                    .malformed, "the Secret \(secret.namespace)/\(secret.name) cannot be used: \(reason)")
            }
        } catch {
            failure = error
        }
        try issueIfDue()
        if let failure { throw failure }
        recover()
    }

    private func issueIfDue() throws(APIFailure) {
        let (authority, leaf) = state.withLock { ($0.authority, $0.leaf) }
        let time = now()
        guard let authority, LeafPlan(timing: timing).decide(leaf, authority, now: time) == .issue else { return }
        do {
            let issued = try authority.issuing.issue(names: names, now: time, life: timing.leafLife)
            try certificate.serve(chain: issued.chain, key: issued.key, now: time)
            state.withLock {
                $0.leaf = issued
                $0.issued += 1
            }
            log.log(
                .notice, "certificate is live",
                ["expires": DateClock.timestamp(issued.notAfter), "name": names.first ?? ""])
        } catch let failure as AuthorityFailure {
            throw APIFailure(.malformed, failure.reason)
        } catch let failure as CertificateFailure {
            throw APIFailure(.malformed, failure.reason)
        } catch {
            throw APIFailure(.malformed, "no certificate could be issued")
        }
    }

    private func refuse(_ failure: APIFailure) {
        let (isNew, hasLeaf) = state.withLock { state in
            defer { state.failure = failure }
            return (!failure.says(state.failure), state.leaf != nil)
        }
        certificate.report(failure.message)
        guard isNew else { return }
        log.log(
            hasLeaf ? .warning : .error,
            hasLeaf ? "the CA cannot be read, the last one stays" : "no certificate to serve yet",
            ["reason": failure.message])
    }

    private func recover() {
        let was = state.withLock { state in
            defer { state.failure = nil }
            return state.failure
        }
        certificate.report(nil)
        if was != nil { log.log(.notice, "the CA can be read again") }
    }
}
