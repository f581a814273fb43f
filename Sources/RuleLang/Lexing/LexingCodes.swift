extension DiagnosticCode {
    /// The file is not UTF-8.
    public static let notUTF8 = DiagnosticCode("E0101", "file is not UTF-8")
    /// The file is beyond 16 MiB.
    public static let fileTooLarge = DiagnosticCode("E0102", "file is too large")
    /// A word or a string is beyond 64 KiB.
    public static let literalTooLong = DiagnosticCode("E0103", "word or string is too long")
    /// A string has no closing quote in its line.
    public static let unterminatedString = DiagnosticCode("E0104", "string is not closed")
    /// A backslash before something other than `"`, `\` and `$`.
    public static let unknownEscape = DiagnosticCode("E0105", "unknown escape in a string")
    /// `${` without a name and a `}`.
    public static let badInterpolation = DiagnosticCode("E0106", "broken `${name}` in a string")
    /// A control character, in a string or outside.
    public static let controlCharacter = DiagnosticCode("E0107", "control character")
    /// A string in something other than straight double quotes.
    public static let wrongQuotes = DiagnosticCode("E0108", "string in the wrong quotes")
    /// A bare word with a character in it that only a string can hold.
    public static let needsQuotes = DiagnosticCode("E0109", "word needs quotes")
    /// A character that means nothing in a rule file, such as `;`.
    public static let strayCharacter = DiagnosticCode("E0110", "character without a meaning")
    /// A comment as other languages write it.
    public static let foreignComment = DiagnosticCode("E0111", "comment of another language")
    /// An operator that other languages have, such as `<` or `->`.
    public static let foreignOperator = DiagnosticCode("E0112", "operator is not supported")
    /// The file has more problems than are reported.
    public static let tooManyProblems = DiagnosticCode("E0113", "too many problems")
    /// The file has more words than one file may have.
    public static let tooManyTokens = DiagnosticCode("E0114", "file has too many words")

    /// Every code of reading and lexing.
    public static let lexing: [DiagnosticCode] = [
        .notUTF8, .fileTooLarge, .literalTooLong, .unterminatedString, .unknownEscape, .badInterpolation,
        .controlCharacter, .wrongQuotes, .needsQuotes, .strayCharacter, .foreignComment, .foreignOperator,
        .tooManyProblems, .tooManyTokens,
    ]
}
