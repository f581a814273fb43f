/// A finding about a rule set: what is wrong, where, and what to do.
public struct Diagnostic: Sendable, Equatable {
    /// How bad a finding is.
    public enum Severity: String, Sendable {
        case error, warning
    }

    /// A place that a finding speaks of, and what to say beside it.
    public struct Label: Sendable, Equatable {
        /// The place.
        public let span: Span
        /// What to write beside the underline; may be empty.
        public let text: String

        /// Makes a label.
        public init(span: Span, text: String = "") {
            self.span = span
            self.text = text
        }
    }

    /// A text that replaces a span, as a fix that an editor can apply.
    public struct Replacement: Sendable, Equatable {
        /// What is replaced; empty for an insertion.
        public let span: Span
        /// The new text.
        public let text: String

        /// Makes a replacement.
        public init(span: Span, text: String) {
            self.span = span
            self.text = text
        }
    }

    /// The stable code, `E0203` or `W0402`, which has a page of its own.
    public let code: DiagnosticCode
    /// One line in lower case without a full stop, with what the user wrote in backticks.
    public let message: String
    /// Where it is wrong; nil where no file is to blame (a directory without rules, say).
    public let primary: Label?
    /// Other places that matter, such as an earlier definition.
    public let secondary: [Label]
    /// Facts that explain the finding, such as `witness: …`.
    public let notes: [String]
    /// What to do, as text that can be pasted.
    public let help: [String]
    /// The edit that does it, where one edit does.
    public let fix: Replacement?

    /// Makes a diagnostic.
    public init(
        _ code: DiagnosticCode, _ message: String, at span: Span?, label: String = "", secondary: [Label] = [],
        notes: [String] = [], help: [String] = [], fix: Replacement? = nil
    ) {
        self.code = code
        self.message = message
        self.primary = span.map { Label(span: $0, text: label) }
        self.secondary = secondary
        self.notes = notes
        self.help = help
        self.fix = fix
    }

    /// Whether the finding makes the rule set invalid.
    public var severity: Severity { code.severity }
}
