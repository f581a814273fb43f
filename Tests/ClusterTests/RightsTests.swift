import NIOCore
import NIOPosix
import Testing

@testable import Cluster

/// What each identity asks of the API server, held against the roles that the chart gives it.
@Suite(.ownThreads) struct RightsTests {
    private static let managerRole: Set<StubAPIServer.Call> = [
        .init(identity: "manage", verb: "get", resource: "secrets", name: "ruled-ca"),
        .init(identity: "manage", verb: "create", resource: "secrets", name: "ruled-ca"),
        .init(identity: "manage", verb: "patch", resource: "secrets", name: "ruled-ca"),
        .init(identity: "manage", verb: "get", resource: "mutatingwebhookconfigurations", name: "ruled"),
        .init(identity: "manage", verb: "patch", resource: "mutatingwebhookconfigurations", name: "ruled"),
        .init(identity: "manage", verb: "get", resource: "validatingwebhookconfigurations", name: "ruled"),
        .init(identity: "manage", verb: "patch", resource: "validatingwebhookconfigurations", name: "ruled"),
    ]
    private static let servingRole: Set<StubAPIServer.Call> = [
        .init(identity: "serve", verb: "get", resource: "secrets", name: "ruled-ca")
    ]

    @Test("the manager and the replicas use all that their roles allow, and nothing else")
    func certificates() async throws {
        let release = try Release()
        let (manage, serve) = (try TemporaryFile("m"), try TemporaryFile("s"))
        release.server.accept(["m": "manage", "s": "serve"])
        let manager = try release.manager(tokenFile: manage.path)
        let replica = try release.replica(tokenFile: serve.path)
        try await manager.look()
        try await replica.issuer.look()
        // A rotation, a lost Secret and a lost bundle, so that every kind of call is made.
        release.clock.advance(release.timing.authorityAge)
        for _ in 0..<4 {
            try await manager.look()
            try await replica.issuer.look()
            release.clock.advance(release.timing.propagation)
        }
        release.server.cluster.remove(release.secretPath)
        try await manager.look()
        release.setBundle(.validating, "")
        try await manager.look()
        #expect(Set(release.server.calls) == Self.managerRole.union(Self.servingRole))
    }

    @Test("rules that ask for labels of namespaces make a replica use all that their role allows, and nothing else")
    func namespaces() async throws {
        let server = try StubAPIServer()
        server.cluster.setNamespace("a", [:])
        let token = try TemporaryFile("s")
        server.accept(["s": "serve"])
        let store = NamespaceStore(client: try server.client(tokenFile: token.path), log: Lines().log)
        #expect(server.calls == [])
        store.follow()
        #expect(await eventually { server.watchCount == 1 })
        _ = try await store.lookUp("a", on: MultiThreadedEventLoopGroup.singleton.next()).get()
        let role: Set<StubAPIServer.Call> = [
            .init(identity: "serve", verb: "list", resource: "namespaces", name: ""),
            .init(identity: "serve", verb: "watch", resource: "namespaces", name: ""),
            .init(identity: "serve", verb: "get", resource: "namespaces", name: "a"),
        ]
        #expect(Set(server.calls) == role)
    }
}
