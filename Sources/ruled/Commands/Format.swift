import ArgumentParser
import RuleLang

/// `ruled fmt`: canonical layout.
struct Format: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fmt",
        abstract: "Brings rule files into the canonical layout.",
        discussion: """
            Files are rewritten in place, and the names of those that changed are printed. No comment is lost, and a \
            file that does not parse is left as it is.

              ruled fmt                    the files of rules/
              ruled fmt --check rules      only say which files would change
              ruled fmt --diff rules       show what would change
              ruled fmt - < a.rules        standard input to standard output

            Exit codes: 0 done, 1 some file does not parse or (--check, --diff) would change, 2 could not run.
            """
    )

    @Argument(help: "Directories and .rules files; - is standard input.", completion: .file())
    var paths: [String] = ["rules"]

    @Flag(help: "Write nothing; list the files that would change.")
    var check = false

    @Flag(help: "Write nothing; print what would change as a unified diff.")
    var diff = false

    @OptionGroup var consoleOptions: ConsoleOptions

    func validate() throws {
        if paths.count(where: { $0 == "-" }) > 1 { throw ValidationError("standard input can be read only once") }
        for path in paths where path != "-" {
            if FileSystem.kind(of: path) == .file, !path.hasSuffix(".rules") {
                throw ValidationError("`\(path)` is no .rules file; to format another file: ruled fmt - < \(path)")
            }
        }
    }

    func run() throws {
        let console = consoleOptions.console
        let inputs = try paths.map { try input($0) }
        var isClean = true
        for file in inputs.flatMap(\.files) {
            guard let formatted = format(file, console) else {
                isClean = false
                continue
            }
            let isStandardInput = file.name == "<stdin>"
            let changes = formatted != file.bytes
            if diff {
                if changes { console.out.write(UnifiedDiff.text(old: file.bytes, new: formatted, name: file.name)) }
            } else if check {
                if changes { console.out.line(file.name) }
            } else if isStandardInput {
                console.out.write(formatted)
            } else if changes {
                do {
                    try FileSystem.replace(file.name, with: formatted)
                } catch {
                    console.flush()
                    throw InputFailure(.inputUnreadable, "`\(file.name)` cannot be written: \(error)")
                }
                console.out.line(file.name)
            }
            if changes, check || diff { isClean = false }
        }
        console.end(isClean ? 0 : 1)
    }

    private func input(_ path: String) throws(InputFailure) -> RuleSetInput {
        guard path == "-" else { return try RuleSetInput.read(path) }
        let bytes = try FileSystem.readInput("-", limit: RuleSetInput.sizeLimit)
        return RuleSetInput(name: "<stdin>", files: [SourceFile(name: "<stdin>", bytes: bytes)])
    }

    /// The canonical text of a file; nil, with the reasons on standard error, where the file has to stay as it is.
    private func format(_ file: SourceFile, _ console: Console) -> [UInt8]? {
        let parsed = SyntaxTree.parse(file)
        if parsed.diagnostics.contains(where: { $0.severity == .error }) {
            console.show(parsed.diagnostics, of: [file])
            console.err.line("\n\(file.name): left as it is, because it does not parse")
            return nil
        }
        let text = SourceFormatter.format(parsed.tree)
        let again = SyntaxTree.parse(SourceFile(name: file.name, text: text))
        let keepsMeaning =
            !again.diagnostics.contains { $0.severity == .error } && again.tree.means(parsed.tree)
            && SourceFormatter.comments(of: again.tree) == SourceFormatter.comments(of: parsed.tree)
        guard keepsMeaning else {
            console.err.line("error: \(file.name) is left as it is: its layout cannot be changed without its meaning")
            console.err.line("  = note: this is a fault of the formatter; please report it with the file")
            return nil
        }
        return Array(text.utf8)
    }
}
