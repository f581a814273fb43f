import Glibc
import Scenarios

/// Runs scenarios for `scripts/benchmark-guard` and `scripts/compare`.
@main
struct Measure {
    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch (arguments.first, arguments.count) {
        case ("list", 1):
            for scenario in Scenario.all { print(scenario.name, scenario.countedIterations, scenario.summary) }
        case ("count", 2):
            count(scenario(arguments[1]))
        case ("time", 3):
            guard let seconds = Double(arguments[2]) else { fail("`\(arguments[2])` is no number of seconds") }
            let iteration = scenario(arguments[1]).prepare()
            print(Stopwatch.nanoseconds(for: seconds, iteration))
        case ("once", 2):
            once(scenario(arguments[1]))
        case ("input", 2):
            guard let bytes = Scenario.reviewBytes(arguments[1]) else { fail("`\(arguments[1])` is about no review") }
            write(bytes, to: STDOUT_FILENO)
        default:
            fail(
                """
                measure list                   the scenarios: name, iterations that are counted, what is done
                measure count NAME             allocations of all its iterations, counted by Native/probe.c
                measure time NAME SECONDS      the median time of an iteration in nanoseconds
                measure once NAME              nanoseconds of the first iteration, and the most memory in KiB
                measure input NAME             the review that is answered
                """)
        }
    }

    /// Runs a scenario between the two calls that the probe counts between.
    private static func count(_ scenario: Scenario) {
        let iteration = scenario.prepare()
        // What is made once, on first use, is no cost of an iteration. A load that runs once is too large to show it.
        var sum = scenario.countedIterations > 1 ? iteration() &+ iteration() : 0
        guard let begin = dlsym(nil, "ruled_probe_begin"), let end = dlsym(nil, "ruled_probe_end") else {
            fail("Benchmarks/Guard/Native/probe.c is not preloaded: run scripts/benchmark-guard")
        }
        let beginProbe = unsafeBitCast(begin, to: (@convention(c) () -> Void).self)
        let endProbe = unsafeBitCast(end, to: (@convention(c) () -> CLong).self)
        beginProbe()
        for _ in 0..<scenario.countedIterations { sum &+= iteration() }
        let allocations = endProbe()
        print(allocations)
        if sum == .min { print(sum) }
    }

    /// Runs a scenario once, as a program that starts does.
    private static func once(_ scenario: Scenario) {
        let iteration = scenario.prepare()
        var result = 0
        let duration = ContinuousClock().measure { result = iteration() }
        if result == .min { print(result) }
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        print(Int(duration / .nanoseconds(1)), usage.ru_maxrss)
    }

    private static func scenario(_ name: String) -> Scenario {
        guard let scenario = Scenario.named(name) else {
            fail("there is no scenario `\(name)`; measure list names them")
        }
        return scenario
    }

    private static func fail(_ message: String) -> Never {
        write(Array((message + "\n").utf8), to: STDERR_FILENO)
        exit(2)
    }

    private static func write(_ bytes: [UInt8], to file: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { exit(2) }
            rest = rest.dropFirst(count)
        }
    }
}
