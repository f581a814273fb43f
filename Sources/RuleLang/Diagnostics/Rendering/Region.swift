/// A span in numbers for machines: where it begins, and where the character after it stands.
struct Region {
    let file: SourceFile
    let start: SourcePosition
    let end: SourcePosition

    /// What a column counts.
    enum ColumnUnit {
        /// Characters as editors and people count them.
        case characters
        /// Unicode scalar values.
        case codePoints
    }

    /// Finds a span in its file, cut to the file's size; nil where there is no such file.
    init?(_ span: Span, in files: [SourceFile], counting unit: ColumnUnit = .characters) {
        guard files.indices.contains(span.file) else { return nil }
        let file = files[span.file]
        self.file = file
        let start = Swift.min(Swift.max(0, span.start), file.bytes.count)
        let end = Swift.min(Swift.max(start, span.end), file.bytes.count)
        func position(_ offset: Int) -> SourcePosition {
            switch unit {
            case .characters:
                return file.position(at: offset)
            case .codePoints:
                let line = file.lineIndex(at: offset)
                let before = file.text(file.lineStarts[line]..<Swift.max(file.lineStarts[line], offset))
                return SourcePosition(line: line + 1, column: before.unicodeScalars.count + 1)
            }
        }
        self.start = position(start)
        self.end = position(end)
    }
}

extension Region {
    /// The path of the file on the disk, which a code host can open.
    var pathOnDisk: String { file.host?.path ?? file.name }

    /// Begin and end in the file on the disk; nil where only the line at which the text begins is known.
    var boundsOnDisk: (start: SourcePosition, end: SourcePosition)? {
        guard let host = file.host else { return (start, end) }
        guard let indent = host.indent else { return nil }
        func shifted(_ position: SourcePosition) -> SourcePosition {
            SourcePosition(line: position.line + host.line - 1, column: position.column + indent)
        }
        return (shifted(start), shifted(end))
    }

    /// The line in the file on the disk.
    var lineOnDisk: Int { file.placeOnDisk(line: start.line).line }

    /// What a message about the place has to begin with, so that the part of the file is known: `in key …: `, or
    /// nothing.
    var partPrefix: String {
        guard let host = file.host else { return "" }
        return "in `\(host.part)`\(host.indent == nil ? ", line \(start.line)" : ""): "
    }

    /// A text that replaces the region, as it has to stand in the file on the disk.
    func textOnDisk(_ text: String) -> String {
        guard let indent = file.host?.indent, indent > 0 else { return text }
        return text.replacing("\n", with: "\n" + String(repeating: " ", count: indent))
    }
}
