import RuleLang

@testable import Engine

/// Rule sets whose conflicts are settled by `overrides`. Written at random these mostly settle nothing, or leave a
/// conflict, so that hardly a valid rule set has one.
enum SettledRuleSet {
    /// Statements with an `overrides` for each conflict, one way or the other, and without those that settle nothing;
    /// nil where that makes no valid rule set.
    static func settle(_ statements: [String], using random: inout SeededGenerator) -> [String]? {
        var statements = statements
        for _ in 0..<12 {
            let text = (["language 1"] + statements).joined(separator: "\n") + "\n"
            let file = SourceFile(name: "f", text: text)
            let errors = RuleSet.load([file]).diagnostics.filter { $0.severity == .error }
            guard let first = errors.first else { return statements }
            let names = first.message.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter {
                $0.offset % 2 == 1
            }.map {
                String($0.element)
            }
            let isTurned = random.chance(50)
            guard errors.allSatisfy({ [.conflict, .idleOverride].contains($0.code) }), names.count == 2,
                let winner = names.first, let loser = names.last
            else { return nil }
            if first.code == .idleOverride {
                statements = statements.map { change($0, of: winner) { $0.filter { $0 != loser } } }
            } else {
                let (one, other) = isTurned ? (loser, winner) : (winner, loser)
                statements = statements.map { change($0, of: one) { $0 + [other] } }
            }
        }
        return nil
    }

    /// A statement without its `overrides`.
    static func withoutOverrides(_ statement: String) -> String {
        guard let name = name(of: statement) else { return statement }
        return change(statement, of: name) { _ in [] }
    }

    /// The name of a statement's rule, if it is one.
    static func name(of statement: String) -> String? {
        let words = head(of: statement)
        return words.count > 1 && words[0] == "rule" ? words[1] : nil
    }

    /// The names of the rules that a statement's rule overrides.
    static func overrides(of statement: String) -> [String] {
        name(of: statement) == nil ? [] : head(of: statement).dropFirst(3).map { $0.replacing(",", with: "") }
    }

    /// The words before the bracket.
    private static func head(of statement: String) -> [String] {
        statement.prefix { $0 != "{" }.split(separator: " ").map(String.init)
    }

    private static func change(_ statement: String, of rule: String, _ body: ([String]) -> [String]) -> String {
        guard name(of: statement) == rule else { return statement }
        let overrides = body(overrides(of: statement))
        return "rule \(rule) " + (overrides.isEmpty ? "" : "overrides \(overrides.joined(separator: ", ")) ")
            + statement.drop { $0 != "{" }
    }
}
