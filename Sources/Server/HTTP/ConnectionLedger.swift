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

    private struct Place {
        let channel: any Channel
        let source: String
        /// The order of arrival.
        let number: Int
        /// Whether it has brought a request.
        var isProven = false
    }

    private struct State {
        var places: [ObjectIdentifier: Place] = [:]
        var perSource: [String: Int] = [:]
        var arrivals = 0
        var bytes = 0
        var peakBytes = 0

        mutating func remove(_ id: ObjectIdentifier) {
            guard let place = places.removeValue(forKey: id) else { return }
            let left = perSource[place.source, default: 1] - 1
            perSource[place.source] = left > 0 ? left : nil
        }

        /// The connection that has waited longest without a request, of one source or of all.
        func oldestUnproven(of source: String?) -> (id: ObjectIdentifier, place: Place)? {
            var oldest: (id: ObjectIdentifier, place: Place)?
            for (id, place) in places where !place.isProven && (source == nil || place.source == source) {
                if let found = oldest, found.place.number < place.number { continue }
                oldest = (id, place)
            }
            return oldest
        }
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

    /// Takes a place for a connection. Where there is none, the connection that has waited longest without ever
    /// bringing a request makes room: whoever opens many and says nothing keeps nobody out.
    ///
    /// NAT merges many sources into one, so a source has a share (a quarter of all places) only once three quarters
    /// of them are taken.
    ///
    /// - Returns: whether the connection may stay, and whether another one had to go for it.
    func admit(_ channel: any Channel, source: String) -> (admission: Admission, evicted: Admission?) {
        let (result, victim) = state.withLock { state -> ((Admission, Admission?), (any Channel)?) in
            let count = state.places.count
            let isShort = count >= connectionLimit - connectionLimit / 4
            let overShare = isShort && state.perSource[source, default: 0] >= max(1, connectionLimit / 4)
            var victim: (any Channel)?
            var shortage: Admission?
            if overShare || count >= connectionLimit {
                shortage = overShare ? .sourceFull : .full
                guard let found = state.oldestUnproven(of: overShare ? source : nil) else {
                    return ((overShare ? .sourceFull : .full, nil), nil)
                }
                state.remove(found.id)
                victim = found.place.channel
            }
            state.arrivals += 1
            state.places[ObjectIdentifier(channel)] = Place(channel: channel, source: source, number: state.arrivals)
            state.perSource[source, default: 0] += 1
            return ((.admitted, shortage), victim)
        }
        victim?.close(promise: nil)
        return result
    }

    /// A connection brought a request.
    func prove(_ channel: any Channel) {
        state.withLock { $0.places[ObjectIdentifier(channel)]?.isProven = true }
    }

    /// Gives a connection's place back.
    func release(_ channel: any Channel) {
        state.withLock { $0.remove(ObjectIdentifier(channel)) }
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
    var connections: Int { state.withLock { $0.places.count } }
    /// The bytes of requests that are held.
    var bytes: Int { state.withLock { $0.bytes } }
    /// The most bytes that were ever held.
    var peakBytes: Int { state.withLock { $0.peakBytes } }
    /// All connections.
    var channels: [any Channel] { state.withLock { $0.places.values.map(\.channel) } }
}
