import Foundation
import Testing

/// The built `ruled`, run as a process.
enum CommandLineTool {
    /// What a run gave.
    struct Run {
        let status: Int32
        let output: String
        let errors: String
    }

    /// The executable stands beside the test bundle.
    static let executable = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appending(path: "ruled")

    /// The folder that holds Package.swift.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Runs the tool to its end.
    static func run(
        _ arguments: [String], input: String = "", in directory: URL = root, environment: [String: String] = [:]
    ) throws -> Run {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.currentDirectoryURL = directory
        process.environment = ["PATH": "/usr/bin:/bin"].merging(environment) { _, new in new }
        // Files rather than pipes: nothing can block, however much is written.
        process.standardInput = try FileHandle(forReadingFrom: try scratch.write("in", input))
        let output = try scratch.write("out", "")
        let errors = try scratch.write("err", "")
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        process.waitUntilExit()
        return Run(
            status: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
            output: try String(contentsOf: output, encoding: .utf8),
            errors: try String(contentsOf: errors, encoding: .utf8))
    }
}

/// Long outputs, held against files. RULED_UPDATE_GOLDEN=1 writes them.
enum Golden {
    /// Expects an output to be what a file of `Fixtures` holds.
    static func expect(_ output: String, is name: String) throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/\(name)")
        if ProcessInfo.processInfo.environment["RULED_UPDATE_GOLDEN"] == "1" {
            try Data(output.utf8).write(to: file)
        }
        #expect(try output == String(contentsOf: file, encoding: .utf8))
    }
}

/// A pseudo-terminal of Linux (pty(7)): what is written to one side can be read from the other.
struct PseudoTerminal {
    let reader: Int32
    let writer: Int32

    /// Whether this machine gives terminals.
    static let isAvailable: Bool = {
        guard let terminal = PseudoTerminal() else { return false }
        close(terminal.reader)
        close(terminal.writer)
        return true
    }()

    init?() {
        // Numbers of asm-generic/ioctls.h, which Swift does not import: TIOCSPTLCK and TIOCGPTN.
        let (lock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
        reader = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var isLocked: Int32 = 0
        var number: UInt32 = 0
        guard reader >= 0, ioctl(reader, lock, &isLocked) == 0, ioctl(reader, getNumber, &number) == 0 else {
            return nil
        }
        writer = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        guard writer >= 0 else { return nil }
    }
}

extension CommandLineTool {
    /// Runs the tool with a terminal as its standard output, or as its standard error, and returns what it wrote there.
    static func atTerminal(
        _ arguments: [String], in directory: URL, environment: [String: String] = [:], showsErrors: Bool = false
    ) throws -> String {
        let terminal = try #require(PseudoTerminal())
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.currentDirectoryURL = directory
        process.environment = ["PATH": "/usr/bin:/bin", "TERM": "xterm"].merging(environment) { _, new in new }
        process.standardInput = FileHandle.nullDevice
        let shown = FileHandle(fileDescriptor: terminal.writer, closeOnDealloc: false)
        process.standardOutput = showsErrors ? FileHandle.nullDevice : shown
        process.standardError = showsErrors ? shown : FileHandle.nullDevice
        try process.run()
        close(terminal.writer)
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        // Once nobody holds the other side, reading fails.
        while case let count = read(terminal.reader, &chunk, chunk.count), count > 0 { bytes += chunk.prefix(count) }
        close(terminal.reader)
        process.waitUntilExit()
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A folder for one test.
struct Scratch {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "ruled-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    /// Writes a file, and the folders that it needs.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> URL {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        return file
    }

    /// Makes a folder.
    func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(
            at: folder.appending(path: name), withIntermediateDirectories: true)
    }

    func read(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    func remove() {
        try? FileManager.default.removeItem(at: folder)
    }
}

/// A rule set of three rules, one of which looks at the namespace, and its two tests.
let sampleRules = """
    language 1
    ignore self
    bypass "direct.to/"

    rule quay {
        when namespace where team
        rewrite "quay.io/*" to "m.corp/quay/*"
    }

    rule hub {
        rewrite "docker.io/*" to "m.corp/hub/*"
    }

    rule closed {
        deny "evil.example/a" because "not from there"
    }

    test "hub images move" {
        given namespace labels team = a
        expect "nginx" becomes "m.corp/hub/library/nginx" by hub
    }

    test "quay images move" {
        given namespace labels team = a
        expect "quay.io/a/b:1" becomes "m.corp/quay/a/b:1" by quay
    }

    """
