import ArgumentParser
import RuleLang

/// The command line.
@main
struct Ruled: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ruled",
        abstract: "Checks, tests and explains rules that rewrite the images of Kubernetes pods.",
        discussion: """
            A rule set is a directory of *.rules files, one such file, or a ConfigMap that holds them.

              ruled validate rules               check it
              ruled test rules                   run its tests
              ruled explain nginx:1.27           what becomes of an image, and why
              ruled test --pod deployment.yaml   what becomes of a workload
              ruled docs language                the language in the terminal

            Exit codes: 0 clean, 1 the input has findings, 2 the command could not run.
            """,
        version: "0.1.0",
        subcommands: [
            Validate.self, Test.self, Explain.self, Review.self, Plan.self, Diff.self, Serve.self, Certs.self,
            Format.self, Docs.self, Completions.self,
        ]
    )

    static var _errorPrefix: String { "error: " }

    /// Runs the command that the arguments name.
    static func main() {
        endOnClosedPipe()
        do {
            if CommandLine.arguments.dropFirst().first == "help", unknownCommand != nil {
                finish(with: ValidationError(""))
            }
            var command = try parseAsRoot()
            try command.run()
        } catch let failure as InputFailure {
            let console = Console(color: .auto)
            console.show(failure.diagnostics, of: [])
            console.flush()
            endProcess(2)
        } catch {
            finish(with: error)
        }
    }

    private static var commandNames: [String] {
        var names = ["help"]
        for command in configuration.subcommands { names.append(command._commandName) }
        return names
    }

    /// The first argument, if it should be a command and is none.
    private static var unknownCommand: String? {
        var words = CommandLine.arguments.dropFirst()
        if words.first == "help" { words = words.dropFirst() }
        guard let first = words.first, !first.hasPrefix("-") else { return nil }
        return commandNames.contains(first) ? nil : first
    }

    /// Ends the process as an error asks for it. What ArgumentParser finds wrong with the arguments is a 2 here.
    private static func finish(with error: any Error) -> Never {
        if let code = error as? ExitCode { endProcess(code.rawValue) }
        let isHelp = exitCode(for: error) == .success
        let stream = ByteStream(descriptor: isHelp ? 1 : 2)
        if !isHelp, let unknown = unknownCommand {
            let near = Suggestion.closest(to: unknown, among: commandNames)
            stream.line("\(_errorPrefix)no command is called `\(unknown.sanitized)`")
            stream.line(
                "  = help: " + (near.map { "did you mean `ruled \($0)`?" } ?? "`ruled help` lists the commands"))
            stream.flush()
            endProcess(2)
        }
        let message = fullMessage(for: error)
        if !message.isEmpty { stream.line(message) }
        stream.flush()
        endProcess(isHelp ? 0 : 2)
    }
}
