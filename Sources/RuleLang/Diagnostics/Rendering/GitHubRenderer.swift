/// Diagnostics as GitHub Actions workflow commands, which become annotations on the lines of a pull request.
///
/// The escapes are those of GitHub's own toolkit (`actions/toolkit`, `packages/core/src/command.ts`).
public struct GitHubRenderer: Sendable {
    private let files: [SourceFile]

    /// Makes a renderer for diagnostics about files that were read together.
    public init(files: [SourceFile]) {
        self.files = files
    }

    /// One command a line.
    public func render(_ diagnostics: [Diagnostic]) -> String {
        diagnostics.inSourceOrder().map { command($0) + "\n" }.joined()
    }

    private func command(_ diagnostic: Diagnostic) -> String {
        var properties: [String] = []
        let place = diagnostic.primary.flatMap { Region($0.span, in: files) }
        if let place {
            properties.append("file=" + escapeProperty(place.pathOnDisk))
            properties.append("line=\(place.lineOnDisk)")
            if let (start, end) = place.boundsOnDisk {
                // GitHub takes columns only where an annotation is about one line.
                if start.line == end.line { properties.append("col=\(start.column)") }
                properties.append("endLine=\(end.line)")
                if start.line == end.line { properties.append("endColumn=\(end.column)") }
            }
        }
        properties.append("title=" + escapeProperty(diagnostic.code.rawValue))
        var lines = [(place?.partPrefix ?? "") + diagnostic.message]
        if let label = diagnostic.primary?.text, !label.isEmpty { lines.append(label) }
        for related in diagnostic.secondary {
            guard let place = Region(related.span, in: files) else { continue }
            lines.append("\(place.file.name):\(place.start.line):\(place.start.column): \(related.text)")
        }
        lines += diagnostic.notes
        lines += diagnostic.help.map { "help: " + $0 }
        let list = properties.joined(separator: ",")
        return "::\(diagnostic.severity.rawValue) \(list)::" + escapeData(lines.joined(separator: "\n"))
    }

    private func escapeData(_ text: String) -> String {
        escape(text) { scalar in
            switch scalar {
            case "%": "%25"
            case "\r": "%0D"
            case "\n": "%0A"
            default: nil
            }
        }
    }

    private func escapeProperty(_ text: String) -> String {
        escape(text) { scalar in
            switch scalar {
            case "%": "%25"
            case "\r": "%0D"
            case "\n": "%0A"
            case ":": "%3A"
            case ",": "%2C"
            default: nil
            }
        }
    }

    /// Other control characters are shown as pictures: logs are shown by terminals too.
    private func escape(_ text: String, _ replacement: (Unicode.Scalar) -> String?) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if let replaced = replacement(scalar) {
                result += replaced
            } else if scalar != "\t", let picture = TerminalText.picture(for: scalar) {
                result += picture
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
