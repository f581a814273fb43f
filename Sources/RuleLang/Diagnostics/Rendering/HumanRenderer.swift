/// Diagnostics for people: the line, what is wrong in it underlined, and what to do.
///
/// Nothing of what the user's files hold reaches the terminal as a control sequence.
public struct HumanRenderer: Sendable {
    private let files: [SourceFile]
    private let style: TerminalStyle

    /// Makes a renderer for diagnostics about files that were read together; `color` allows ANSI colours.
    public init(files: [SourceFile], color: Bool) {
        self.files = files
        style = TerminalStyle(isOn: color)
    }

    /// The diagnostics in source order, with an empty line between two; empty where there are none.
    public func render(_ diagnostics: [Diagnostic]) -> String {
        diagnostics.inSourceOrder().map { render($0) }.joined(separator: "\n")
    }

    /// How many errors and warnings there are: `2 errors, 1 warning`, or `no errors`.
    public static func summary(_ diagnostics: [Diagnostic]) -> String {
        let errors = diagnostics.count { $0.severity == .error }
        let warnings = diagnostics.count - errors
        func count(_ number: Int, _ noun: String) -> String? {
            number == 0 ? nil : "\(number) \(noun)\(number == 1 ? "" : "s")"
        }
        let parts = [count(errors, "error"), count(warnings, "warning")].compactMap { $0 }
        return parts.isEmpty ? "no errors" : parts.joined(separator: ", ")
    }

    private func render(_ diagnostic: Diagnostic) -> String {
        let blocks = self.blocks(of: diagnostic)
        let lastLine = blocks.flatMap { block in block.labels.map { $0.line } }.max() ?? 0
        let gutter = blocks.isEmpty ? 1 : String(lastLine + 1).count
        let margin = String(repeating: " ", count: gutter)
        let color: TerminalStyle.Color = diagnostic.severity == .error ? .red : .yellow
        let name = "\(diagnostic.severity.rawValue)[\(TerminalText.sanitize(diagnostic.code.rawValue))]"
        var output =
            style.paint(name, color) + style.paint(": " + TerminalText.sanitize(diagnostic.message), .bold) + "\n"
        for block in blocks {
            let place = block.file.position(at: block.start)
            let file = TerminalText.sanitize(block.file.name)
            output += margin + style.paint("-->", .blue) + " \(file):\(place.line):\(place.column)\n"
            output += margin + style.paint(" |", .blue) + "\n"
            output += render(block, gutter: gutter, color: color)
        }
        let remarks = diagnostic.notes.map { ("", $0) } + diagnostic.help.map { ("help: ", $0) }
        if !remarks.isEmpty, !blocks.isEmpty { output += margin + style.paint(" |", .blue) + "\n" }
        for (head, text) in remarks {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let indent = String(repeating: " ", count: gutter + 3 + head.count)
            for (index, line) in lines.enumerated() {
                let line = TerminalText.sanitize(String(line))
                if index == 0 {
                    output += margin + style.paint(" =", .blue) + " " + style.paint(head, .cyan) + line + "\n"
                } else {
                    output += line.isEmpty ? "\n" : indent + line + "\n"
                }
            }
        }
        return output
    }

    // MARK: Blocks

    /// The labels of one file.
    private struct Block {
        let file: SourceFile
        /// The place that the block's header names.
        let start: Int
        var labels: [SnippetLine.Label]
    }

    /// The labels by file: that of the primary label first, the others in the order in which they are mentioned.
    private func blocks(of diagnostic: Diagnostic) -> [Block] {
        var order: [Int] = []
        var labels: [Int: [(label: Diagnostic.Label, isPrimary: Bool)]] = [:]
        for (label, isPrimary) in [(diagnostic.primary, true)] + diagnostic.secondary.map({ ($0, false) }) {
            guard let label, files.indices.contains(label.span.file) else { continue }
            if labels[label.span.file] == nil { order.append(label.span.file) }
            labels[label.span.file, default: []].append((label, isPrimary))
        }
        return order.map { index in
            let file = files[index]
            let here = labels[index] ?? []
            let first = here.first { $0.isPrimary }?.label.span.start ?? here.map(\.label.span.start).min() ?? 0
            return Block(
                file: file, start: min(max(0, first), file.bytes.count),
                labels: here.map { SnippetLine.Label($0.label, isPrimary: $0.isPrimary, in: file) })
        }
    }

    /// The labelled lines of a block, with what is left out between them.
    private func render(_ block: Block, gutter: Int, color: TerminalStyle.Color) -> String {
        var output = ""
        let byLine = Dictionary(grouping: block.labels, by: \.line)
        let numbers = byLine.keys.sorted()
        for (index, number) in numbers.enumerated() {
            let labels = byLine[number] ?? []
            let line = SnippetLine(file: block.file, line: number, labels: labels)
            output += header(number, gutter: gutter) + (line.text.isEmpty ? "" : " " + line.text) + "\n"
            let margin = String(repeating: " ", count: gutter)
            for row in line.rows {
                let painted = row.map { piece in
                    style.paint(piece.text, piece.isPrimary.map { $0 ? color : .blue })
                }
                output += margin + style.paint(" |", .blue) + " " + painted.joined() + "\n"
            }
            let next = index + 1 < numbers.count ? numbers[index + 1] : nil
            let goesOn = labels.contains { $0.goesOn }
            if next == number + 2, let between = next.map({ $0 - 1 }) {
                let line = SnippetLine(file: block.file, line: between, labels: [])
                output += header(between, gutter: gutter) + (line.text.isEmpty ? "" : " " + line.text) + "\n"
            } else if let next, next == number + 1 {
                continue
            } else if next != nil || goesOn {
                output += style.paint("...", .blue) + "\n"
            }
        }
        return output
    }

    private func header(_ line: Int, gutter: Int) -> String {
        let number = String(line + 1)
        let padding = String(repeating: " ", count: max(0, gutter - number.count))
        return style.paint(padding + number + " |", .blue)
    }
}

/// ANSI colours, or none.
struct TerminalStyle: Sendable {
    enum Color: String {
        case bold = "1"
        case red = "1;31"
        case yellow = "1;33"
        case blue = "1;34"
        case cyan = "1;36"
    }

    let isOn: Bool

    func paint(_ text: String, _ color: Color?) -> String {
        guard isOn, let color, !text.isEmpty else { return text }
        return "\u{1B}[\(color.rawValue)m\(text)\u{1B}[0m"
    }
}
