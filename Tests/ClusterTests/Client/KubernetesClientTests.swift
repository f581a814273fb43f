import Foundation
import NIOCore
import NIOSSL
import Server
import Synchronization
import Testing

@testable import Cluster

/// The client against answers that go wrong.
@Suite(.ownThreads) struct KubernetesClientTests {
    private static let path = "/api/v1/namespaces/ruled/secrets/ca"

    private func server() throws -> StubAPIServer {
        let server = try StubAPIServer()
        server.cluster.put(Self.path, ["metadata": ["name": "ca"], "data": [:] as [String: String]])
        return server
    }

    @Test("an answer comes back whole")
    func answer() async throws {
        let server = try server()
        let bytes = try await server.client().send(.init(path: Self.path))
        #expect(try SecretObject.read(bytes).metadata.name == "ca")
    }

    @Test("a token that was renewed is read again and the request repeated once")
    func token() async throws {
        let server = try server()
        let file = try TemporaryFile("old\n")
        server.accept(["old": "serve"])
        let client = try server.client(tokenFile: file.path)
        _ = try await client.send(.init(path: Self.path))
        try file.write("new")
        server.accept(["new": "serve"])
        _ = try await client.send(.init(path: Self.path))
        #expect(server.calls.count == 2)
    }

    @Test("a token that stays wrong is a failure, not a loop")
    func wrongToken() async throws {
        let server = try server()
        server.accept(["right": "serve"])
        let client = try server.client(tokenFile: try TemporaryFile("wrong").path)
        let failure = await #expect(throws: APIFailure.self) { _ = try await client.send(.init(path: Self.path)) }
        #expect(failure?.kind == .unauthorized)
    }

    @Test(
        "each status says what a caller has to do",
        arguments: [
            (403, APIFailure.Kind.forbidden), (404, .notFound), (409, .conflict), (410, .expired), (422, .refused),
            (429, .busy), (500, .server), (503, .server),
        ])
    func statuses(status: Int, kind: APIFailure.Kind) async throws {
        let server = try server()
        var answer = StubCluster.status(status, "Reason", "this\nis why")
        answer.headers = [("retry-after", "7")]
        server.failNext([.answer(answer)])
        let client = try server.client()
        let failure = await #expect(throws: APIFailure.self) { _ = try await client.send(.init(path: Self.path)) }
        #expect(failure == APIFailure(kind, status: status, "this is why (\(status))", retryAfter: 7))
        #expect(server.calls.count == 1)
    }

    @Test(
        "what a kube-apiserver really answered is understood", .enabled(if: Recorded.isThere),
        arguments: [
            ("unauthorized-401.txt", APIFailure.Kind.unauthorized), ("forbidden-403.txt", .forbidden),
            ("namespace-404.txt", .notFound), ("secret-create-409-exists.txt", .conflict),
            ("secret-update-409-conflict.txt", .conflict), ("list-expired-410.txt", .expired),
            ("mwc-patch-test-failed-422.txt", .refused),
        ])
    func recorded(name: String, kind: APIFailure.Kind) async throws {
        let server = try server()
        server.failNext([.answer(try Recorded.answer(name))])
        let client = try server.client()
        let failure = await #expect(throws: APIFailure.self) { _ = try await client.send(.init(path: Self.path)) }
        #expect(failure?.kind == kind)
        #expect(failure?.message.contains("\n") == false)
    }

    @Test("a connection that breaks is a failure at once", arguments: [StubAPIServer.Fault.cut, .hangUp])
    func broken(fault: StubAPIServer.Fault) async throws {
        let server = try server()
        server.failNext([fault])
        let client = try server.client()
        let failure = await #expect(throws: APIFailure.self) { _ = try await client.send(.init(path: Self.path)) }
        #expect(failure?.kind == .unreachable)
        _ = try await client.send(.init(path: Self.path))
    }

    @Test("an answer that does not come in time is given up, and so is one that stops in the middle")
    func slow() async throws {
        let server = try server()
        server.failNext([.silence])
        let client = try server.client()
        let failure = await #expect(throws: APIFailure.self) {
            _ = try await client.send(.init(path: Self.path, seconds: 0.2))
        }
        #expect(failure?.kind == .timeout)
        // A watch on which nothing happens never ends by itself.
        let stopped = await #expect(throws: APIFailure.self) {
            try await client.stream(.init(path: StubCluster.namespaces, query: [("watch", "1")], seconds: 0.2)) { _ in
                true
            }
        }
        #expect(stopped?.kind == .timeout)
    }

    @Test("a server that is not there is unreachable")
    func absent() async throws {
        let client = try KubernetesClient(APIServer(url: "http://127.0.0.1:1", tokenFile: nil, authorityFile: nil))
        let failure = await #expect(throws: APIFailure.self) { _ = try await client.send(.init(path: "/")) }
        #expect(failure?.kind == .unreachable)
    }

    @Test("the server's certificate is verified, and a CA that the cluster renewed is read again")
    func authority() async throws {
        let now = DateClock.now
        let authorities = try (0..<2).map { _ in try CertificateAuthority(now: now, life: 86_400) }
        let served = Mutex(authorities[0])
        let server = try StubAPIServer(tls: {
            let leaf = try served.withLock { $0 }.issue(names: ["localhost"], now: now, life: 3_600)
            return try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: try NIOSSLCertificate.fromPEMBytes(leaf.chain).map { .certificate($0) },
                    privateKey: .privateKey(try NIOSSLPrivateKey(bytes: leaf.key, format: .pem))))
        })
        server.cluster.put(Self.path, ["metadata": ["name": "ca"]])
        let file = try TemporaryFile(authorities[0].trusted.pem)
        let client = try KubernetesClient(APIServer(url: server.url, tokenFile: nil, authorityFile: file.path))
        _ = try await client.send(.init(path: Self.path))
        served.withLock { $0 = authorities[1] }
        server.cutConnections()
        // The connection that was cut may be tried once more before that is noticed.
        let failure = await #expect(throws: APIFailure.self) {
            for _ in 0..<2 { _ = try await client.send(.init(path: Self.path)) }
        }
        #expect(failure?.kind == .unreachable)
        try file.write(authorities[1].trusted.pem)
        let isBack = await eventually { (try? await client.send(.init(path: Self.path))) != nil }
        #expect(isBack)
    }

    @Test("a stream gives its lines as they come, and ends when it is told")
    func stream() async throws {
        let server = try server()
        server.cluster.setNamespace("a", [:])
        server.cluster.setNamespace("b", [:])
        let lines = Lines()
        let request = KubernetesClient.Request(path: StubCluster.namespaces, query: [("watch", "1")])
        try await server.client().stream(request) { line in
            lines.add(String(decoding: line, as: UTF8.self))
            return lines.all.count < 2
        }
        #expect(lines.contain("\"name\":\"a\""))
        #expect(lines.contain("\"name\":\"b\""))
    }

    @Test("lines are cut where they end, in whatever pieces they come", arguments: 1...7)
    func lines(size: Int) throws {
        let bytes = Array("one\n\ntwo\nthree".utf8)
        var splitter = LineSplitter(limit: 5)
        var lines: [String] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            lines += try splitter.add(bytes[start..<min(start + size, bytes.count)]).map {
                String(decoding: $0, as: UTF8.self)
            }
        }
        #expect(lines == ["one", "two"])
        #expect(throws: APIFailure.self) { try splitter.add(Array("xyz".utf8)) }
    }

    @Test("waits double, stay under their limit, and heed what the server asks for")
    func backoff() {
        var backoff = Backoff(first: 1, limit: 10)
        #expect((0..<6).map { _ in backoff.failed(jitter: 1) } == [1, 2, 4, 8, 10, 10])
        #expect(backoff.failed(jitter: 0) == 5)
        #expect(backoff.failed(retryAfter: 30, jitter: 0) == 30)
        #expect(backoff.failed(retryAfter: 1e9, jitter: 0) == 300)
        backoff.succeeded()
        #expect(backoff.failed(jitter: 1) == 1)
    }
}

/// Where the API server is.
@Suite struct APIServerTests {
    @Test("the kubelet's variables and files say where the API server is")
    func inCluster() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "ruled-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("t".utf8).write(to: folder.appending(path: "token"))
        let environment = ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"]
        let server = try APIServer.inCluster(environment, folder: folder.path)
        #expect(server.url == "https://[fd00::1]:6443")
        #expect(server.tokenFile == folder.path + "/token")
        #expect(throws: APIServer.Failure.self) { try APIServer.inCluster([:], folder: folder.path) }
        #expect(throws: APIServer.Failure.self) { try APIServer.inCluster(environment, folder: "/nowhere") }
    }

    @Test(
        "a token is never sent in the clear to another machine",
        arguments: [
            "http://10.0.0.1", "http://127.0.0.1.example.com", "ftp://x", "https://a b", "https://u@h", "https://",
        ])
    func refused(url: String) {
        #expect(throws: APIServer.Failure.self) { try APIServer(url: url, tokenFile: nil, authorityFile: nil) }
    }
}
