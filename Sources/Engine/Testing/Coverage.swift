/// How much of a rule set its tests reach: each action, each condition both ways, each `ignore` and each bypass prefix.
///
/// `ignore self` does not count: which image the webhook runs as is nothing that a test can give.
public struct Coverage: Sendable, Equatable {
    /// A pattern of a rule's action.
    public struct Action: Sendable, Equatable {
        /// The pattern, with `let` names put in.
        public let pattern: String
        /// The file that it stands in.
        public let file: String
        /// Its line, from 1.
        public let line: Int
        /// The number of expectations that it decided; of a rule that observes, that it would have decided.
        public internal(set) var expectations = 0
    }

    /// A condition of a rule; each requirement of a selector is one.
    public struct Condition: Sendable, Equatable {
        /// The condition as it is written.
        public let text: String
        /// The file that it stands in.
        public let file: String
        /// Its line, from 1.
        public let line: Int
        /// Whether there are images of the rule's patterns for which it does not hold.
        public let canFail: Bool
        /// The number of expectations for which it held.
        public internal(set) var holding = 0
        /// The number of expectations for which it did not hold.
        public internal(set) var failing = 0
    }

    /// A rule.
    public struct Rule: Sendable, Equatable {
        /// The name.
        public let name: String
        /// The file that it stands in.
        public let file: String
        /// The line of its name, from 1.
        public let line: Int
        /// Its actions, one a pattern, in the order in which they are written.
        public internal(set) var actions: [Action]
        /// Its conditions, in the order in which they are written.
        public internal(set) var conditions: [Condition]
    }

    /// An `ignore`, one a pattern, or a `bypass`, one a prefix.
    public struct Exception: Sendable, Equatable {
        /// What it says: `ignore namespace kube-system`, `bypass "direct.to/"`.
        public let text: String
        /// The file that it stands in.
        public let file: String
        /// Its line, from 1.
        public let line: Int
        /// The number of expectations that it applied to.
        public internal(set) var expectations = 0
    }

    /// Something that no test reaches.
    public struct Gap: Sendable, Equatable {
        /// The file.
        public let file: String
        /// The line, from 1.
        public let line: Int
        /// What is missing, in words.
        public let text: String
    }

    /// The rules, in the order of the files.
    public internal(set) var rules: [Rule] = []
    /// The `ignore`s, in the order of the files.
    public internal(set) var ignores: [Exception] = []
    /// The bypass prefixes, in the order of the files.
    public internal(set) var bypasses: [Exception] = []
}

/// Points that tests may reach, and those that they do.
public struct CoverageCount: Sendable, Equatable {
    /// How many are reached.
    public internal(set) var reached = 0
    /// How many there are.
    public internal(set) var total = 0

    /// The share that is reached, in percent, from 0 to 100; where there is nothing to reach, 100.
    public var percent: Double { total == 0 ? 100 : Double(reached) * 100 / Double(total) }

    mutating func add(_ isReached: Bool) {
        total += 1
        if isReached { reached += 1 }
    }
}

extension Coverage.Rule {
    /// The actions that decided some expectation.
    public var actionCount: CoverageCount {
        var count = CoverageCount()
        for action in actions { count.add(action.expectations > 0) }
        return count
    }

    /// The conditions, each counted twice where it can fail: seen to hold, and seen not to hold.
    public var conditionCount: CoverageCount {
        var count = CoverageCount()
        for condition in conditions {
            count.add(condition.holding > 0)
            if condition.canFail { count.add(condition.failing > 0) }
        }
        return count
    }
}

extension Coverage {
    /// Everything together.
    public var count: CoverageCount {
        var count = CoverageCount()
        for part in rules.flatMap({ [$0.actionCount, $0.conditionCount] }) {
            count.reached += part.reached
            count.total += part.total
        }
        for exception in ignores + bypasses { count.add(exception.expectations > 0) }
        return count
    }

    /// What no test reaches, by file and line.
    public var gaps: [Gap] {
        var gaps: [Gap] = []
        for rule in rules {
            for action in rule.actions where action.expectations == 0 {
                gaps.append(
                    Gap(
                        file: action.file, line: action.line,
                        text: "`\(action.pattern)` of rule `\(rule.name)` decides in no test"))
            }
            for condition in rule.conditions {
                let what: String
                switch (condition.holding > 0, condition.failing > 0 || !condition.canFail) {
                case (true, true): continue
                case (false, true): what = "holds in no test"
                case (true, false): what = "holds in every test that asks for it"
                case (false, false): what = "is asked for in no test"
                }
                gaps.append(
                    Gap(
                        file: condition.file, line: condition.line,
                        text: "`\(condition.text)` of rule `\(rule.name)` \(what)"))
            }
        }
        for exception in ignores + bypasses where exception.expectations == 0 {
            gaps.append(
                Gap(file: exception.file, line: exception.line, text: "`\(exception.text)` applies in no test"))
        }
        // Sorting keeps no order of its own among equals.
        return gaps.enumerated().sorted {
            ($0.element.file, $0.element.line, $0.offset) < ($1.element.file, $1.element.line, $1.offset)
        }.map(\.element)
    }
}

extension RuleSet {
    /// Measures what the rule set's tests reach, those whose name passes a filter, whether they pass or fail.
    public func coverage(filter: (String) -> Bool = { _ in true }) -> Coverage {
        var meter = CoverageMeter(source)
        for test in tests where filter(test.name) {
            for expectation in test.expectations {
                let (field, workload, context) = test.situation(of: expectation)
                guard let decision = program.decide(workload, in: context).images.first else { continue }
                meter.record(decision, program.trace(field, of: workload, in: context), of: workload, in: context)
            }
        }
        return meter.coverage
    }
}
