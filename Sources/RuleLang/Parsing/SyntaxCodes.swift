extension DiagnosticCode {
    /// A file has no `language 1`.
    public static let missingLanguage = DiagnosticCode("E0201", "file does not say its language")
    /// A version of the language that this program does not know.
    public static let unknownLanguageVersion = DiagnosticCode("E0202", "unknown version of the language")
    /// `language` twice, or not first.
    public static let misplacedLanguage = DiagnosticCode("E0203", "language is not the first statement")
    /// A statement begins with a word that begins none.
    public static let unknownStatement = DiagnosticCode("E0204", "unknown statement")
    /// A statement stands where it means nothing, such as `when` outside a rule.
    public static let misplacedStatement = DiagnosticCode("E0205", "statement in the wrong place")
    /// A part of a statement is missing.
    public static let missingPart = DiagnosticCode("E0206", "part of a statement is missing")
    /// More words than the statement takes.
    public static let unexpectedText = DiagnosticCode("E0207", "more than the statement takes")
    /// A `{` has no `}`, or a `(` no `)`.
    public static let missingBrace = DiagnosticCode("E0208", "bracket is not closed")
    /// A `}` closes nothing.
    public static let strayBrace = DiagnosticCode("E0209", "closing brace without an opening one")
    /// A comma with nothing after it.
    public static let trailingComma = DiagnosticCode("E0210", "comma without anything after it")
    /// A bare word where a string has to stand.
    public static let mustBeQuoted = DiagnosticCode("E0211", "word has to stand in quotes")
    /// A word that is not one of the few that may stand there.
    public static let unknownKeyword = DiagnosticCode("E0213", "unknown word")
    /// A keyword in quotes, which is no keyword.
    public static let quotedKeyword = DiagnosticCode("E0214", "keyword in quotes")
    /// Parts of an expectation that cannot all hold.
    public static let conflictingExpectations = DiagnosticCode("E0215", "expectations contradict each other")
    /// An expectation that expects nothing.
    public static let nothingExpected = DiagnosticCode("E0216", "nothing is expected")
    /// Two elements of a list without a comma between them.
    public static let missingComma = DiagnosticCode("E0217", "comma is missing")
    /// Part of a statement on the next line.
    public static let brokenLine = DiagnosticCode("E0218", "statement goes on in the next line")

    /// Every code of the syntax.
    public static let syntax: [DiagnosticCode] = [
        .missingLanguage, .unknownLanguageVersion, .misplacedLanguage, .unknownStatement, .misplacedStatement,
        .missingPart, .unexpectedText, .missingBrace, .strayBrace, .trailingComma, .mustBeQuoted,
        .unknownKeyword, .quotedKeyword, .conflictingExpectations, .nothingExpected, .missingComma, .brokenLine,
    ]
}
