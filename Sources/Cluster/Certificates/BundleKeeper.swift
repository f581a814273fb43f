/// Decides when the `caBundle` of one webhook configuration is written, and when not, because somebody else writes it
/// too.
struct BundleKeeper: Sendable {
    /// What a configuration holds.
    enum Found: Equatable {
        /// What it should.
        case right
        /// Something else.
        case wrong
    }

    /// What to do.
    enum Action: Equatable {
        case keep
        case write
        /// Somebody keeps overwriting it: not now.
        case wait
    }

    /// So many overwrites in a row are a fight.
    static let patience = 3
    /// Seconds without an overwrite after which a fight is over.
    static let peace = 900.0
    /// Seconds that the wait in a fight begins with and grows to.
    static let firstWait = 10.0
    static let longestWait = 300.0

    /// What was last written here; nil before.
    private var written: String?
    private var overwritten: [Double] = []
    private var mayWriteAt = 0.0
    /// Whether the last look found what was written.
    private var isSettled = false

    /// How often somebody else replaced what was written here.
    private(set) var overwrites = 0
    /// How often writing was put off because of that.
    private(set) var fights = 0

    /// - Parameters:
    ///   - wanted: the bundle that should be there.
    ///   - now: seconds, by a clock that does not jump.
    mutating func decide(_ found: Found, wanted: String, now: Double) -> Action {
        if found == .right {
            written = wanted
            isSettled = true
            if let last = overwritten.last, now - last > Self.peace { overwritten = [] }
            return .keep
        }
        if written == wanted, isSettled {
            isSettled = false
            overwrites += 1
            overwritten = overwritten.filter { now - $0 <= Self.peace } + [now]
            if overwritten.count > Self.patience {
                fights += 1
                var wait = Self.firstWait
                for _ in 0..<min(10, overwritten.count - Self.patience - 1) { wait = min(wait * 2, Self.longestWait) }
                mayWriteAt = now + wait
            }
        }
        return now < mayWriteAt ? .wait : .write
    }

    /// Notes that it was written.
    mutating func wrote(_ bundle: String) {
        written = bundle
        isSettled = true
    }

    /// Whether somebody is fighting over it.
    func isFighting(at now: Double) -> Bool { now < mayWriteAt }
}
