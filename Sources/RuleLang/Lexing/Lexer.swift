/// Cuts a file into tokens. Every byte belongs to one token or to the trivia before one; what belongs to no token
/// of the language becomes a token of kind `unknown` and is reported here, so that the parser need not.
///
/// Linear in the size of the file.
struct Lexer {
    /// The longest word or string, in bytes.
    static let maximumLiteral = 64 * 1024
    /// The most tokens of one file; keeps 16 MiB of braces from taking gigabytes.
    static let maximumTokens = 4_000_000
    /// The most diagnostics that are kept.
    static let maximumDiagnostics = 1_001

    let source: SourceFile
    let file: Int
    /// The tokens so far; the end of the file last, once `run` has returned.
    private(set) var tokens: [Token] = []
    /// What is wrong, in source order.
    private(set) var diagnostics: [Diagnostic] = []
    /// The zero-based lines where a string is not closed: what follows there is guesswork.
    private(set) var brokenLines: Set<Int> = []

    let bytes: [UInt8]
    private var offset = 0
    private var triviaStart = 0
    private var startsLine = false
    private let tokenLimit: Int
    /// Where a search for `*/` found none, so that no second search is made.
    private var noCommentEndAfter: Int?

    init(source: SourceFile, file: Int, tokenLimit: Int = Lexer.maximumTokens) {
        self.source = source
        self.file = file
        self.tokenLimit = tokenLimit
        bytes = source.bytes
    }

    /// Reads the whole file.
    mutating func run() {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
        while true {
            skipTrivia()
            guard offset < bytes.count else { break }
            guard tokens.count < tokenLimit else {
                let start = offset
                offset = bytes.count
                append(.unknown, from: start)
                triviaStart = offset
                startsLine = false
                report(
                    .tooManyTokens, "this file has more than \(tokenLimit) words", start..<start,
                    label: "nothing after this is read",
                    help: ["split the file: all `*.rules` files of a directory are one rule set"])
                break
            }
            lexToken()
        }
        offset = bytes.count
        append(.endOfFile, from: offset)
    }

    // MARK: - Trivia

    private mutating func skipTrivia() {
        triviaStart = tokens.last?.span.end ?? 0
        startsLine = false
        while offset < bytes.count {
            let byte = bytes[offset]
            if byte == UInt8(ascii: "#") {
                offset = endOfLine(from: offset)
            } else if Bytes.isWhiteSpace(byte) {
                if byte == Bytes.newline { startsLine = true }
                offset += 1
            } else {
                return
            }
        }
    }

    /// The offset of the line break (`\n`, or the `\r` of `\r\n`) that ends a line, or of the end of the file.
    private func endOfLine(from start: Int) -> Int {
        var end = start
        while end < bytes.count, bytes[end] != Bytes.newline { end += 1 }
        if end > start, end < bytes.count, bytes[end - 1] == Bytes.carriageReturn { end -= 1 }
        return end
    }

    private func byte(at index: Int) -> UInt8? {
        index < bytes.count ? bytes[index] : nil
    }

    // MARK: - Tokens

    private mutating func append(_ kind: Token.Kind, from start: Int) {
        let span = Span(file: file, start: start, end: offset)
        tokens.append(Token(kind: kind, span: span, triviaStart: triviaStart, startsLine: startsLine))
    }

    private mutating func single(_ kind: Token.Kind, length: Int = 1) {
        let start = offset
        offset = min(bytes.count, offset + length)
        append(kind, from: start)
    }

    private mutating func lexToken() {
        let start = offset
        let byte = bytes[start]
        let following = self.byte(at: start + 1)
        switch byte {
        case Bytes.quote: string()
        case UInt8(ascii: "{"): single(.leftBrace)
        case UInt8(ascii: "}"): single(.rightBrace)
        case UInt8(ascii: "("): single(.leftParenthesis)
        case UInt8(ascii: ")"): single(.rightParenthesis)
        case UInt8(ascii: ","): single(.comma)
        case UInt8(ascii: "=") where following == UInt8(ascii: "="): single(.doubleEquals, length: 2)
        case UInt8(ascii: "=") where following == UInt8(ascii: ">"): foreignOperator(length: 2)
        case UInt8(ascii: "="): single(.equals)
        case UInt8(ascii: "!") where following == UInt8(ascii: "="): single(.notEquals, length: 2)
        case UInt8(ascii: "!"): single(.exclamation)
        case UInt8(ascii: "-") where following == UInt8(ascii: ">"): foreignOperator(length: 2)
        case UInt8(ascii: "<"), UInt8(ascii: ">"):
            foreignOperator(length: following == UInt8(ascii: "=") ? 2 : 1)
        case UInt8(ascii: ";"): semicolon()
        case UInt8(ascii: "'"), UInt8(ascii: "`"): foreignString(openingLength: 1)
        case UInt8(ascii: "/") where following == UInt8(ascii: "/") || following == UInt8(ascii: "*"):
            foreignComment(isBlock: following == UInt8(ascii: "*"))
        case _ where Bytes.isControl(byte): controlCharacters()
        case 0x80...:
            if isSmartQuote(at: start) {
                foreignString(openingLength: 3)
            } else if let length = invisibleLength(at: start) {
                invisible(length: length)
            } else {
                bareRun(from: start)
            }
        case _ where Bytes.isWord(byte) || Bytes.isGlue(byte): bareRun(from: start)
        default: controlCharacters()
        }
        // Every branch takes at least a byte; this holds it even against a mistake above.
        if offset == start { single(.unknown) }
    }

    /// A bare word, or a run of characters that would have to be a string.
    private mutating func bareRun(from start: Int) {
        var hasOther = false
        var hasMeaning = false
        while offset < bytes.count {
            let byte = bytes[offset]
            if Bytes.isWord(byte) {
                if byte == UInt8(ascii: "-"), self.byte(at: offset + 1) == UInt8(ascii: ">") { break }
                hasMeaning = hasMeaning || Bytes.isAlphanumeric(byte) || byte == UInt8(ascii: "*")
                offset += 1
            } else if Bytes.isGlue(byte) {
                if byte == UInt8(ascii: ":"), endsWord(after: offset), offset == start || !hasOther { break }
                hasOther = true
                offset += 1
                if byte == Bytes.dollar { skipBracedName() }
            } else if byte >= 0x80, !isSmartQuote(at: offset), invisibleLength(at: offset) == nil {
                hasOther = true
                hasMeaning = true
                offset = min(bytes.count, offset + Bytes.sequenceLength(byte))
            } else {
                break
            }
        }
        if offset == start {
            colon()
            return
        }
        append(hasOther ? .unknown : .word, from: start)
        if tooLong(start) || !hasOther { return }
        let text = source.excerpt(start..<offset)
        if hasMeaning {
            let fix = source.quoted(start..<offset)
            report(
                .needsQuotes, "`\(text)` needs quotes", start..<offset,
                notes: ["a bare word has letters, digits and `.`, `_`, `/`, `-`, `*` only"],
                help: ["write `\(source.quoted(start..<offset).count > 120 ? "\"…\"" : fix)`"],
                fix: (start..<offset, fix))
        } else {
            report(.strayCharacter, "`\(text)` means nothing here", start..<offset)
        }
    }

    /// Takes `{name}` after a `$`, so that a bare `${mirror}/x` is one mistake and not many.
    private mutating func skipBracedName() {
        guard byte(at: offset) == UInt8(ascii: "{") else { return }
        var end = offset + 1
        while let byte = byte(at: end), Bytes.isName(byte) { end += 1 }
        if byte(at: end) == UInt8(ascii: "}") { offset = end + 1 }
    }

    /// Whether a word cannot go on after the colon at an offset.
    private func endsWord(after colon: Int) -> Bool {
        guard let next = byte(at: colon + 1) else { return true }
        return !(Bytes.isWord(next) || Bytes.isGlue(next) || next >= 0x80)
    }

    /// Whether nothing but trivia or a brace follows in the line.
    private func endsStatement(after end: Int) -> Bool {
        var index = end
        while let byte = byte(at: index), byte == 0x20 || byte == 0x09 { index += 1 }
        switch byte(at: index) {
        case nil, Bytes.newline, Bytes.carriageReturn, UInt8(ascii: "#"), UInt8(ascii: "{"), UInt8(ascii: "}"):
            return true
        default: return false
        }
    }

    private mutating func colon() {
        let start = offset
        single(.unknown)
        if endsStatement(after: offset) {
            report(
                .strayCharacter, "no statement ends in `:`", start..<offset, help: ["remove the `:`"],
                fix: (start..<offset, ""))
        } else {
            report(
                .strayCharacter, "`:` means nothing here", start..<offset,
                help: ["write `key = value`", "put a word that has a `:` in it in quotes as a whole"])
        }
    }

    private mutating func semicolon() {
        let start = offset
        single(.unknown)
        let isLast = endsStatement(after: offset)
        report(
            .strayCharacter, "no statement ends in `;`", start..<offset,
            help: [isLast ? "remove the `;`" : "write each statement on a line of its own"],
            fix: (start..<offset, isLast ? "" : "\n"))
    }

    private mutating func foreignOperator(length: Int) {
        let start = offset
        single(.unknown, length: length)
        let text = source.excerpt(start..<offset)
        if text.hasSuffix(">"), length == 2 {
            report(
                .foreignOperator, "`\(text)` is not an operator", start..<offset,
                help: ["write `to` in a rule, `becomes` in a test"])
        } else {
            report(
                .foreignOperator, "`\(text)` is not supported in selectors", start..<offset,
                help: ["use `=`, `!=`, `in (…)`, `notin (…)`, `key` or `!key`"])
        }
    }

    private mutating func controlCharacters() {
        let start = offset
        offset += 1
        while let byte = byte(at: offset), Bytes.isControl(byte) { offset += 1 }
        append(.unknown, from: start)
        report(
            .controlCharacter, "a control character (\(codePoint(UInt32(bytes[start])))) in a rule file",
            start..<offset, help: ["remove it"], fix: (start..<offset, ""))
    }

    /// The length of a character that looks like a space or like nothing, and is not white space to the language.
    private func invisibleLength(at start: Int) -> Int? {
        switch (byte(at: start), byte(at: start + 1), byte(at: start + 2)) {
        case (0xC2, 0xA0, _): 2
        case (0xE2, 0x80, 0x8B?), (0xE2, 0x80, 0xAF?), (0xE2, 0x80, 0xA8?), (0xE2, 0x80, 0xA9?), (0xEF, 0xBB, 0xBF?),
            (0xE3, 0x80, 0x80?):
            3
        default: nil
        }
    }

    private mutating func invisible(length: Int) {
        let start = offset
        single(.unknown, length: length)
        let scalar = source.text(start..<offset).unicodeScalars.first?.value ?? 0
        report(
            .strayCharacter, "an invisible character (\(codePoint(scalar))) that is not a space", start..<offset,
            help: ["replace it with a space"], fix: (start..<offset, " "))
    }

    private mutating func foreignComment(isBlock: Bool) {
        let start = offset
        offset = endOfLine(from: start)
        if isBlock, let end = commentEnd(from: start + 2) { offset = end }
        append(.unknown, from: start)
        let mark = isBlock ? "/*" : "//"
        report(
            .foreignComment, "comments start with `#`, not with `\(mark)`", start..<start + 2, help: ["write `# …`"],
            fix: isBlock ? nil : (start..<start + 2, "#"))
    }

    private mutating func commentEnd(from start: Int) -> Int? {
        if let none = noCommentEndAfter, start >= none { return nil }
        var index = start
        while index + 1 < bytes.count {
            if bytes[index] == UInt8(ascii: "*"), bytes[index + 1] == UInt8(ascii: "/") { return index + 2 }
            index += 1
        }
        noCommentEndAfter = start
        return nil
    }

    // MARK: - Strings

    private mutating func string() {
        let start = offset
        var index = start + 1
        while index < bytes.count, bytes[index] != Bytes.quote, bytes[index] != Bytes.newline {
            let isEscape = bytes[index] == Bytes.backslash && byte(at: index + 1) != Bytes.newline
            index += isEscape ? 2 : 1
        }
        if byte(at: index) == Bytes.quote {
            offset = index + 1
            append(.string, from: start)
            if !tooLong(start) { reportPieces(start + 1..<index) }
            return
        }
        let lineEnd = endOfLine(from: start)
        // Once in a line: searching the rest of one line again and again would take quadratic time.
        if !brokenLines.contains(source.lineIndex(at: start)),
            let close = (start + 1..<lineEnd).first(where: { isSmartQuote(at: $0) })
        {
            brokenLines.insert(source.lineIndex(at: start))
            offset = close + 3
            append(.string, from: start)
            if !tooLong(start) { reportWrongQuotes(start..<offset, content: start + 1..<close) }
            return
        }
        unterminated(start, openingLength: 1, lineEnd: lineEnd)
        report(
            .unterminatedString, "this string is not closed", start..<offset, label: "a string ends in its line",
            help: ["put `\"` at its end"], fix: (offset..<offset, "\""))
        if !tooLong(start) { reportPieces(start + 1..<offset) }
    }

    /// Ends a string that nothing closes before the white space, and before a brace, at the end of its line.
    private mutating func unterminated(_ start: Int, openingLength: Int, lineEnd: Int) {
        var end = lineEnd
        while end > start + openingLength {
            let last = bytes[end - 1]
            let isBrace = last == UInt8(ascii: "{") || last == UInt8(ascii: "}")
            if Bytes.isWhiteSpace(last) || (isBrace && Bytes.isWhiteSpace(bytes[end - 2])) {
                end -= 1
            } else {
                break
            }
        }
        offset = end
        brokenLines.insert(source.lineIndex(at: start))
        append(.string, from: start)
    }

    /// A string in single or typographic quotes: reported, and read as the string that was meant.
    private mutating func foreignString(openingLength: Int) {
        let start = offset
        let opening = bytes[start]
        var close = start + openingLength
        var isClosed = false
        while close < bytes.count, bytes[close] != Bytes.newline {
            isClosed =
                openingLength == 1
                ? bytes[close] == opening
                : isSmartQuote(at: close) || bytes[close] == Bytes.quote || bytes[close] == UInt8(ascii: "'")
            if isClosed { break }
            close += 1
        }
        if isClosed {
            offset = min(bytes.count, close + (isSmartQuote(at: close) ? 3 : 1))
            append(.string, from: start)
            if !tooLong(start) { reportWrongQuotes(start..<offset, content: start + openingLength..<close) }
        } else {
            unterminated(start, openingLength: openingLength, lineEnd: endOfLine(from: start))
            if !tooLong(start) { reportWrongQuotes(start..<offset, content: start + openingLength..<offset) }
        }
    }

    private mutating func reportWrongQuotes(_ range: Range<Int>, content: Range<Int>) {
        let fix = source.quoted(content)
        report(
            .wrongQuotes, "`\(source.excerpt(range))` is in the wrong quotes", range,
            label: "strings stand in straight double quotes",
            help: content.count > 120 ? ["write `\"…\"`"] : ["write `\(fix)`"], fix: (range, fix))
    }

    /// Whether one of “ ” „ ‟ ‘ ’ ‚ ‛ begins at an offset.
    private func isSmartQuote(at start: Int) -> Bool {
        guard bytes[start] == 0xE2, byte(at: start + 1) == 0x80, let last = byte(at: start + 2) else { return false }
        return (0x98...0x9F).contains(last)
    }

    private mutating func reportPieces(_ range: Range<Int>) {
        for piece in StringPieces(bytes: bytes, range: range) {
            switch piece {
            case .text, .escape, .interpolation: break
            case .unknownEscape(let span):
                report(
                    .unknownEscape, "`\(source.excerpt(span))` is not an escape", span,
                    help: [
                        "write `\\\\` for a backslash",
                        "the escapes are `\\\"`, `\\\\` and `\\$`",
                    ], fix: (span, "\\" + source.text(span)))
            case .brokenInterpolation(let span, isClosed: true):
                report(
                    .badInterpolation, "`\(source.excerpt(span))` does not name a `let`", span,
                    label: "a name is a letter, then letters, digits, `-` and `_`",
                    help: ["write `${name}`", "write `\\$` for a `$` that stands for itself"])
            case .brokenInterpolation(let span, isClosed: false):
                report(
                    .badInterpolation, "this `${` has no `}`", span,
                    help: ["write `${name}`", "write `\\$` for a `$` that stands for itself"])
            case .control(let span):
                report(
                    .controlCharacter, "a control character (\(codePoint(UInt32(bytes[span.lowerBound])))) in a string",
                    span, help: ["replace it with a space"], fix: (span, " "))
            }
        }
    }

    // MARK: - Reporting

    private mutating func tooLong(_ start: Int) -> Bool {
        guard offset - start > Self.maximumLiteral else { return false }
        report(
            .literalTooLong, "this is longer than 64 KiB", start..<offset,
            label: "\(offset - start) bytes", help: ["a word or a string has at most \(Self.maximumLiteral) bytes"])
        return true
    }

    private func codePoint(_ value: UInt32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }

    private mutating func report(
        _ code: DiagnosticCode, _ message: String, _ range: Range<Int>, label: String = "", notes: [String] = [],
        help: [String] = [], fix: (range: Range<Int>, text: String)? = nil
    ) {
        guard diagnostics.count < Self.maximumDiagnostics else { return }
        diagnostics.append(
            Diagnostic(
                code, message, at: span(range), label: label, notes: notes, help: help,
                fix: fix.map { Diagnostic.Replacement(span: span($0.range), text: $0.text) }))
    }

    private func span(_ range: Range<Int>) -> Span {
        Span(file: file, start: range.lowerBound, end: range.upperBound)
    }
}

extension SourceFile {
    /// What stands between the quotes of a string token, whatever quotes they are and whether or not it is closed.
    func stringContent(_ span: Span) -> Range<Int> {
        let range = span.range.clamped(to: 0..<bytes.count)
        guard let first = range.first.map({ bytes[$0] }) else { return range }
        let start = min(range.upperBound, range.lowerBound + (first < 0x80 ? 1 : 3))
        guard start < range.upperBound else { return start..<start }
        let last = bytes[range.upperBound - 1]
        if last == Bytes.quote || last == UInt8(ascii: "'") || last == UInt8(ascii: "`") {
            return start..<range.upperBound - 1
        }
        let smart = range.upperBound - 3
        if smart >= start, bytes[smart] == 0xE2, bytes[smart + 1] == 0x80, (0x98...0x9F).contains(last) {
            return start..<smart
        }
        return start..<range.upperBound
    }
}
