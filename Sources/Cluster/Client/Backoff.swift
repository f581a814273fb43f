/// How long to wait before another try: doubling from `first` to `limit`, and each time somewhere between half of it
/// and the whole, so that many clients do not come back at once.
package struct Backoff: Sendable, Equatable {
    /// Seconds.
    package let first: Double
    package let limit: Double
    /// Failures in a row.
    package private(set) var failures = 0

    package init(first: Double = 1, limit: Double = 60) {
        self.first = first
        self.limit = limit
    }

    /// Notes a failure.
    ///
    /// - Parameters:
    ///   - retryAfter: what the server asked for, which is the least; more than five minutes count as five.
    ///   - jitter: between 0 and 1.
    /// - Returns: seconds to wait.
    package mutating func failed(retryAfter: Double? = nil, jitter: Double = .random(in: 0...1)) -> Double {
        var delay = first
        for _ in 0..<min(failures, 30) where delay < limit { delay *= 2 }
        failures = min(failures + 1, 1_000_000)
        delay = min(delay, limit) * (0.5 + jitter / 2)
        return max(delay, min(max(0, retryAfter ?? 0), 300))
    }

    /// Notes a success: the next failure begins anew.
    package mutating func succeeded() { failures = 0 }
}
