import NIOCore
import Synchronization

/// The connections of a listener and the bytes they hold, and how many of each there may be.
final class ConnectionLedger: Sendable {
    /// Whether a connection may stay.
    enum Admission: Equatable {
        case admitted
        /// All places are taken.
        case full
        /// Places are short, and this source holds its share of them.
        case sourceFull
    }

    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var perSource: [String: Int] = [:]
        var bytes = 0
        var peakBytes = 0
    }

    /// The most connections at once.
    let connectionLimit: Int
    /// The most bytes of requests at once, over all connections.
    let byteLimit: Int
    private let state = Mutex(State())

    init(connectionLimit: Int, byteLimit: Int) {
        self.connectionLimit = connectionLimit
        self.byteLimit = byteLimit
    }

    /// Takes a place for a connection. NAT merges many sources into one, so a source has a share (a quarter of all
    /// places) only once three quarters of them are taken.
    func admit(_ channel: any Channel, source: String) -> Admission {
        state.withLock { state in
            let count = state.channels.count
            guard count < connectionLimit else { return .full }
            let held = state.perSource[source, default: 0]
            if count >= connectionLimit - connectionLimit / 4, held >= max(1, connectionLimit / 4) {
                return .sourceFull
            }
            state.channels[ObjectIdentifier(channel)] = channel
            state.perSource[source] = held + 1
            return .admitted
        }
    }

    /// Gives a connection's place back.
    func release(_ channel: any Channel, source: String) {
        state.withLock { state in
            guard state.channels.removeValue(forKey: ObjectIdentifier(channel)) != nil else { return }
            let left = state.perSource[source, default: 1] - 1
            state.perSource[source] = left > 0 ? left : nil
        }
    }

    /// Takes bytes of the common budget; false where it does not hold them.
    func reserve(bytes: Int) -> Bool {
        state.withLock { state in
            guard bytes <= byteLimit - state.bytes else { return false }
            state.bytes += bytes
            state.peakBytes = max(state.peakBytes, state.bytes)
            return true
        }
    }

    /// Gives bytes back.
    func release(bytes: Int) {
        state.withLock { $0.bytes -= bytes }
    }

    /// The number of connections.
    var connections: Int { state.withLock { $0.channels.count } }
    /// The bytes of requests that are held.
    var bytes: Int { state.withLock { $0.bytes } }
    /// The most bytes that were ever held.
    var peakBytes: Int { state.withLock { $0.peakBytes } }
    /// All connections.
    var channels: [any Channel] { state.withLock { Array($0.channels.values) } }
}
