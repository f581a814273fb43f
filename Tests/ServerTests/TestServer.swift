import Engine
import Foundation
import Logging
import NIOCore
import NIOPosix
import RuleLang
import Testing

@testable import Server

/// A server on free loopback ports, with a folder of its own for its files.
///
/// Unchecked: everything it holds is set before it is shared.
final class TestServer: @unchecked Sendable {
    static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let reviews = package.appending(path: "Tests/EngineTests/Fixtures/reviews")
    static let loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()
    static let labels = ["pull-through-enabled": "true"]

    let folder: URL
    let server: WebhookServer
    let tls: ServerConfiguration.TLS
    let lines: Lines

    /// What was logged.
    final class Lines: @unchecked Sendable {
        private let lock = NSLock()
        private var lines: [String] = []
        func add(_ line: String) { lock.withLock { lines.append(line) } }
        var all: [String] { lock.withLock { lines } }
    }

    init(
        rules: [String: String]? = nil, tls: ServerConfiguration.TLS? = nil,
        change: (inout ServerConfiguration, URL) -> Void = { _, _ in }
    ) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "ruled-test-\(UUID().uuidString)")
        self.tls = tls ?? .off
        let rulesFolder = folder.appending(path: "rules")
        try FileManager.default.createDirectory(at: rulesFolder, withIntermediateDirectories: true)
        if let rules {
            for (name, text) in rules { try Data(text.utf8).write(to: rulesFolder.appending(path: name)) }
        } else {
            let source = Self.package.appending(path: "rules/ecr.rules")
            try FileManager.default.copyItem(at: source, to: rulesFolder.appending(path: "ecr.rules"))
        }
        var configuration = ServerConfiguration(rules: rulesFolder.path, tls: tls ?? .off)
        configuration.listen = .init(host: "127.0.0.1", port: 0)
        configuration.adminListen = .init(host: "127.0.0.1", port: 0)
        configuration.drainSeconds = 0
        configuration.reloadSeconds = 0.05
        configuration.threads = 2
        // Edits are checked after everything else, and the tests leave no time.
        configuration.editSeconds = 600
        let labels = Self.labels
        configuration.namespaceLabels = { _ in labels }
        change(&configuration, folder)
        let lines = Lines()
        self.lines = lines
        server = WebhookServer(configuration: configuration, log: ServerLog(level: .info) { lines.add($0) })
        try server.start()
    }

    deinit {
        server.stop()
        try? FileManager.default.removeItem(at: folder)
    }

    var port: Int { server.port ?? 0 }
    func connect(source: String = "127.0.0.1") throws -> Client { try Client(port: port, source: source) }
    var rulesFolder: URL { folder.appending(path: "rules") }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: rulesFolder.appending(path: name))
    }

    /// GET on the admin listener.
    func get(_ path: String) throws -> Client.Response {
        let client = try Client(port: server.adminPort ?? 0)
        client.send("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
        return try #require(client.response())
    }

    /// Posts a review on a connection of its own.
    func post(_ body: [UInt8]) throws -> Client.Response {
        let client = try connect()
        client.send(Client.post(body))
        return try #require(client.response())
    }

    /// A sample of /metrics.
    func metric(_ name: String) throws -> Double? {
        let line = try get("/metrics").text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return line.flatMap { Double($0.split(separator: " ").last ?? "") }
    }

    /// Waits until something holds, at most a minute.
    func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
        for _ in 0..<2_400 {
            if try condition() { return true }
            usleep(25_000)
        }
        return false
    }

    static func review(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: reviews.appending(path: name)))
    }

    static var reviewNames: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: reviews.path)) ?? []).filter {
            $0.hasSuffix(".json")
        }.sorted()
    }

    static func program() throws -> Program {
        let file = package.appending(path: "rules/ecr.rules")
        let source = SourceFile(name: "rules/ecr.rules", bytes: Array(try Data(contentsOf: file)))
        return try #require(RuleSet.load([source]).ruleSet?.program)
    }

    /// A small review of a pod with one image.
    static func pod(_ image: String = "nginx", padding: Int = 0) -> [UInt8] {
        let filler = String(repeating: "x", count: padding)
        return Array(
            """
            {"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u1","kind":{"group":"",\
            "version":"v1","kind":"Pod"},"namespace":"shop","operation":"CREATE","object":{"apiVersion":"v1",\
            "kind":"Pod","metadata":{"name":"p","annotations":{"a":"\(filler)"}},\
            "spec":{"containers":[{"name":"c","image":"\(image)"}]}}}}
            """.utf8)
    }
}
