import Foundation
import Testing

/// A `$ ruled …` line of a console block, and the output that the page shows for it.
struct ConsoleCommand: Sendable, CustomTestStringConvertible {
    let place: String
    let arguments: [String]
    let output: [String]

    var testDescription: String { "\(place): \(arguments.joined(separator: " "))" }

    static let all: [ConsoleCommand] = FencedBlock.all("console").flatMap { block in
        var commands: [ConsoleCommand] = []
        var current: (arguments: [String], output: [String])?
        func finish() {
            guard let (arguments, output) = current else { return }
            commands.append(ConsoleCommand(place: block.testDescription, arguments: arguments, output: output))
        }
        for line in block.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            if line.hasPrefix("$ ") {
                finish()
                var words = line.dropFirst(2).split(separator: " ").map(String.init)
                if words.starts(with: ["swift", "run", "-q"]) { words.removeFirst(3) }
                current = words.first == "ruled" ? (Array(words.dropFirst()), []) : nil
            } else {
                current?.output.append(String(line))
            }
        }
        finish()
        return commands
    }
}

/// The program that the documentation speaks of.
enum BuiltExecutable {
    /// The executable beside the tests, if it was built.
    static let url: URL? = {
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        var folders = [tests.deletingLastPathComponent()]
        folders.append(Repository.root.appendingPathComponent(".build/debug"))
        return folders.map { $0.appendingPathComponent("ruled") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }()
}

@Suite("the commands in the documentation")
struct ConsoleTests {
    @Test(
        "run, and print what the page shows", .enabled(if: BuiltExecutable.url != nil, "the executable is not built"),
        arguments: ConsoleCommand.all)
    func run(command: ConsoleCommand) throws {
        let process = Process()
        process.executableURL = BuiltExecutable.url
        process.arguments = command.arguments
        process.currentDirectoryURL = Repository.root
        process.environment = ["NO_COLOR": "1", "PATH": "/usr/bin:/bin"]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(process.terminationReason == .exit && process.terminationStatus <= 1)
        if !command.output.isEmpty {
            #expect(lines.map(String.init) == command.output + [""])
        }
    }
}
