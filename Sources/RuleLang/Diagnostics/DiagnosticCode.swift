/// The stable code of a kind of finding. The first letter is its severity, the first two digits the phase:
/// 01 reading, 02 syntax, 03 the rule set as a whole, 04 names, 05 patterns and targets, 06 conditions and
/// selectors, 07 actions and marks, 08 tests, 09 inputs.
///
/// Codes are declared where they are found, one catalogue a phase, as static members in extensions.
public struct DiagnosticCode: Sendable, Hashable {
    /// `E` or `W` and four digits.
    public let rawValue: String
    /// The finding in a few words, for lists and for SARIF.
    public let title: String

    /// Declares a code.
    public init(_ rawValue: String, _ title: String) {
        self.rawValue = rawValue
        self.title = title
    }

    /// Errors make a rule set invalid, warnings do not.
    public var severity: Diagnostic.Severity { rawValue.hasPrefix("W") ? .warning : .error }
}
