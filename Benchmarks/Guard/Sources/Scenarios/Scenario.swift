/// One thing that is measured: what it needs, made beforehand, and what is run.
public struct Scenario: Sendable {
    /// The name, as on command lines and in `thresholds.json`.
    public let name: String
    /// What one iteration does, for people.
    public let summary: String
    /// How often the guard runs it, which counts instead of measuring time.
    public let countedIterations: Int
    /// Makes what is measured, which is nothing of the measurement, and gives one iteration of it. What an iteration
    /// returns depends on its result, so that no compiler leaves it out.
    public let prepare: @Sendable () -> @Sendable () -> Int

    init(
        _ name: String, _ summary: String, countedIterations: Int = 10,
        prepare: @escaping @Sendable () -> @Sendable () -> Int
    ) {
        self.name = name
        self.summary = summary
        self.countedIterations = countedIterations
        self.prepare = prepare
    }

    /// Every scenario, the lightest of a kind first.
    public static let all: [Scenario] = references + decisions + reviews + loads

    /// The scenario of a name.
    public static func named(_ name: String) -> Scenario? { all.first { $0.name == name } }
}
