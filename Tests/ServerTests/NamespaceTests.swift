import Foundation
import NIOCore
import Synchronization
import Testing

@testable import Server

/// The labels of namespaces, as a server asks for them.
@Suite struct NamespaceTests {
    /// A cluster whose namespaces a test sets.
    private final class Source: NamespaceLabelSource {
        struct State {
            var known: [String: [String: String]] = [:]
            var later: [String: [String: String]] = [:]
            var isSynced = false
            var isFollowed = false
            var asked: [String] = []
        }
        let state = Mutex(State())

        func labels(of namespace: String) -> [String: String]? { state.withLock { $0.known[namespace] } }
        func lookUp(_ namespace: String, on loop: any EventLoop) -> EventLoopFuture<[String: String]?> {
            let labels = state.withLock { state in
                state.asked.append(namespace)
                return state.later[namespace]
            }
            return loop.scheduleTask(in: .milliseconds(50)) { labels }.futureResult
        }
        func follow() { state.withLock { $0.isFollowed = true } }
        var isSynced: Bool { state.withLock { $0.isSynced } }
        var problem: String? { nil }
    }

    private static let labelRules = """
        language 1
        rule r {
            when namespace where a = b
            rewrite "docker.io/*" to "m.corp/*"
        }
        """
    private static let plainRules = """
        language 1
        rule r {
            rewrite "quay.io/*" to "m.corp/*"
        }
        """

    private func server(_ source: Source, rules: String, failsClosed: Bool = false) throws -> TestServer {
        try TestServer(rules: ["a.rules": rules]) { configuration, _ in
            configuration.namespaceLabels = { _ in nil }
            configuration.namespaces = source
            configuration.failsClosed = failsClosed
        }
    }

    private func patched(_ response: Client.Response) -> Bool { response.text.contains("JSONPatch") }

    @Test("labels that are known decide at once, and those that are not are asked for")
    func lookUp() throws {
        let source = Source()
        source.state.withLock {
            $0.isSynced = true
            $0.known["shop"] = ["a": "b"]
        }
        let server = try server(source, rules: Self.labelRules)
        #expect(patched(try server.post(TestServer.pod())))
        #expect(source.state.withLock { $0.asked } == [])
        source.state.withLock {
            $0.known = [:]
            $0.later["shop"] = ["a": "b"]
        }
        #expect(patched(try server.post(TestServer.pod())))
        #expect(source.state.withLock { $0.asked } == ["shop"])
        // A large review takes the same way.
        #expect(patched(try server.post(TestServer.pod(padding: 300_000))))
        source.state.withLock { $0.later = [:] }
        let unknown = try server.post(TestServer.pod())
        #expect(!patched(unknown))
        #expect(unknown.text.contains("\"allowed\":true"))
        #expect(unknown.text.contains("warnings"))
        #expect(try server.metric("ruled_reviews_total{outcome=\"unknown-namespace\"}") == 1)
    }

    @Test("while one connection waits for labels, it holds back what comes after, and answers in order")
    func pipelined() throws {
        let source = Source()
        source.state.withLock {
            $0.isSynced = true
            $0.later["shop"] = ["a": "b"]
        }
        let server = try server(source, rules: Self.labelRules)
        let client = try server.connect()
        client.send(Client.post(TestServer.pod("nginx:1")) + Client.post(TestServer.pod("nginx:2")))
        let first = try #require(client.response())
        let second = try #require(client.response())
        #expect(patched(first) && patched(second))
        #expect(first.body != second.body)
    }

    @Test("unknown labels are a denial where the server fails closed")
    func failsClosed() throws {
        let source = Source()
        source.state.withLock { $0.isSynced = true }
        let server = try server(source, rules: Self.labelRules, failsClosed: true)
        #expect(try server.post(TestServer.pod()).text.contains("\"allowed\":false"))
    }

    @Test("rules that newly ask for labels are taken up once the namespaces are known, and nothing is asked before")
    func newlyAsked() throws {
        let source = Source()
        let server = try server(source, rules: Self.plainRules)
        #expect(try server.get("/readyz").status == 200)
        #expect(!source.state.withLock { $0.isFollowed })
        let hash = server.server.liveHash
        try server.write(Self.labelRules, to: "a.rules")
        #expect(server.eventually { source.state.withLock { $0.isFollowed } })
        usleep(200_000)
        #expect(server.server.liveHash == hash)
        #expect(try server.get("/readyz?verbose").text.contains("the namespaces are not known yet"))
        source.state.withLock { $0.isSynced = true }
        #expect(server.eventually { server.server.liveHash != hash })
        #expect(try !server.get("/readyz?verbose").text.contains("not known yet"))
    }

    @Test("rules that wait and are taken back never become live")
    func takenBack() throws {
        let source = Source()
        let server = try server(source, rules: Self.plainRules)
        let hash = server.server.liveHash
        try server.write(Self.labelRules, to: "a.rules")
        #expect(server.eventually { source.state.withLock { $0.isFollowed } })
        try server.write(Self.plainRules, to: "a.rules")
        usleep(300_000)
        source.state.withLock { $0.isSynced = true }
        usleep(300_000)
        #expect(server.server.liveHash == hash)
    }

    @Test("without a source of labels, rules that ask for them are refused, and it is said which and what to do")
    func off() throws {
        let server = try TestServer(rules: ["a.rules": Self.plainRules]) { configuration, _ in
            configuration.namespaceLabels = { _ in nil }
            configuration.namespaceLabelRefusal = "do this"
        }
        try server.write(Self.labelRules, to: "a.rules")
        let isRefused = server.eventually {
            server.lines.all.contains { $0.contains("which are not known here") }
        }
        #expect(isRefused)
        #expect(server.lines.all.contains { $0.contains("rule `r` at") && $0.contains("a.rules:4") })
        #expect(server.lines.all.contains { $0.contains("do this") })
        #expect(try server.post(TestServer.pod("quay.io/x/y")).text.contains("JSONPatch"))
    }
}
