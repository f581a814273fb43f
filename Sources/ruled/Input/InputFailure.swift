import RuleLang

/// Inputs that cannot be used; the command could not do its work.
struct InputFailure: Error {
    /// What is wrong, in order.
    let diagnostics: [Diagnostic]

    init(
        _ code: DiagnosticCode, _ message: String, notes: [String] = [], help: [String] = []
    ) {
        diagnostics = [Diagnostic(code, message, at: nil, notes: notes, help: help)]
    }
}

extension FileSystem {
    /// The content of a file that the command line names, `-` for standard input.
    static func readInput(_ path: String, limit: Int) throws(InputFailure) -> [UInt8] {
        let shown = path == "-" ? "standard input" : "`\(path)`"
        do {
            return try read(path, limit: limit)
        } catch {
            switch error {
            case .tooLarge:
                throw InputFailure(
                    .inputTooLarge, "\(shown) is too large: the limit is \(sizeLimitText(limit))",
                    help: ["check that this is the file that you mean"])
            case .system(let error):
                if path != "-", kind(of: path) == .missing { throw RuleSetInput.missing(path) }
                throw InputFailure(.inputUnreadable, "\(shown) cannot be read: \(error)")
            }
        }
    }

    private static func sizeLimitText(_ limit: Int) -> String {
        limit >= 1 << 20 ? "\(limit >> 20) MiB" : "\(limit) bytes"
    }
}
