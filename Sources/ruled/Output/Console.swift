import ArgumentParser
import RuleLang

/// When to use colours.
enum ColorChoice: String, CaseIterable, ExpressibleByArgument {
    case auto, always, never
}

/// Where a command writes: results to standard output, diagnostics and progress to standard error.
struct Console {
    /// Results.
    let out = ByteStream(descriptor: 1)
    /// Diagnostics and progress.
    let err = ByteStream(descriptor: 2)
    private let color: ColorChoice

    init(color: ColorChoice) {
        self.color = color
    }

    /// Whether a stream gets colours: `auto` means at a terminal, unless `NO_COLOR` says no (no-color.org).
    func usesColor(_ stream: ByteStream) -> Bool {
        switch color {
        case .always: true
        case .never: false
        case .auto: stream.isTerminal && (environment("NO_COLOR") ?? "").isEmpty
        }
    }

    /// Shows diagnostics to people, on standard error.
    func show(_ diagnostics: [Diagnostic], of files: [SourceFile]) {
        guard !diagnostics.isEmpty else { return }
        err.write(HumanRenderer(files: files, color: usesColor(err)).render(diagnostics))
    }

    /// Text in a colour, if the stream gets colours.
    func paint(_ text: String, _ paint: Paint, on stream: ByteStream) -> String {
        usesColor(stream) ? "\u{1B}[\(paint.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// Writes out everything that is buffered.
    func flush() {
        out.flush()
        err.flush()
    }

    /// Says why the command cannot run, and ends it with 2.
    func fail(_ reason: String, help: String? = nil) -> Never {
        err.line("error: \(reason)")
        if let help { err.line("  = help: \(help)") }
        end(2)
    }

    /// Writes out everything and ends the process.
    func end(_ status: Int32) -> Never {
        flush()
        endProcess(status)
    }
}

/// A colour, as SGR parameters (ECMA-48).
enum Paint: String {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
}

extension String {
    /// The text with spaces up to a width in characters.
    func padded(to width: Int) -> String {
        let missing = width - count
        return missing > 0 ? self + String(repeating: " ", count: missing) : self
    }

    /// The text for one line of a terminal: control characters of a stranger's file become U+FFFD.
    var sanitized: String {
        guard unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) }) else {
            return self
        }
        var text = ""
        for scalar in unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
            text.unicodeScalars.append(isControl ? "\u{FFFD}" : scalar)
        }
        return text
    }
}

/// `3 files`, `1 file`.
func counted(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
}
