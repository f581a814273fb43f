/// Decides when a replica issues itself a serving certificate: a pure function of what is seen.
struct LeafPlan {
    /// What to do.
    enum Action: Equatable {
        case keep
        case issue
    }

    let timing: CertificateTiming

    /// - Parameters:
    ///   - leaf: what is served now.
    ///   - state: what the Secret held when it was last read.
    ///   - now: seconds since 1970.
    func decide(_ leaf: CertificateAuthority.Leaf?, _ state: AuthorityState, now: Double) -> Action {
        // A clock that jumps makes a certificate one of the future, or one of the past.
        guard let leaf, leaf.notBefore <= now, now < leaf.notAfter else { return .issue }
        if leaf.issuer != state.issuing.trusted.keyIdentifier {
            // The usual successor was trusted everywhere before it issued. One that was made because the Secret was
            // lost was not: what is served goes on for as long as every API server may need.
            let isTrusted = state.bundle.contains { $0.keyIdentifier == leaf.issuer }
            let isYoung = now < state.issuing.madeAt + timing.propagation
            return isTrusted && isYoung ? .keep : .issue
        }
        // A leaf is cut where its authority ends: another of the same one would end there too.
        let life = leaf.notAfter - (leaf.notBefore + CertificateAuthority.backdating)
        let isDue = now >= leaf.notAfter - max(life, 0) / 3
        return isDue && leaf.notAfter < state.issuing.trusted.notAfter ? .issue : .keep
    }
}
