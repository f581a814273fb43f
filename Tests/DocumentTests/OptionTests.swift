import Foundation
import Testing

/// A command as the executable describes itself.
private struct Command: Decodable {
    struct Argument: Decodable {
        struct Name: Decodable {
            var kind: String
            var name: String
        }
        var names: [Name]?
        var shouldDisplay: Bool
    }
    var commandName: String
    var discussion: String?
    var arguments: [Argument]?
    var subcommands: [Command]?

    /// This one and all below it, by their full names.
    func all(under prefix: String = "") -> [(name: String, command: Command)] {
        let name = prefix.isEmpty ? commandName : "\(prefix) \(commandName)"
        return [(name, self)] + (subcommands ?? []).flatMap { $0.all(under: name) }
    }

    static func described() throws -> [(name: String, command: Command)] {
        struct Description: Decodable {
            var command: Command
        }
        let process = Process()
        process.executableURL = BuiltExecutable.url
        process.arguments = ["--experimental-dump-help"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return try JSONDecoder().decode(Description.self, from: output).command.all()
    }
}

@Suite(
    "the commands and what is written of them", .enabled(if: BuiltExecutable.url != nil, "the executable is not built"))
struct OptionTests {
    @Test("every option of every command stands in the pages about the command line or about operating")
    func documented() throws {
        let pages = try ["cli", "operations"].map {
            try String(contentsOf: Repository.root.appendingPathComponent("docs/\($0).md"), encoding: .utf8)
        }.joined()
        let written = Set(pages.matches(of: /--([a-z][a-z-]*[a-z])/).map { String($0.1) })
        let commands = try Command.described()
        #expect(commands.count > 10)
        for (name, command) in commands {
            for argument in command.arguments ?? [] where argument.shouldDisplay {
                for option in argument.names ?? [] where option.kind == "long" {
                    let isWritten = written.contains(option.name)
                    #expect(isWritten, "`--\(option.name)` of `\(name)`")
                }
            }
        }
    }

    @Test("help texts fit a terminal of 80 columns: paragraphs are one line, examples short ones")
    func narrow() throws {
        for (name, command) in try Command.described() {
            let lines = (command.discussion ?? "").split(separator: "\n", omittingEmptySubsequences: false)
            for (line, next) in zip(lines, lines.dropFirst() + [""]) {
                if line.hasPrefix(" ") {
                    #expect(line.count <= 80, "`\(name)`: \(line)")
                } else {
                    #expect(line.isEmpty || next.isEmpty, "`\(name)`: \(line)")
                }
            }
        }
    }
}
