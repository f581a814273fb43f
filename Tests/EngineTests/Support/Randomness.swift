import Foundation

/// SplitMix64: small, quick, and the same everywhere for one seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

    mutating func pick<T>(_ values: [T]) -> T {
        values[Int.random(in: 0..<values.count, using: &self)]
    }
}

/// The seed of this run: `RULED_TEST_SEED`, or 1, so that a run can be repeated. `RULED_TEST_SEED=random` tries
/// another one each time. It is printed either way.
func testSeed(_ test: String) -> UInt64 {
    let wanted = ProcessInfo.processInfo.environment["RULED_TEST_SEED"] ?? "1"
    let seed = wanted == "random" ? UInt64.random(in: 0..<1_000_000) : UInt64(wanted) ?? 1
    print("\(test): RULED_TEST_SEED=\(seed)")
    return seed
}

/// How many rule sets a suite goes through: `RULED_TEST_ROUNDS`, or what a debug build does in some seconds.
func testRounds(_ usual: Int) -> Int {
    ProcessInfo.processInfo.environment["RULED_TEST_ROUNDS"].flatMap(Int.init) ?? usual
}
