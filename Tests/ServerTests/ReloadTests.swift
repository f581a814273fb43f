import Foundation
import Synchronization
import Testing

@testable import Server

@Suite("Rules and certificates that change", .serialized)
struct ReloadTests {
    private static func rules(to registry: String) -> String {
        "language 1\n\nrule r {\n    rewrite \"docker.io/*\" to \"\(registry)/*\"\n}\n"
    }

    private func target(_ server: TestServer) throws -> String {
        let object = try JSONSerialization.jsonObject(with: Data(try server.post(TestServer.pod()).body))
        let response = (object as? [String: Any])?["response"] as? [String: Any]
        let patch = Data(base64Encoded: response?["patch"] as? String ?? "") ?? Data()
        let text = String(decoding: patch, as: UTF8.self)
        return ["one", "two", "three"].first { text.contains("\($0).example") } ?? "none"
    }

    @Test("an edit is taken up, a broken one is refused with its findings, and the last good rules answer on")
    func edits() throws {
        let server = try TestServer(rules: ["a.rules": Self.rules(to: "one.example")])
        #expect(try target(server) == "one")
        try server.write(Self.rules(to: "two.example"), to: "a.rules")
        #expect(try server.eventually { try target(server) == "two" })
        let half = Self.rules(to: "three.example").dropLast(8)
        try server.write(String(half), to: "a.rules")
        #expect(
            try server.eventually {
                try server.metric("ruled_reloads_total{what=\"rules\",result=\"refused\"}") == 1
            })
        #expect(try target(server) == "two")
        let ready = try server.get("/readyz?verbose")
        #expect(ready.status == 200)
        #expect(ready.text.contains("the rule set is invalid"))
        #expect(ready.text.contains("a.rules:"))
        #expect(server.lines.all.contains { $0.contains("stay live") })
        try FileManager.default.removeItem(at: server.rulesFolder.appending(path: "a.rules"))
        usleep(300_000)
        #expect(try target(server) == "two")
        try FileManager.default.removeItem(at: server.rulesFolder)
        usleep(300_000)
        #expect(try target(server) == "two")
        #expect(try server.get("/readyz").status == 200)
        try FileManager.default.createDirectory(at: server.rulesFolder, withIntermediateDirectories: true)
        try server.write(Self.rules(to: "three.example"), to: "b.rules")
        #expect(try server.eventually { try target(server) == "three" })
        #expect(try server.get("/readyz?verbose").text.contains("as they are in the files") == false)
    }

    @Test("a mounted ConfigMap is read whole, whenever `..data` is swapped")
    func configMap() throws {
        let server = try TestServer(rules: [:])
        let manager = FileManager.default
        let folder = server.rulesFolder
        func publish(_ stamp: Int, _ registry: String) throws {
            let version = folder.appending(path: "..v\(stamp)")
            try manager.createDirectory(at: version, withIntermediateDirectories: true)
            // The rule uses a name that only the other file of the same version has.
            try Data("language 1\nlet target\(stamp) = \"\(registry)\"\n".utf8).write(
                to: version.appending(path: "let.rules"))
            try Data(
                "language 1\nrule r {\n    rewrite \"docker.io/*\" to \"${target\(stamp)}/*\"\n}\n".utf8
            ).write(to: version.appending(path: "rule.rules"))
            let link = folder.appending(path: "..data_tmp").path
            try manager.createSymbolicLink(atPath: link, withDestinationPath: "..v\(stamp)")
            #expect(rename(link, folder.appending(path: "..data").path) == 0)
            if stamp > 0 { try manager.removeItem(at: folder.appending(path: "..v\(stamp - 1)")) }
        }
        try publish(0, "one.example")
        for name in ["let.rules", "rule.rules"] {
            try manager.createSymbolicLink(
                atPath: folder.appending(path: name).path, withDestinationPath: "..data/\(name)")
        }
        #expect(try server.eventually { try target(server) == "one" })
        #expect(try server.get("/readyz").status == 200)
        for stamp in 1...30 {
            try publish(stamp, stamp == 30 ? "three.example" : "two.example")
            usleep(useconds_t(stamp * 1_000))
        }
        #expect(try server.eventually { try target(server) == "three" })
        #expect(!server.lines.all.contains { $0.contains("invalid") })
    }

    @Test("rules whose check takes too long are refused, and the next ones are taken up")
    func slow() throws {
        let server = try TestServer(rules: ["a.rules": Self.rules(to: "one.example")]) { configuration, _ in
            configuration.checkSeconds = 0.2
        }
        // Rules of one pattern that ask for a label each: every pair of them overlaps.
        let slow = (0..<3_000).map {
            "rule r\($0) {\n    when pod where key-\($0)\n    allow \"a.example/*\"\n}\n"
        }
        try server.write("language 1\n" + slow.joined(), to: "a.rules")
        #expect(try server.eventually { try server.get("/readyz?verbose").text.contains("not checked within") })
        #expect(try target(server) == "one")
        try server.write(Self.rules(to: "two.example"), to: "a.rules")
        #expect(try server.eventually { try target(server) == "two" })
    }

    @Test("an edit that is taken back leaves no complaint behind")
    func takenBack() throws {
        let server = try TestServer(rules: ["a.rules": Self.rules(to: "one.example")])
        try server.write("language 1\nrule\n", to: "a.rules")
        let last = "ruled_last_reload_successful{what=\"rules\"}"
        #expect(try server.eventually { try server.metric(last) == 0 })
        try server.write(Self.rules(to: "one.example"), to: "a.rules")
        #expect(try server.eventually { try server.metric(last) == 1 })
        #expect(try server.get("/readyz?verbose").text.contains("invalid") == false)
    }

    @Test("SIGHUP's reload takes an edit up without waiting")
    func reload() throws {
        let server = try TestServer(rules: ["a.rules": Self.rules(to: "one.example")]) { configuration, _ in
            configuration.reloadSeconds = 3_600
        }
        try server.write(Self.rules(to: "two.example"), to: "a.rules")
        server.server.reload()
        #expect(try server.eventually { try target(server) == "two" })
    }

    @Test("started without valid rules it is alive and not ready, and takes rules up when they come")
    func lateRules() throws {
        let server = try TestServer(rules: ["a.rules": "language 1\nrule\n"])
        let ready = try server.get("/readyz")
        #expect(ready.status == 503)
        #expect(ready.text.contains("the rule set is invalid"))
        try server.write(Self.rules(to: "one.example"), to: "a.rules")
        #expect(try server.eventually { try server.get("/readyz").status == 200 })
        #expect(try server.get("/rules").text.contains("\"rules\":1"))
    }

    private static let refused = "ruled_reloads_total{what=\"rules\",result=\"refused\"}"

    @Test("a link that leads nowhere refuses the rules whole, as in `ruled validate`", arguments: ["gone", "b.rules"])
    func brokenLink(_ target: String) throws {
        let server = try TestServer(rules: ["a.rules": Self.rules(to: "one.example")])
        let link = server.rulesFolder.appending(path: "b.rules").path
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
        #expect(try server.eventually { try server.metric(Self.refused) == 1 })
        #expect(try server.get("/readyz?verbose").text.contains("b.rules` is a link that leads nowhere"))
        // What is right beside it is not taken up without it.
        try server.write(Self.rules(to: "two.example"), to: "a.rules")
        server.server.reload()
        usleep(200_000)
        #expect(try self.target(server) == "one")
        try FileManager.default.removeItem(atPath: link)
        #expect(try server.eventually { try self.target(server) == "two" })
    }

    @Test("started with a link that leads nowhere, no rules are live")
    func brokenLinkAtStart() throws {
        let server = try TestServer(rules: ["a.rules": Self.rules(to: "one.example")]) { _, folder in
            try? FileManager.default.createSymbolicLink(
                atPath: folder.appending(path: "rules/b.rules").path, withDestinationPath: "gone")
        }
        #expect(try server.get("/readyz").status == 503)
        #expect(try target(server) == "none")
        #expect(server.lines.all.contains { $0.contains("is a link that leads nowhere") })
    }

    @Test("what is no file, and more bytes than a rule set may have, are refused in words")
    func unusualFiles() throws {
        let server = try TestServer(rules: ["a.rules": Self.rules(to: "one.example")])
        let path = server.rulesFolder.appending(path: "b.rules").path
        #expect(mkfifo(path, 0o600) == 0)
        func isSaid(_ words: String) -> Bool { server.eventually { server.lines.all.contains { $0.contains(words) } } }
        #expect(isSaid("b.rules` cannot be read: it is no regular file"))
        #expect(try target(server) == "one")
        try FileManager.default.removeItem(atPath: path)
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        #expect(truncate(path, off_t(RuleDirectory.byteLimit) + 1) == 0)
        #expect(isSaid("hold more than 64 MiB"))
        #expect(try target(server) == "one")
    }

    @Test("signals while it drains do not shorten the drain")
    func interruptedDrain() throws {
        let server = try TestServer { configuration, _ in configuration.drainSeconds = 1 }
        // A call that waits ends early where a signal comes in, whatever is done about the signal.
        signal(SIGURG) { _ in }
        let webhook = server.server
        let thread = Mutex<pthread_t?>(nil)
        let end = Mutex<Date?>(nil)
        let start = Date()
        Thread.detachNewThread {
            thread.withLock { $0 = pthread_self() }
            webhook.stop()
            end.withLock { $0 = Date() }
            // Kept, so that the last signal has somebody to go to.
            sleep(1)
        }
        #expect(server.eventually { webhook.isDraining })
        let stopping = try #require(thread.withLock { $0 })
        for _ in 0..<10 {
            pthread_kill(stopping, SIGURG)
            usleep(20_000)
        }
        #expect(server.eventually { end.withLock { $0 } != nil })
        #expect(try #require(end.withLock { $0 }).timeIntervalSince(start) >= 1)
    }

    @Test("stopping fails readiness, answers on with `Connection: close`, and loses no review in flight")
    func stopping() throws {
        let server = try TestServer { configuration, _ in configuration.drainSeconds = 1 }
        let idle = try server.connect()
        idle.send(Client.post(TestServer.pod()))
        #expect(idle.response()?.status == 200)
        let slow = try server.connect()
        let request = Client.post(TestServer.pod())
        slow.send(request.prefix(100))
        let (webhook, port) = (server.server, server.port)
        Thread.detachNewThread { webhook.stop() }
        #expect(server.eventually { server.server.isDraining })
        let late = try Client(port: port)
        late.send(request)
        #expect(late.response()?.headers["connection"] == "close")
        usleep(1_200_000)
        slow.send(request.dropFirst(100))
        #expect(slow.response()?.status == 200)
        #expect(idle.isClosed(within: 3))
    }
}
