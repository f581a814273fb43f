extension Array where Element == Diagnostic {
    /// The diagnostics in the order in which people read: by file, place, code and message; those that speak of
    /// no place come first. Every renderer prints them so, whatever order the phases found them in.
    public func inSourceOrder() -> [Diagnostic] {
        enumerated().sorted { first, second in
            let (a, b) = (first.element, second.element)
            let left = (a.primary?.span.file ?? -1, a.primary?.span.start ?? -1, a.code.rawValue, a.message)
            let right = (b.primary?.span.file ?? -1, b.primary?.span.start ?? -1, b.code.rawValue, b.message)
            return left == right ? first.offset < second.offset : left < right
        }.map(\.element)
    }
}

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
