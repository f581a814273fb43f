/// A word that begins a statement.
enum StatementKeyword: String, CaseIterable {
    case language, `let`, ignore, bypass, rule, test
    case accept
    case when, rewrite, allow, deny, observe, mark
    case given, expect

    /// The keywords by what is written: `init(rawValue:)` would compare with one after another.
    static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })
    /// The length of the longest keyword in bytes.
    static let longest = allCases.map(\.rawValue.utf8.count).max() ?? 0

    /// Where a statement may stand.
    enum Scope {
        case file, rule, test

        /// The keywords of the statements that may stand here.
        var keywords: [StatementKeyword] {
            switch self {
            case .file: [.language, .let, .ignore, .bypass, .rule, .test, .accept]
            case .rule: [.when, .rewrite, .allow, .deny, .observe, .mark, .accept]
            case .test: [.given, .expect]
            }
        }

        /// What holds the statements, for messages.
        var name: String {
            switch self {
            case .file: "a file"
            case .rule: "a rule"
            case .test: "a test"
            }
        }
    }

    /// Whether the statement stands at the top of a file and nowhere else.
    var isTopLevelOnly: Bool { self != .accept && Scope.file.keywords.contains(self) }

    /// Where the statement belongs, for the help of a misplaced one.
    var home: String {
        switch self {
        case .language, .let, .ignore, .bypass, .rule, .test: "at the top of a file, outside `{ }`"
        case .accept: "in a rule or at the top of a file"
        case .when, .rewrite, .allow, .deny, .observe, .mark: "in a rule, `rule NAME { … }`"
        case .given, .expect: "in a test, `test \"NAME\" { … }`"
        }
    }
}
