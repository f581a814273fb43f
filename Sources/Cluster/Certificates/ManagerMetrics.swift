import Server
import Synchronization

/// What the keeper of certificates counts.
final class ManagerMetrics: Sendable {
    struct State {
        var writes: [RotationPlan.Reason: Int] = [:]
        var patches = 0
        var overwrites = 0
        var fights = 0
        var failures: [APIFailure.Kind: Int] = [:]
        var bundles: [CertificateManager.BundleState: Int] = [:]
        var expiry: Double?
        var lastSuccess: Double?
    }

    let state = Mutex(State())

    func write(to out: inout PrometheusText) {
        let state = state.withLock { $0 }
        out.family("ruled_ca_secret_writes_total", .counter, "Writes of the CA's Secret, by reason.")
        for reason in RotationPlan.Reason.allCases {
            out.sample("ruled_ca_secret_writes_total", [("reason", reason.rawValue)], state.writes[reason] ?? 0)
        }
        out.single(
            "ruled_ca_rotations_total", .counter, "CAs that took over from another.", state.writes[.promoted] ?? 0)
        out.single("ruled_ca_bundle_patches_total", .counter, "Webhook configurations written.", state.patches)
        out.single(
            "ruled_ca_bundle_overwrites_total", .counter, "Bundles that somebody else replaced.", state.overwrites)
        out.single(
            "ruled_ca_bundle_fights_total", .counter,
            "Times that writing was put off, because somebody keeps replacing.",
            state.fights)
        out.family("ruled_ca_bundles", .gauge, "Webhook configurations, by what the last look found.")
        for found in CertificateManager.BundleState.allCases {
            out.sample("ruled_ca_bundles", [("state", found.rawValue)], state.bundles[found] ?? 0)
        }
        out.family("ruled_ca_failures_total", .counter, "Looks that failed, by why.")
        for (kind, count) in state.failures.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            out.sample("ruled_ca_failures_total", [("reason", kind.rawValue)], count)
        }
        if let expiry = state.expiry {
            out.single("ruled_ca_expiry_timestamp_seconds", .gauge, "When the issuing CA expires.", expiry)
        }
        if let time = state.lastSuccess {
            out.single(
                "ruled_ca_last_success_timestamp_seconds", .gauge, "When the cluster was last seen as it should be.",
                time)
        }
    }
}
