import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import Cluster
@testable import Server

/// The store of labels against an API server.
@Suite(.ownThreads) struct NamespaceStoreTests {
    private let loop = MultiThreadedEventLoopGroup.singleton.next()

    private func started(_ server: StubAPIServer, lines: Lines = Lines()) async throws -> NamespaceStore {
        let store = NamespaceStore(client: try server.client(), log: lines.log)
        store.follow()
        #expect(await eventually { store.isSynced })
        return store
    }

    @Test("the list and the watch bring the labels of all namespaces")
    func follows() async throws {
        let server = try StubAPIServer()
        for number in 0..<1_200 { server.cluster.setNamespace("n\(number)", ["number": "\(number)"]) }
        let store = try await started(server)
        #expect(server.calls.filter { $0.verb == "list" }.count == 3)
        #expect((0..<1_200).allSatisfy { store.labels(of: "n\($0)")?["number"] == "\($0)" })
        #expect(store.labels(of: "other") == nil)
        #expect(await eventually { server.watchCount == 1 })
        server.cluster.setNamespace("other", ["a": "1"])
        #expect(await eventually { store.labels(of: "other")?["a"] == "1" })
        server.cluster.setNamespace("n7", [:])
        #expect(await eventually { store.labels(of: "n7") == ["kubernetes.io/metadata.name": "n7"] })
        server.cluster.deleteNamespace("n8")
        #expect(await eventually { store.labels(of: "n8") == nil })
        #expect(store.metricsText().contains("ruled_namespaces_synced 1\n"))
    }

    @Test("a watch that breaks goes on where it was, and misses nothing")
    func cut() async throws {
        let server = try StubAPIServer()
        let store = try await started(server)
        #expect(await eventually { server.watchCount == 1 })
        server.cutWatches()
        server.cluster.setNamespace("meanwhile", ["a": "1"])
        #expect(await eventually { store.labels(of: "meanwhile")?["a"] == "1" })
        #expect(server.calls.filter { $0.verb == "list" }.count == 1)
    }

    @Test("after a version that is too old the list is asked again, and what was deleted meanwhile is gone")
    func expired() async throws {
        let server = try StubAPIServer()
        server.cluster.setNamespace("old", [:])
        let store = try await started(server)
        #expect(await eventually { server.watchCount == 1 })
        server.goAway()
        server.cluster.deleteNamespace("old")
        server.cluster.setNamespace("new", [:])
        server.cluster.compact()
        server.comeBack()
        #expect(await eventually { store.labels(of: "new") != nil && store.labels(of: "old") == nil })
        #expect(store.metricsText().contains("ruled_namespace_lists_restarted_total 1\n"))
    }

    @Test("without the API server the labels stay, and what is not known stays unknown")
    func gone() async throws {
        let server = try StubAPIServer()
        server.cluster.setNamespace("a", ["x": "1"])
        let lines = Lines()
        let store = try await started(server, lines: lines)
        server.goAway()
        #expect(await eventually { store.problem != nil })
        #expect(store.labels(of: "a")?["x"] == "1")
        #expect(try await store.lookUp("b", on: loop).get() == nil)
        #expect(store.isSynced)
        server.comeBack()
        #expect(await eventually { store.problem == nil })
        #expect(lines.all.filter { $0.contains("cannot be followed") }.count == 1)
    }

    @Test("while the API server is away nothing counts as heard, and nobody says that namespaces are followed again")
    func silence() async throws {
        let server = try StubAPIServer()
        let lines = Lines()
        let store = try await started(server, lines: lines)
        #expect(await eventually { server.watchCount == 1 })
        func heard() -> String? {
            store.metricsText().split(separator: "\n").first { $0.hasPrefix("ruled_namespaces_heard_") }.map(
                String.init)
        }
        server.goAway()
        #expect(await eventually { store.problem != nil })
        let before = heard()
        // Two or three tries to come back.
        try await Task.sleep(for: .seconds(2.5))
        #expect(before != nil && heard() == before)
        #expect(store.problem != nil)
        #expect(lines.all.filter { $0.contains("cannot be followed") }.count == 1)
        #expect(!lines.contain("followed again"))
        server.comeBack()
        #expect(await eventually { lines.contain("followed again") })
    }

    @Test("a list that is refused says which right is missing")
    func forbidden() async throws {
        let server = try StubAPIServer()
        server.fail {
            $0.verb == "list" ? .answer(StubCluster.status(403, "Forbidden", "namespaces is forbidden")) : nil
        }
        let lines = Lines()
        let store = NamespaceStore(client: try server.client(), log: lines.log)
        store.follow()
        #expect(await eventually { store.problem?.contains("forbidden") == true })
        #expect(!store.isSynced)
        #expect(lines.contain("allow get, list and watch on namespaces"))
        server.fail { _ in nil }
        #expect(await eventually { store.isSynced })
    }

    @Test("what the watch has not brought yet is asked for once, however many wait")
    func lookUp() async throws {
        let server = try StubAPIServer()
        server.cluster.setNamespace("a", ["x": "1"])
        let store = NamespaceStore(client: try server.client(), log: Lines().log)
        server.failNext([.slow(0.1)])
        let answers = try await EventLoopFuture.whenAllSucceed(
            (0..<50).map { _ in store.lookUp("a", on: loop) }, on: loop
        )
        .get()
        #expect(answers.allSatisfy { $0?["x"] == "1" })
        #expect(server.calls.count == 1)
        #expect(try await store.lookUp("none", on: loop).get() == nil)
        #expect(try await store.lookUp("none", on: loop).get() == nil)
        #expect(server.calls.count == 2)
    }

    @Test("a question that is not answered in half a second comes to nothing")
    func slow() async throws {
        let server = try StubAPIServer()
        server.cluster.setNamespace("a", [:])
        server.failNext([.silence])
        let store = NamespaceStore(client: try server.client(), log: Lines().log)
        #expect(try await store.lookUp("a", on: loop).get() == nil)
    }
}
