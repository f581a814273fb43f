/// `test "NAME" { given … expect … }`
public struct TestDeclaration: Sendable, Equatable {
    /// The test's name.
    public let name: Literal
    /// What is given, in order.
    public let givens: [Given]
    /// What is expected, in order.
    public let expectations: [Expectation]
    /// From `test` to the closing brace.
    public let span: Span

    /// Makes a test.
    public init(name: Literal, givens: [Given], expectations: [Expectation], span: Span) {
        self.name = name
        self.givens = givens
        self.expectations = expectations
        self.span = span
    }
}

/// `KEY = VALUE` in a list of labels or annotations.
public struct LabelAssignment: Sendable, Equatable {
    /// The key.
    public let key: Literal
    /// The value.
    public let value: Literal

    /// Makes an assignment.
    public init(key: Literal, value: Literal) {
        self.key = key
        self.value = value
    }
}

/// `given …`: a part of the situation that a test's images stand in.
public struct Given: Sendable, Equatable {
    /// What is given.
    public enum Kind: Sendable, Equatable {
        /// `given namespace NAME`
        case namespace(Literal)
        /// `given namespace labels K = V, …`
        case namespaceLabels([LabelAssignment])
        /// `given pod labels K = V, …`
        case podLabels([LabelAssignment])
        /// `given pod annotations K = V, …`
        case podAnnotations([LabelAssignment])
        /// `given operation create|update`
        case operation(Keyword<Operation>)
        /// `given image in container|init|ephemeral|volume`
        case place(Keyword<Place>)
        /// `given image was "REFERENCE"`: the text that stood there before an update
        case oldImage(Literal)
    }
    /// What is given.
    public let kind: Kind
    /// The whole statement.
    public let span: Span

    /// Makes a given.
    public init(kind: Kind, span: Span) {
        self.kind = kind
        self.span = span
    }
}

/// `expect "IMAGE" …`: what must come of one image. The clauses may stand in any order, each at most once,
/// except `warns`, which may stand several times.
public struct Expectation: Sendable, Equatable {
    /// What happens to an image; the raw value is the keyword.
    public enum Outcome: String, Sendable, CaseIterable {
        case unchanged, ignored, bypassed, declined, denied, unparsed
    }
    /// The image.
    public let image: Literal
    /// The outcome's keyword, if one is written; `becomes` alone means rewritten.
    public let outcome: Keyword<Outcome>?
    /// `becomes "REFERENCE"`
    public let becomes: Literal?
    /// `denied "MESSAGE"`: a text that the denial must contain
    public let denial: Literal?
    /// `by RULE`
    public let rule: Literal?
    /// `warns "TEXT"`: texts of which each must be contained in a warning
    public let warnings: [Literal]
    /// The whole statement.
    public let span: Span

    /// Makes an expectation.
    public init(
        image: Literal, outcome: Keyword<Outcome>?, becomes: Literal?, denial: Literal?, rule: Literal?,
        warnings: [Literal], span: Span
    ) {
        self.image = image
        self.outcome = outcome
        self.becomes = becomes
        self.denial = denial
        self.rule = rule
        self.warnings = warnings
        self.span = span
    }
}
