/// When authorities come and go. Seconds.
package struct CertificateTiming: Sendable, Equatable {
    /// How long a new CA is valid.
    package var authorityLife = 365 * 86_400.0
    /// How old the issuing CA becomes before its successor is made.
    package var authorityAge = 240 * 86_400.0
    /// How long every webhook must have held a new CA before it issues: each API server learns of it by itself.
    package var propagation = 300.0
    /// How long a serving certificate is valid.
    package var leafLife = 86_400.0
    /// How long a CA that does not issue any more is still trusted: until what it issued has expired everywhere.
    package var retirement = 90_000.0
    /// How often the cluster is looked at by what keeps it right.
    package var interval = 5.0
    /// How often a replica looks at the Secret.
    package var replicaInterval = 15.0

    /// The defaults.
    package init() {}
}

/// Decides what becomes of the authorities: a pure function of what is seen.
struct RotationPlan {
    /// The Secret as it was read.
    enum Secret: Equatable {
        case absent
        /// It is there and cannot be used, and why.
        case broken(String)
        case holds(AuthorityState)
    }

    /// What is seen.
    struct Observation {
        /// Seconds since 1970.
        var now: Double
        var secret: Secret
        /// What this process last saw in the Secret, or wrote there.
        var remembered: AuthorityState?
        /// Since how many seconds, by a clock that does not jump, all webhooks hold what the Secret says.
        var steady: Double
        /// What the webhooks hold now: where the Secret is lost, replicas may still serve what these issued.
        var bundles: [TrustedCertificate] = []
    }

    /// Why something is written; also a label of a metric.
    enum Reason: String, CaseIterable {
        /// There was no Secret.
        case created
        /// The Secret was gone or broken, and what it held is known.
        case restored
        /// The Secret was broken, and what it held is not known.
        case replaced
        /// No CA in the Secret is valid now.
        case expired
        /// The successor was made; it does not issue yet.
        case introduced
        /// The successor issues.
        case promoted
        /// The CA that issued before is not trusted any more.
        case retired
        /// The clock is behind what the Secret says.
        case clock
    }

    /// What to do with the Secret.
    enum Action: Equatable {
        case keep
        case write(AuthorityState, Reason)
    }

    let timing: CertificateTiming

    /// - Parameter make: makes a new CA.
    func decide(
        _ seen: Observation, make: (_ now: Double) throws(AuthorityFailure) -> CertificateAuthority
    ) throws(AuthorityFailure) -> Action {
        switch seen.secret {
        case .absent, .broken:
            if let remembered = seen.remembered, remembered.issuing.isValid(at: seen.now) {
                return .write(remembered, .restored)
            }
            return .write(try fresh(seen, make), seen.secret == .absent ? .created : .replaced)
        case .holds(let state): return try tend(state, seen, make)
        }
    }

    /// A CA from nothing. What the webhooks trust now stays trusted for as long as it may be in use.
    private func fresh(
        _ seen: Observation, _ make: (Double) throws(AuthorityFailure) -> CertificateAuthority
    ) throws(AuthorityFailure) -> AuthorityState {
        var state = AuthorityState(issuing: try make(seen.now), issuingSince: seen.now)
        state.previous = Self.kept(seen.bundles, at: seen.now, beside: state)
        return state
    }

    private func tend(
        _ state: AuthorityState, _ seen: Observation,
        _ make: (Double) throws(AuthorityFailure) -> CertificateAuthority
    ) throws(AuthorityFailure) -> Action {
        let now = seen.now
        if now >= state.issuing.trusted.notAfter {
            if let next = state.next, next.isValid(at: now) { return .write(promoted(state, next, now), .promoted) }
            return .write(try fresh(seen, make), .expired)
        }
        if state.issuingSince > now + CertificateAuthority.backdating {
            var mended = state
            mended.issuingSince = now
            return .write(mended, .clock)
        }
        if let next = state.next {
            guard next.isValid(at: now) else {
                var mended = state
                mended.next = try make(now)
                return .write(mended, .introduced)
            }
            return seen.steady >= timing.propagation ? .write(promoted(state, next, now), .promoted) : .keep
        }
        let isOver = now >= state.issuingSince + timing.retirement && seen.steady >= timing.propagation
        let left = isOver ? [] : state.previous.filter { now < $0.notAfter }
        if left != state.previous {
            var changed = state
            changed.previous = left
            return .write(changed, .retired)
        }
        // A CA that is not valid yet was made while the clock was wrong: its successor comes the usual way.
        if now >= state.issuing.madeAt + timing.authorityAge || !state.issuing.isValid(at: now) {
            var changed = state
            changed.next = try make(now)
            return .write(changed, .introduced)
        }
        return .keep
    }

    private func promoted(_ state: AuthorityState, _ next: CertificateAuthority, _ now: Double) -> AuthorityState {
        var changed = AuthorityState(issuing: next, issuingSince: now)
        changed.previous = Self.kept([state.issuing.trusted] + state.previous, at: now, beside: changed)
        return changed
    }

    private static func kept(
        _ certificates: [TrustedCertificate], at now: Double, beside state: AuthorityState
    ) -> [TrustedCertificate] {
        var kept: [TrustedCertificate] = []
        for certificate in certificates
        where now < certificate.notAfter && certificate != state.issuing.trusted && !kept.contains(certificate) {
            kept.append(certificate)
        }
        return Array(kept.prefix(AuthorityState.previousLimit))
    }
}
