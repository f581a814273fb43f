import Synchronization

/// Whether the server takes reviews. It latches: once ready, only the end of the server or a dead listener makes it
/// not ready, so that one bad edit never takes all replicas out of the Service.
final class Readiness: Sendable {
    private struct State {
        var wasReady = false
        var isDraining = false
        var isDead = false
    }

    private let state = Mutex(State())

    /// Whether reviews are taken; `hasRules` and `hasCertificate` count until they once were both true.
    func isReady(hasRules: Bool, hasCertificate: Bool) -> Bool {
        state.withLock { state in
            if hasRules, hasCertificate { state.wasReady = true }
            return state.wasReady && !state.isDraining && !state.isDead
        }
    }

    func drain() { state.withLock { $0.isDraining = true } }
    func listenerDied() { state.withLock { $0.isDead = true } }
    var isDraining: Bool { state.withLock { $0.isDraining } }
    var isAlive: Bool { state.withLock { !$0.isDead } }
}
