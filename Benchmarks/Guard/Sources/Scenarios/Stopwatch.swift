/// Measures the time of something that is done over and over.
public enum Stopwatch {
    /// The median time of one iteration, in nanoseconds: over batches of about ten milliseconds, for as long as asked.
    ///
    /// - Parameters:
    ///   - seconds: for how long; at least three batches are run.
    ///   - iteration: what is measured. What it returns is added up, so that no compiler leaves it out.
    public static func nanoseconds(for seconds: Double, _ iteration: () -> Int) -> Double {
        let clock = ContinuousClock()
        var sum = iteration()
        var size = 1
        func batch() -> Double {
            let duration = clock.measure {
                for _ in 0..<size { sum &+= iteration() }
            }
            return duration / .nanoseconds(1)
        }
        var time = batch()
        while time < 10_000_000, size < 1 << 30 {
            size *= 2
            time = batch()
        }
        var times = [time / Double(size)]
        let end = clock.now + .seconds(seconds)
        while times.count < 3 || clock.now < end { times.append(batch() / Double(size)) }
        // Never so, and nothing that a compiler can know.
        if sum == .min { print(sum) }
        return times.sorted()[times.count / 2]
    }
}
