import NIOCore

/// A histogram as Prometheus has it, with buckets from microseconds to seconds.
struct Histogram: Sendable {
    /// The upper bounds in nanoseconds.
    static let bounds: [Int64] = [
        1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000,
        10_000_000, 50_000_000, 100_000_000, 500_000_000, 1_000_000_000, 10_000_000_000,
    ]
    /// The same as Prometheus writes them, in seconds.
    static let labels = [
        "1e-06", "2e-06", "5e-06", "1e-05", "2e-05", "5e-05", "0.0001", "0.0002", "0.0005", "0.001", "0.002", "0.005",
        "0.01", "0.05", "0.1", "0.5", "1", "10",
    ]

    private(set) var counts = [Int](repeating: 0, count: Histogram.bounds.count + 1)
    private(set) var nanoseconds: Int64 = 0

    mutating func record(_ duration: TimeAmount) {
        let value = max(0, duration.nanoseconds)
        counts[Self.bounds.firstIndex { value <= $0 } ?? Self.bounds.count] += 1
        nanoseconds &+= value
    }
}
