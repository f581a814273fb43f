/// A line of a file as a terminal shows it, and the rows of underlines and labels under it.
struct SnippetLine {
    /// A label on the line on which it begins.
    struct Label {
        /// The zero-based line.
        let line: Int
        /// The bytes to underline, which end with the line at the latest.
        let range: Range<Int>
        /// Whether the span goes on in lines after this one.
        let goesOn: Bool
        let isPrimary: Bool
        let text: String

        init(_ label: Diagnostic.Label, isPrimary: Bool, in file: SourceFile) {
            let start = min(max(0, label.span.start), file.bytes.count)
            let end = min(max(start, label.span.end), file.bytes.count)
            line = file.lineIndex(at: start)
            let lineRange = file.lineRange(line)
            // The break at the end of a line belongs to it; a span that ends right behind it goes no further.
            let lineEnd = max(start, lineRange.upperBound)
            range = start..<min(end, lineEnd)
            let nextLine = line + 1 < file.lineStarts.count ? file.lineStarts[line + 1] : file.bytes.count
            goesOn = end > nextLine
            self.isPrimary = isPrimary
            text = TerminalText.sanitize(label.text)
        }
    }

    /// A stretch of a row; `isPrimary` is nil where there is nothing to paint.
    struct Piece {
        let text: String
        let isPrimary: Bool?
    }

    /// The longest line, in columns, that is shown in full.
    static let widestLine = 160
    /// Of a longer line not more bytes than this are looked at on either side of its labels.
    private static let reach = 4096

    /// The line, cut where it is too long.
    let text: String
    /// The rows under it.
    let rows: [[Piece]]

    /// A label in the columns of the terminal.
    private struct Underline {
        let label: Label
        var start: Int
        var end: Int
    }

    init(file: SourceFile, line: Int, labels: [Label]) {
        let whole = file.lineRange(line)
        let anchor = labels.first { $0.isPrimary } ?? labels.min { $0.range.lowerBound < $1.range.lowerBound }
        let window = Self.window(of: whole, around: anchor?.range ?? whole.lowerBound..<whole.lowerBound, in: file)
        let cells = TerminalText.cells(of: file, in: window)
        var starts: [Int] = []
        var total = 0
        for cell in cells {
            starts.append(total)
            total += cell.width
        }
        /// The column of a byte: that of the first character which does not end before it.
        func column(_ offset: Int, roundingUp: Bool = false) -> Int {
            var low = 0
            var high = cells.count
            while low < high {
                let middle = (low + high) / 2
                let isBefore =
                    roundingUp ? cells[middle].bytes.lowerBound < offset : cells[middle].bytes.upperBound <= offset
                if isBefore { low = middle + 1 } else { high = middle }
            }
            return low < cells.count ? starts[low] : total
        }
        var underlines = labels.map { label in
            Underline(
                label: label, start: column(label.range.lowerBound),
                end: column(label.range.upperBound, roundingUp: true))
        }
        let cutsFront = window.lowerBound > whole.lowerBound
        let cutsBack = window.upperBound < whole.upperBound
        var text: String
        if total <= Self.widestLine, !cutsFront, !cutsBack {
            text = cells.map(\.text).joined()
        } else {
            let left = Self.leftEdge(of: underlines, total: total, cutsFront: cutsFront)
            let right = left + Self.widestLine
            var shown = ""
            var position = 0
            var first: Int?
            var end = left
            for (index, cell) in cells.enumerated() {
                guard starts[index] >= left, starts[index] + cell.width <= right else { continue }
                if first == nil { first = starts[index] }
                shown += cell.text
                end = starts[index] + cell.width
                position = index
            }
            let hasFront = cutsFront || left > 0
            let hasBack = cutsBack || (!cells.isEmpty && position < cells.count - 1)
            text = (hasFront ? "…" : "") + shown + (hasBack ? "…" : "")
            let shift = (hasFront ? 1 : 0) - (first ?? left)
            let lowest = first ?? left
            for index in underlines.indices {
                underlines[index].start = min(max(underlines[index].start, lowest), end) + shift
                underlines[index].end = min(max(underlines[index].end, lowest), end) + shift
            }
        }
        while text.last == " " { text.removeLast() }
        self.text = text
        rows = Self.rows(underlines)
    }

    // MARK: Long lines

    /// The part of a line that is looked at: all of it unless it is very long.
    private static func window(of line: Range<Int>, around anchor: Range<Int>, in file: SourceFile) -> Range<Int> {
        guard line.count > 2 * reach else { return line }
        var start = max(line.lowerBound, anchor.lowerBound - reach)
        var end = min(line.upperBound, max(start, anchor.lowerBound) + reach)
        func continues(_ offset: Int) -> Bool { file.bytes[offset] & 0xC0 == 0x80 }
        while start > line.lowerBound, start < line.upperBound, continues(start) { start += 1 }
        while end < line.upperBound, end > start, continues(end) { end -= 1 }
        return start..<max(start, end)
    }

    /// The first column to show, so that the primary label is seen, with all others if there is room.
    private static func leftEdge(of underlines: [Underline], total: Int, cutsFront: Bool) -> Int {
        guard let anchor = underlines.first(where: { $0.label.isPrimary }) ?? underlines.first else { return 0 }
        var low = underlines.map(\.start).min() ?? 0
        var high = underlines.map(\.end).max() ?? 0
        if high - low > widestLine - 20 { (low, high) = (anchor.start, anchor.end) }
        let room = max(20, (widestLine - (high - low)) / 2)
        return max(0, min(low - room, total - widestLine))
    }

    // MARK: Rows

    /// Underlines that do not touch share a row. The text of the last one follows it, those of the others hang below.
    private static func rows(_ underlines: [Underline]) -> [[Piece]] {
        var groups: [[Underline]] = []
        for var underline in underlines.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
            underline.end = max(underline.end, underline.start + 1)
            if let free = groups.firstIndex(where: { ($0.last?.end ?? -1) < underline.start }) {
                groups[free].append(underline)
            } else {
                groups.append([underline])
            }
        }
        return groups.flatMap { rows(ofDisjoint: $0) }
    }

    private static func rows(ofDisjoint underlines: [Underline]) -> [[Piece]] {
        var rows: [[Piece]] = []
        var column = 0
        var row: [Piece] = []
        func pad(to start: Int) {
            row.append(Piece(text: String(repeating: " ", count: max(0, start - column)), isPrimary: nil))
            column = start
        }
        for underline in underlines {
            pad(to: underline.start)
            let mark = underline.label.isPrimary ? "^" : "-"
            let text = String(repeating: mark, count: max(0, underline.end - underline.start))
            row.append(Piece(text: text, isPrimary: underline.label.isPrimary))
            column = underline.end
        }
        if let last = underlines.last, !last.label.text.isEmpty {
            row.append(Piece(text: " " + last.label.text, isPrimary: last.label.isPrimary))
        }
        rows.append(row)
        var hanging = underlines.dropLast().filter { !$0.label.text.isEmpty }
        let connectorsNeeded = !hanging.isEmpty
        func connectors(_ text: String?) {
            row = []
            column = 0
            for (index, underline) in hanging.enumerated() {
                pad(to: underline.start)
                let isLast = index == hanging.count - 1
                let piece = isLast ? text ?? "|" : "|"
                row.append(Piece(text: piece, isPrimary: underline.label.isPrimary))
                column += 1
            }
            rows.append(row)
        }
        if connectorsNeeded { connectors(nil) }
        while let last = hanging.last {
            connectors(last.label.text)
            hanging.removeLast()
        }
        return rows
    }
}
