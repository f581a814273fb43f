/// Text as a terminal shows it: how many columns it takes, and nothing in it that a terminal would obey.
enum TerminalText {
    /// A character of a line, as it is shown.
    struct Cell {
        /// The bytes of the file that it stands for.
        let bytes: Range<Int>
        /// What is shown instead.
        let text: String
        /// The columns that takes.
        let width: Int
    }

    /// The columns between tab stops.
    private static let tabWidth = 4
    /// A character of more scalars than this is an attack on the reader, not writing.
    private static let longestCharacter = 16

    /// Text for one line of output: control characters, line breaks included, become visible pictures.
    static func sanitize(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if let picture = picture(for: scalar) {
                result += picture
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// What is shown for a scalar that a terminal would obey or that would reorder or hide text; nil for all others.
    static func picture(for scalar: Unicode.Scalar) -> String? {
        switch scalar.value {
        case 0x00..<0x20: Unicode.Scalar(0x2400 + scalar.value).map { String($0) }
        case 0x7F: "\u{2421}"
        case 0x80..<0xA0, 0x2028, 0x2029: "\u{FFFD}"
        // Marks, embeddings, overrides and isolates of the bidirectional algorithm.
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: "\u{FFFD}"
        default: nil
        }
    }

    /// The cells of a stretch of a file, which holds no line break; `column` is where the first one stands.
    static func cells(of file: SourceFile, in range: Range<Int>, startingAt column: Int = 0) -> [Cell] {
        var cells: [Cell] = []
        var column = column
        var offset = range.lowerBound
        func append(_ bytes: Range<Int>, _ text: String, _ width: Int) {
            cells.append(Cell(bytes: bytes, text: text, width: width))
            column += width
        }
        while offset < range.upperBound {
            let start = offset
            while offset < range.upperBound {
                let length = scalarLength(in: file.bytes, at: offset, before: range.upperBound)
                if length == 0 { break }
                offset += length
            }
            var characterStart = start
            for character in file.text(start..<offset) {
                let bytes = characterStart..<(characterStart + character.utf8.count)
                characterStart = bytes.upperBound
                if character == "\t" {
                    let width = tabWidth - column % tabWidth
                    append(bytes, String(repeating: " ", count: width), width)
                } else {
                    let (text, width) = shown(character)
                    append(bytes, text, width)
                }
            }
            if offset < range.upperBound {
                append(offset..<offset + 1, "\u{FFFD}", 1)
                offset += 1
            }
        }
        return cells
    }

    /// What is shown for a character, and the columns that takes.
    private static func shown(_ character: Character) -> (text: String, width: Int) {
        if let ascii = character.asciiValue, ascii >= 0x20, ascii < 0x7F { return (String(character), 1) }
        let scalars = character.unicodeScalars
        if character == "\u{FEFF}" { return ("", 0) }
        guard scalars.count <= longestCharacter else { return ("\u{FFFD}", 1) }
        let text = sanitize(String(character))
        guard text == String(character) else {
            return (text, scalars.reduce(0) { $0 + (picture(for: $1) == nil ? width(of: $1) : 1) })
        }
        // What joins nothing is invisible: show that something is there.
        guard let base = scalars.first(where: { width(of: $0) > 0 }) else {
            guard scalars.allSatisfy({ $0.properties.generalCategory != .format }) else { return ("\u{FFFD}", 1) }
            return ("\u{25CC}" + text, 1)
        }
        let isEmoji = scalars.contains("\u{FE0F}") || (isRegionalIndicator(base) && scalars.count > 1)
        return (text, isEmoji ? 2 : width(of: base))
    }

    private static func isRegionalIndicator(_ scalar: Unicode.Scalar) -> Bool {
        (0x1F1E6...0x1F1FF).contains(scalar.value)
    }

    /// The columns of a scalar: Unicode's East Asian Width (UAX 11), W and F being 2, marks and formats 0.
    private static func width(of scalar: Unicode.Scalar) -> Int {
        let value = scalar.value
        if value < 0x300 { return value == 0xAD ? 0 : 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        if scalar.properties.isEmojiPresentation, !isRegionalIndicator(scalar) { return 2 }
        switch value {
        // Hangul vowels and final consonants join the consonant before them.
        case 0x1160...0x11FF, 0xD7B0...0xD7FF: return 0
        case 0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0xA4CF,
            0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1F200...0x1F2FF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }

    /// The number of bytes of the UTF-8 scalar at an offset (RFC 3629, section 4), 0 where there is none.
    private static func scalarLength(in bytes: [UInt8], at offset: Int, before end: Int) -> Int {
        func continues(_ distance: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool {
            offset + distance < end && range.contains(bytes[offset + distance])
        }
        switch bytes[offset] {
        case 0x00...0x7F: return 1
        case 0xC2...0xDF: return continues(1) ? 2 : 0
        case 0xE0: return continues(1, 0xA0...0xBF) && continues(2) ? 3 : 0
        case 0xED: return continues(1, 0x80...0x9F) && continues(2) ? 3 : 0
        case 0xE1...0xEF: return continues(1) && continues(2) ? 3 : 0
        case 0xF0: return continues(1, 0x90...0xBF) && continues(2) && continues(3) ? 4 : 0
        case 0xF1...0xF3: return continues(1) && continues(2) && continues(3) ? 4 : 0
        case 0xF4: return continues(1, 0x80...0x8F) && continues(2) && continues(3) ? 4 : 0
        default: return 0
        }
    }
}

extension Unicode.Scalar {
    /// Whether it has no place in a line of text: a terminal would obey it, or it would break, reorder or hide text.
    package var isControl: Bool { TerminalText.picture(for: self) != nil }
}
