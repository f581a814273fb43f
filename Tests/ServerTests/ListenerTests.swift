import Engine
import Foundation
import Logging
import Testing

@testable import Server

@Suite("The webhook's listener", .serialized)
struct ListenerTests {
    @Test("every recorded review is answered byte for byte as the engine does", arguments: TestServer.reviewNames)
    func recorded(_ name: String) throws {
        let server = try TestServer()
        let body = try TestServer.review(name)
        let expected =
            try TestServer.program().answer(
                try AdmissionReview.read(body), namespaceLabels: TestServer.labels
            ).json() + [0x0a]
        let client = try server.connect()
        for _ in 0..<2 {
            client.send(Client.post(body))
            let response = try #require(client.response())
            #expect(response.status == 200)
            #expect(response.headers["content-type"] == "application/json")
            #expect(response.body == expected)
        }
    }

    @Test("pipelined reviews are answered in order, large ones between small ones")
    func pipelined() throws {
        let server = try TestServer()
        let bodies = (0..<8).map { TestServer.pod("nginx:\($0)", padding: $0 % 2 == 1 ? 400_000 : 0) }
        let client = try server.connect()
        let all = bodies.flatMap { Client.post($0) }
        Thread.detachNewThread { client.send(all) }
        let program = try TestServer.program()
        for body in bodies {
            let expected =
                program.answer(try AdmissionReview.read(body), namespaceLabels: TestServer.labels).json() + [0x0a]
            #expect(try #require(client.response()).body == expected)
        }
    }

    @Test("a chunked body, a body a piece, Expect and HTTP/1.0 are answered")
    func forms() throws {
        let server = try TestServer()
        let body = TestServer.pod()
        let head = "POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json; charset=utf-8\r\n"
        let client = try server.connect()
        client.send("\(head)Transfer-Encoding: chunked\r\n\r\n")
        for byte in body.prefix(20) { client.send("1\r\n\(String(decoding: [byte], as: UTF8.self))\r\n") }
        client.send(
            "\(String(body.count - 20, radix: 16))\r\n\(String(decoding: body.dropFirst(20), as: UTF8.self))\r\n0\r\n\r\n"
        )
        #expect(client.response()?.status == 200)
        client.send("\(head)Expect: 100-continue\r\nContent-Length: \(body.count)\r\n\r\n")
        #expect(client.response()?.status == 100)
        client.send(body)
        #expect(client.response()?.status == 200)
        let old = try server.connect()
        old.send("POST /mutate HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n")
        old.send(body)
        let response = try #require(old.response())
        #expect(response.status == 200)
        #expect(response.headers["connection"] == "close")
        #expect(old.isClosed(within: 2))
    }

    /// A request that is refused.
    struct Refused: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let request: String
        let status: Int

        init(_ name: String, _ status: Int, _ lines: [String], body: String = "") {
            testDescription = name
            request = lines.joined(separator: "\r\n") + "\r\n\r\n" + body
            self.status = status
        }

        private static let json = ["POST /mutate HTTP/1.1", "Host: x", "Content-Type: application/json"]

        static let all = [
            Refused("GET", 405, ["GET /mutate HTTP/1.1", "Host: x"]),
            Refused("another path", 404, ["POST /other HTTP/1.1", "Host: x", "Content-Length: 2"], body: "{}"),
            Refused(
                "text", 415, ["POST /mutate HTTP/1.1", "Host: x", "Content-Type: text/plain", "Content-Length: 2"],
                body: "{}"),
            Refused("gzip", 415, json + ["Content-Encoding: gzip", "Content-Length: 2"], body: "{}"),
            Refused("no review", 400, json + ["Content-Length: 2"], body: "{}"),
            Refused("no body", 400, json),
            Refused("too long", 413, json + ["Content-Length: 99999999999"]),
            Refused("longer than a number", 413, json + ["Content-Length: 9223372036854775808"]),
            Refused("a length and chunks", 400, json + ["Content-Length: 1", "Transfer-Encoding: chunked"]),
            Refused("a negative length", 400, json + ["Content-Length: -1"]),
            Refused("garbage", 400, ["\u{16}\u{3}\u{1} garbage"]),
            Refused("a long header", 431, json + ["X: " + String(repeating: "a", count: 20_000)]),
            Refused("many headers", 431, json + (0..<200).map { "X\($0): a" }),
            Refused("HTTP/2", 400, ["PRI * HTTP/2.0"], body: "SM\r\n\r\n"),
        ]
    }

    @Test("what is not a review is refused with a short JSON body", arguments: Refused.all)
    func refused(_ refused: Refused) throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send(refused.request)
        let response = try #require(client.response())
        #expect(response.status == refused.status)
        #expect(response.text.hasPrefix("{\"error\":\""))
        #expect(response.body.count < 200)
        // Others are answered all the same.
        #expect(try server.post(TestServer.pod()).status == 200)
    }

    @Test("a body over the limit is refused, and the client that sends it all sees the refusal")
    func largeBody() throws {
        let server = try TestServer()
        let client = try server.connect()
        let body = [UInt8](repeating: 0x20, count: 17 << 20)
        Thread.detachNewThread { client.send(Client.post(body)) }
        #expect(client.response()?.status == 413)
    }

    @Test("without rules a review passes with a warning, or is refused where the server fails closed")
    func withoutRules() throws {
        let open = try TestServer(rules: [:])
        let answer = try open.post(TestServer.pod())
        #expect(answer.status == 200)
        #expect(answer.text.contains("\"allowed\":true"))
        #expect(answer.text.contains("ruled has no rules yet"))
        #expect(!answer.text.contains("patch"))
        #expect(try open.get("/healthz").status == 200)
        #expect(try open.get("/readyz").status == 503)
        let closed = try TestServer(rules: [:]) { configuration, _ in configuration.failsClosed = true }
        #expect(try closed.post(TestServer.pod()).text.contains("\"allowed\":false"))
    }

    @Test(
        "a review that does not say what to decide is let pass with a warning and a count, or refused",
        arguments: [
            (#""object":{"#, #""objects":{"#), (#""object":{"#, #""object":null,"x":{"#),
            (#""kind":"Pod"},"n"#, #""n":1},"n"#),
            (#""operation":"CREATE""#, #""operation":null"#), (#""operation":"CREATE""#, #""operation":"create""#),
        ])
    func incomplete(_ part: String, _ replacement: String) throws {
        let body = Array(String(decoding: TestServer.pod(), as: UTF8.self).replacing(part, with: replacement).utf8)
        let open = try TestServer()
        let answer = try open.post(body)
        #expect(answer.text.contains("\"allowed\":true"))
        #expect(answer.text.contains("\"warnings\":[\"nothing is rewritten: "), "\(answer.text)")
        #expect(try open.metric("ruled_reviews_total{outcome=\"unreadable\"}") == 1)
        let closed = try TestServer { configuration, _ in configuration.failsClosed = true }
        #expect(try closed.post(body).text.contains("\"allowed\":false"))
    }

    @Test(
        "what holds no pod, and what is neither created nor updated, passes without a word",
        arguments: [
            (#""kind":"Pod"},"n"#, #""kind":"Eviction"},"n"#), (#""operation":"CREATE""#, #""operation":"DELETE""#),
            (#""operation":"CREATE","object":{"#, #""operation":"CONNECT","object":null,"x":{"#),
        ])
    func passed(_ part: String, _ replacement: String) throws {
        let body = Array(String(decoding: TestServer.pod(), as: UTF8.self).replacing(part, with: replacement).utf8)
        let server = try TestServer { configuration, _ in configuration.failsClosed = true }
        let answer = try server.post(body)
        #expect(answer.text.contains("\"allowed\":true") && !answer.text.contains("warnings"))
        #expect(try server.metric("ruled_reviews_total{outcome=\"passed\"}") == 1)
    }

    @Test("a target with scheme and host is taken as the path that it has")
    func absoluteForm() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send(Client.post(TestServer.pod(), path: "http://x/mutate"))
        #expect(client.response()?.text.contains("JSONPatch") == true)
    }

    @Test("which address cannot be listened on is said in words, and with which option")
    func takenAddress() throws {
        let server = try TestServer()
        let log = ServerLog(level: .error) { _ in }
        func failure(_ change: (inout ServerConfiguration) -> Void) -> String {
            var configuration = ServerConfiguration(rules: server.rulesFolder.path, tls: .off)
            configuration.listen = .init(host: "127.0.0.1", port: 0)
            configuration.adminListen = .init(host: "127.0.0.1", port: 0)
            change(&configuration)
            let other = WebhookServer(configuration: configuration, log: log)
            do throws(ServerFailure) {
                try other.start()
                other.stop()
                return ""
            } catch {
                return error.reason
            }
        }
        let taken = failure { $0.listen.port = server.port }
        #expect(taken.contains("--listen 127.0.0.1:\(server.port)") && taken.contains("another process"), "\(taken)")
        let admin = failure { $0.adminListen.port = server.port }
        #expect(admin.contains("--admin-listen 127.0.0.1:\(server.port)"), "\(admin)")
        let foreign = failure { $0.listen.host = "192.0.2.1" }
        #expect(foreign.contains("no address of this machine"), "\(foreign)")
        let unknown = failure { $0.listen.host = "a..b" }
        #expect(unknown.contains("no address is known"), "\(unknown)")
        for reason in [taken, admin, foreign, unknown] { #expect(!reason.contains("errno"), "\(reason)") }
    }

    @Test("what is listened on is logged as host and port, and what is not encrypted has no certificate")
    func plainListener() throws {
        let server = try TestServer()
        #expect(server.lines.all.contains { $0.contains("address=127.0.0.1:\(server.port) ") }, "\(server.lines.all)")
        #expect(try server.get("/readyz?verbose").text.contains("certificate: none is needed, TLS is off"))
    }

    @Test("unknown namespace labels let a pod pass with a warning and a count, or refuse it")
    func unknownLabels() throws {
        let open = try TestServer { configuration, _ in configuration.namespaceLabels = { _ in nil } }
        let answer = try open.post(TestServer.pod())
        #expect(answer.text.contains("\"allowed\":true"))
        #expect(answer.text.contains("are not known"))
        #expect(try open.metric("ruled_reviews_total{outcome=\"unknown-namespace\"}") == 1)
        let closed = try TestServer { configuration, _ in
            configuration.namespaceLabels = { _ in nil }
            configuration.failsClosed = true
        }
        #expect(try closed.post(TestServer.pod()).text.contains("\"allowed\":false"))
    }
}
