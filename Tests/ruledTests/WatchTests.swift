import Foundation
import Testing

/// `--watch`, as a process that runs until it is interrupted.
@Suite struct WatchTests {
    private let good = "language 1\nrule hub { allow \"docker.io/*\" }\ntest \"t\" { expect \"nginx\" unchanged }\n"
    private var failing: String { good.replacing("unchanged", with: "denied") }
    private let broken = "language 1\nrul hub {}\n"

    @Test("Tests run again at each change; what is broken is shown, and the watch goes on until Ctrl-C")
    func editInPlace() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.write("rules/a.rules", good)
        let watch = try WatchedProcess(["test", "--watch"], in: scratch)
        defer { watch.kill() }
        try await watch.wait { $0.output.contains("rules: ok: 1 test, 1 expectation\n") }
        try scratch.write("rules/a.rules", failing)
        try await watch.wait { $0.output.contains("rules: 1 of 1 test failed\n") }
        try scratch.write("rules/a.rules", broken)
        try await watch.wait { $0.errors.contains("error[E0204]") && $0.errors.contains("no test was run") }
        try FileManager.default.removeItem(at: scratch.folder.appending(path: "rules"))
        try await watch.wait { $0.errors.contains("error[E0901]") }
        try scratch.write("rules/a.rules", good)
        try await watch.wait { $0.output.components(separatedBy: "rules: ok:").count == 3 }
        #expect(try await watch.interrupt() == 130)
        let (output, errors) = try watch.text
        #expect(output.contains(/^-- [0-9]{2}:[0-9]{2}:[0-9]{2}\n/))
        #expect(!(output + errors).contains("\u{1B}"))
        #expect(errors.components(separatedBy: "ctrl-c ends").count == 2)
    }

    @Test("A file that is written beside and renamed over counts as changed")
    func renameOver() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.write("a.rules", good)
        let watch = try WatchedProcess(["validate", "a.rules", "--watch"], in: scratch)
        defer { watch.kill() }
        try await watch.wait { $0.output.contains("a.rules: ok:") }
        try scratch.write("new", broken)
        #expect(
            rename(scratch.folder.appending(path: "new").path(), scratch.folder.appending(path: "a.rules").path()) == 0)
        try await watch.wait { $0.errors.contains("error[E0204]") }
        #expect(try await watch.interrupt() == 130)
    }

    @Test("A mounted ConfigMap that is swapped counts as changed")
    func swap() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let manager = FileManager.default
        func path(_ name: String) -> String { scratch.folder.appending(path: name).path() }
        try scratch.write("set/..1/a.rules", good)
        try scratch.write("set/..2/a.rules", failing)
        try manager.createSymbolicLink(atPath: path("set/..data"), withDestinationPath: "..1")
        try manager.createSymbolicLink(atPath: path("set/a.rules"), withDestinationPath: "..data/a.rules")
        let watch = try WatchedProcess(["test", "set", "--watch"], in: scratch)
        defer { watch.kill() }
        try await watch.wait { $0.output.contains("set: ok:") }
        try manager.createSymbolicLink(atPath: path("set/..tmp"), withDestinationPath: "..2")
        #expect(rename(path("set/..tmp"), path("set/..data")) == 0)
        try await watch.wait { $0.output.contains("set: 1 of 1 test failed") }
        #expect(try await watch.interrupt() == 130)
    }

    @Test(
        "What cannot be watched is a usage error",
        arguments: [
            ["test", "-", "--watch"], ["test", "--watch", "--format", "json"], ["validate", "-", "--watch"],
            ["validate", "--watch", "--format", "sarif"], ["test", "--pod", "p.yaml", "--watch"],
        ])
    func usage(arguments: [String]) throws {
        let run = try CommandLineTool.run(arguments)
        #expect(run.status == 2)
        #expect(run.errors.contains("--watch"))
    }
}

/// A process that runs on, with its output in files.
private final class WatchedProcess {
    private let process = Process()
    private let scratch: Scratch
    /// Longer than any machine needs; reached only where something hangs.
    private static let limit = Duration.seconds(120)

    struct TimedOut: Error {
        let output: String
        let errors: String
    }

    init(_ arguments: [String], in scratch: Scratch) throws {
        self.scratch = scratch
        process.executableURL = CommandLineTool.executable
        process.arguments = arguments
        process.currentDirectoryURL = scratch.folder
        process.environment = ["PATH": "/usr/bin:/bin"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: try scratch.write("out.log", ""))
        process.standardError = try FileHandle(forWritingTo: try scratch.write("err.log", ""))
        try process.run()
    }

    var text: (output: String, errors: String) {
        get throws { (try scratch.read("out.log"), try scratch.read("err.log")) }
    }

    /// Waits until the output is as expected.
    func wait(until isAsExpected: ((output: String, errors: String)) -> Bool) async throws {
        let end = ContinuousClock.now + Self.limit
        while !isAsExpected(try text) {
            guard ContinuousClock.now < end, process.isRunning else {
                throw TimedOut(output: try text.output, errors: try text.errors)
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Sends SIGINT, and returns how the process ended; negative for a signal.
    func interrupt() async throws -> Int32 {
        process.interrupt()
        let end = ContinuousClock.now + Self.limit
        while process.isRunning {
            guard ContinuousClock.now < end else { throw TimedOut(output: try text.output, errors: try text.errors) }
            try await Task.sleep(for: .milliseconds(20))
        }
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    /// Ends the process, whatever became of the test.
    func kill() {
        // Threads of the test runner block signals, and a child inherits that; this one cannot be blocked.
        if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
    }
}
