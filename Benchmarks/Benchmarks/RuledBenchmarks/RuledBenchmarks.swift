import Benchmark
import Scenarios

/// The scenarios as benchmarks of time, for people: `swift package benchmark`.
let benchmarks: @Sendable () -> Void = {
    for scenario in Scenario.all {
        // What takes microseconds is run a thousand times for one sample.
        let isShort = scenario.countedIterations >= 10
        let configuration = Benchmark.Configuration(
            metrics: [.wallClock, .cpuTotal, .peakMemoryResident], scalingFactor: isShort ? .kilo : .one,
            maxDuration: .seconds(3), maxIterations: 10_000)
        Benchmark(scenario.name, configuration: configuration) { benchmark, iteration in
            for _ in benchmark.scaledIterations { blackHole(iteration()) }
        } setup: {
            scenario.prepare()
        }
    }
}
