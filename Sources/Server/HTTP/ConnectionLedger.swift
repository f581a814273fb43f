import NIOCore
import Synchronization

/// Whether a connection waits for a request: its event loop says so, and whoever looks for room reads it.
final class ConnectionActivity: Sendable {
    private let hasBroughtRequest = Atomic<Bool>(false)
    /// In nanoseconds; 0 while a request is in progress, and before there was one.
    private let waitingSince = Atomic<UInt64>(0)

    /// Whether there ever was a request.
    var isProven: Bool { hasBroughtRequest.load(ordering: .relaxed) }
    /// When the connection began to wait for its next request; nil while one is in progress.
    var idleSince: NIODeadline? {
        let nanoseconds = waitingSince.load(ordering: .relaxed)
        return nanoseconds == 0 ? nil : .uptimeNanoseconds(nanoseconds)
    }

    func prove() { hasBroughtRequest.store(true, ordering: .relaxed) }
    func requestBegan() { waitingSince.store(0, ordering: .relaxed) }
    func requestEnded(at now: NIODeadline) { waitingSince.store(now.uptimeNanoseconds, ordering: .relaxed) }
}

/// The connections of a listener and the bytes they hold, and how many of each there may be.
final class ConnectionLedger: Sendable {
    /// What was short when a connection came.
    enum Shortage: Equatable {
        /// All places are taken.
        case places
        /// Places are short, and this source holds its share of them.
        case share
    }

    /// What became of a connection that came.
    struct Admission {
        /// What is to be told what the connection does; nil where it may not stay.
        let activity: ConnectionActivity?
        /// What was short; nil where nothing was.
        let shortage: Shortage?
        /// The source of the connection that was closed for it; nil where none was.
        let closed: String?
    }

    private struct Place {
        let channel: any Channel
        let source: String
        /// The order of arrival.
        let number: Int
        let activity = ConnectionActivity()

        /// How soon the connection goes where places are short, the least first; nil for one with a request in
        /// progress. Those that never brought a request go before those that did, and then the one that has waited
        /// longest.
        var turn: (Int, UInt64)? {
            guard activity.isProven else { return (0, UInt64(number)) }
            return activity.idleSince.map { (1, $0.uptimeNanoseconds) }
        }
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

        /// The connection that waits for a request and can go first, of one source or of all.
        func mostIdle(of source: String?) -> (id: ObjectIdentifier, place: Place)? {
            var found: (turn: (Int, UInt64), id: ObjectIdentifier, place: Place)?
            for (id, place) in places where source == nil || place.source == source {
                guard let turn = place.turn else { continue }
                if let found, found.turn <= turn { continue }
                found = (turn, id, place)
            }
            return found.map { ($0.id, $0.place) }
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

    /// Takes a place for a connection. Where there is none, one that has no request in progress makes room: whoever
    /// opens many connections keeps nobody out, whether they ever said something or not.
    ///
    /// NAT merges many sources into one, so a source has a share (a quarter of all places) only once three quarters
    /// of them are taken.
    func admit(_ channel: any Channel, source: String) -> Admission {
        let (result, victim) = state.withLock { state -> (Admission, Place?) in
            let count = state.places.count
            let isShort = count >= connectionLimit - connectionLimit / 4
            let overShare = isShort && state.perSource[source, default: 0] >= max(1, connectionLimit / 4)
            var victim: Place?
            var shortage: Shortage?
            if overShare || count >= connectionLimit {
                shortage = overShare ? .share : .places
                guard let found = state.mostIdle(of: overShare ? source : nil) else {
                    return (Admission(activity: nil, shortage: shortage, closed: nil), nil)
                }
                state.remove(found.id)
                victim = found.place
            }
            state.arrivals += 1
            let place = Place(channel: channel, source: source, number: state.arrivals)
            state.places[ObjectIdentifier(channel)] = place
            state.perSource[source, default: 0] += 1
            return (Admission(activity: place.activity, shortage: shortage, closed: victim?.source), victim)
        }
        if let victim {
            victim.channel.pipeline.fireUserInboundEventTriggered(EvictionEvent())
            // It may still be without handlers that know the event. One that was used has them, and closes by itself:
            // its next request may have begun to come meanwhile.
            if !victim.activity.isProven { victim.channel.close(promise: nil) }
        }
        return result
    }

    /// Gives a connection's place back.
    func release(_ channel: any Channel) {
        state.withLock { $0.remove(ObjectIdentifier(channel)) }
    }

    /// What large bodies may hold together. The rest is kept for small ones, which nearly all reviews have: whoever
    /// holds a few large bodies back keeps nobody else waiting.
    static func limitOfLargeBodies(of byteLimit: Int) -> Int { byteLimit - byteLimit / 4 }

    /// Takes bytes of the common budget for a body; false where it does not hold them.
    func reserve(bytes: Int, ofLargeBody isLarge: Bool) -> Bool {
        let limit = isLarge ? Self.limitOfLargeBodies(of: byteLimit) : byteLimit
        return state.withLock { state in
            guard bytes <= limit - state.bytes else { return false }
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
