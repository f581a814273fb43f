import Foundation
import Logging
import Server

@testable import Cluster

/// Waits until something holds, at most a minute.
func eventually(_ condition: () async throws -> Bool) async rethrows -> Bool {
    for _ in 0..<6_000 {
        if try await condition() { return true }
        try? await Task.sleep(for: .milliseconds(10))
    }
    return false
}

/// What was logged.
final class Lines: @unchecked Sendable {
    private let lock = NSLock()
    private var lines: [String] = []
    func add(_ line: String) { lock.withLock { lines.append(line) } }
    var all: [String] { lock.withLock { lines } }
    func contain(_ text: String) -> Bool { all.contains { $0.contains(text) } }
    var log: ServerLog { ServerLog(level: .debug) { self.add($0) } }
}

/// A file that goes when it is not needed any more.
final class TemporaryFile: @unchecked Sendable {
    let path = FileManager.default.temporaryDirectory.appending(path: "ruled-\(UUID().uuidString)").path
    init(_ text: String) throws { try write(text) }
    func write(_ text: String) throws { try Data(text.utf8).write(to: URL(filePath: path), options: .atomic) }
    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A clock that a test sets.
final class TestClock: @unchecked Sendable {
    private let lock = NSLock()
    private var wallTime: Double
    private var monotonicTime = 0.0

    init(_ now: Double = 1_800_000_000) {
        wallTime = now
    }

    var now: Double { lock.withLock { wallTime } }
    func advance(_ seconds: Double) {
        lock.withLock {
            wallTime += seconds
            monotonicTime += seconds
        }
    }
    /// Moves the wall clock alone.
    func jump(_ seconds: Double) { lock.withLock { wallTime += seconds } }
    var clock: CertificateManager.Clock {
        .init(wall: { self.now }, monotonic: { self.lock.withLock { self.monotonicTime } })
    }
}

/// Answers that a kube-apiserver 1.36 gave, which stand beside the checkout where there are any.
enum Recorded {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "shared/data/apiserver")
    static let isThere = FileManager.default.fileExists(atPath: folder.path)

    /// An answer with its head.
    static func answer(_ name: String) throws -> StubCluster.Answer {
        let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
        let normal = text.replacingOccurrences(of: "\r\n", with: "\n")
        let split = normal.range(of: "\n\n")
        let head = split.map { normal[..<$0.lowerBound] } ?? ""
        let status = Int(head.split(separator: " ").dropFirst().first?.prefix(3) ?? "") ?? 200
        let body = split.map { normal[$0.upperBound...] } ?? normal[...]
        return StubCluster.Answer(status: status, body: Array(body.utf8))
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appending(path: name)))
    }
}
