import Foundation
import Testing

@testable import Server

@Suite("Limits, over a socket", .serialized)
struct LimitTests {
    private static let head = "POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

    private func server(_ change: @escaping (inout ServerConfiguration.Limits) -> Void) throws -> TestServer {
        try TestServer { configuration, _ in change(&configuration.limits) }
    }

    @Test("a connection that says nothing, and a TLS handshake that stops, are closed")
    func silence() throws {
        let tls = try TestServer(tls: .selfSigned(names: [])) { configuration, _ in
            configuration.limits.handshakeSeconds = 0.3
        }
        let silent = try tls.connect()
        #expect(silent.isClosed(within: 5))
        let stopped = try tls.connect()
        stopped.send([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00])
        #expect(stopped.isClosed(within: 5))
        #expect(try tls.metric("ruled_connections_closed_total{reason=\"handshake-timeout\"}") == 2)
        let plain = try server { $0.requestSeconds = 0.3 }
        #expect(try plain.connect().isClosed(within: 5))
    }

    @Test("plain HTTP on the TLS port is closed, and counted")
    func plainOnTLS() throws {
        let server = try TestServer(tls: .selfSigned(names: []))
        let client = try server.connect()
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(client.isClosed(within: 5))
        #expect(try server.eventually { try server.metric("ruled_tls_failures_total") ?? 0 >= 1 })
    }

    @Test("a header and a body that drip are ended by one deadline, while others are answered")
    func dripping() throws {
        let server = try server { $0.requestSeconds = 0.6 }
        for opening in ["POST /mutate HTTP/1.1\r\nX: ", Self.head + "Content-Length: 1000\r\n\r\n"] {
            let client = try server.connect()
            client.send(opening)
            let begin = Date()
            Thread.detachNewThread {
                while Date().timeIntervalSince(begin) < 3, client.send(Array("A".utf8)) { usleep(100_000) }
            }
            #expect(try server.post(TestServer.pod()).status == 200)
            #expect(client.response()?.status == 408)
            #expect(Date().timeIntervalSince(begin) < 2)
            #expect(client.isClosed(within: 4))
        }
        #expect(try server.eventually { try server.metric("ruled_in_flight_bytes") == 0 })
    }

    @Test("a length that lies holds the connection no longer than a request may take")
    func lyingLength() throws {
        let server = try server { $0.requestSeconds = 0.4 }
        let client = try server.connect()
        client.send(Client.post(TestServer.pod(), headers: "").dropLast(5))
        #expect(client.response()?.status == 408)
        // A length that is too short makes the rest of the body the next request, which is none.
        let short = try server.connect()
        short.send(Self.head + "Content-Length: 2\r\n\r\n{}garbage that follows\r\n\r\n")
        #expect(short.response()?.status == 400)
        #expect(short.response()?.status == 400)
        #expect(short.isClosed(within: 4))
    }

    @Test("an idle connection ends after the idle time, an old one after an answer")
    func idleAndAge() throws {
        let idle = try server { $0.idleSeconds = 0.4 }
        let client = try idle.connect()
        client.send(Client.post(TestServer.pod()))
        #expect(client.response()?.headers["connection"] == nil)
        #expect(client.isClosed(within: 3))
        let aged = try server { $0.ageSeconds = 0.3 }
        let old = try aged.connect()
        old.send(Client.post(TestServer.pod()))
        #expect(old.response()?.headers["connection"] == nil)
        usleep(500_000)
        old.send(Client.post(TestServer.pod()))
        let last = try #require(old.response())
        #expect(last.status == 200)
        #expect(last.headers["connection"] == "close")
        #expect(old.isClosed(within: 2))
    }

    @Test("bytes over the common budget get 429 with Retry-After, and are given back")
    func bytesInFlight() throws {
        let server = try server {
            $0.bytesInFlight = 1_400_000
            $0.requestSeconds = 5
        }
        let holder = try server.connect()
        holder.send(Self.head + "Content-Length: 1000000\r\n\r\n")
        holder.send([UInt8](repeating: 0x20, count: 900_000))
        #expect(server.eventually { server.server.ledger.bytes >= 900_000 })
        let client = try server.connect()
        Thread.detachNewThread { client.send(Client.post([UInt8](repeating: 0x20, count: 400_000))) }
        let refused = try #require(client.response())
        #expect(refused.status == 429)
        #expect(refused.headers["retry-after"] == "1")
        #expect(try server.post(TestServer.pod()).status == 200)
        holder.send([UInt8](repeating: 0x20, count: 100_000))
        #expect(holder.response()?.status == 400)
        #expect(server.eventually { server.server.ledger.bytes == 0 })
        #expect(try server.metric("ruled_sheds_total{reason=\"bytes\"}") == 1)
    }

    @Test("large bodies that are held leave room for small ones, which are answered meanwhile")
    func heldBodies() throws {
        let size = 2 << 20
        let server = try server {
            $0.bytesInFlight = 4 * size
            $0.body = size
            $0.requestSeconds = 60
        }
        let holders = try (0..<4).map { _ in try server.connect() }
        for holder in holders.dropLast() {
            holder.send(Self.head + "Content-Length: \(size)\r\n\r\n")
            holder.send([UInt8](repeating: 0x20, count: size - 1))
        }
        #expect(server.eventually { server.server.ledger.bytes == 3 * (size - 1) })
        // The fourth may not take what is kept for others, whether it says how long it is or not.
        holders[3].send(Self.head + "Transfer-Encoding: chunked\r\n\r\n\(String(300_000, radix: 16))\r\n")
        holders[3].send([UInt8](repeating: 0x20, count: 300_000))
        #expect(holders[3].response()?.status == 429)
        for _ in 0..<5 {
            #expect(try server.post(TestServer.pod(padding: 200_000)).status == 200)
        }
        #expect(server.server.ledger.bytes == 3 * (size - 1))
        // A body that nobody could ever take is too large, not one to try again.
        let hopeless = try self.server { $0.bytesInFlight = 4 << 20 }
        let client = try hopeless.connect()
        client.send(Self.head + "Content-Length: \((3 << 20) + 1)\r\n\r\n")
        #expect(client.response()?.status == 413)
    }

    @Test("a declared length takes no memory, nor addresses, before its bytes come")
    func declaredLength() throws {
        let server = try server { $0.requestSeconds = 60 }
        let before = Self.addressSpace
        let clients = try (0..<200).map { _ in try server.connect() }
        for client in clients { client.send(Self.head + "Content-Length: \(16 << 20)\r\n\r\n{") }
        #expect(server.eventually { server.server.ledger.bytes == 200 })
        // Whole bodies would take 3,200 MiB; the threads of other tests, which run meanwhile, take some too.
        #expect(Self.addressSpace - before < 2_000 << 20)
    }

    /// The bytes of addresses that the process has taken.
    private static var addressSpace: Int {
        let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ").first
        return (pages.flatMap { Int($0) } ?? 0) * 4_096
    }

    @Test("a hundred bodies of 16 MiB at once stay within the budget, and a small review is answered meanwhile")
    func manyLargeBodies() throws {
        let server = try server { $0.requestSeconds = 30 }
        let body = [UInt8](repeating: 0x20, count: 16 << 20)
        let request = Client.post(body)
        let group = DispatchGroup()
        let statuses = Statuses()
        for _ in 0..<100 {
            group.enter()
            Thread.detachNewThread {
                defer { group.leave() }
                guard let client = try? server.connect() else { return statuses.add(0) }
                Thread.detachNewThread { client.send(request, timeout: 20) }
                statuses.add(client.response(timeout: 20)?.status ?? 0)
            }
        }
        #expect(try server.post(TestServer.pod()).status == 200)
        #expect(group.wait(timeout: .now() + 60) == .success)
        // A client that is still sending when it is refused may see the connection reset before it reads the 429.
        #expect(statuses.all.allSatisfy { [429, 400, 0].contains($0) }, "\(statuses.all)")
        #expect(statuses.all.count { $0 == 0 } <= 10, "\(statuses.all)")
        #expect(server.server.ledger.peakBytes <= 64 << 20)
    }

    final class Statuses: @unchecked Sendable {
        private let lock = NSLock()
        private var statuses: [Int] = []
        func add(_ status: Int) { lock.withLock { statuses.append(status) } }
        var all: [Int] { lock.withLock { statuses } }
    }

    @Test("one source cannot take every connection, and closed ones make room")
    func connections() throws {
        let server = try server { $0.connections = 40 }
        var held: [Client] = []
        for _ in 0..<60 { held.append(try server.connect()) }
        #expect(try server.eventually { try server.metric("ruled_sheds_total{reason=\"source\"}") == 30 })
        #expect(server.server.ledger.connections == 30)
        // Whoever says something is answered, from the same source as well.
        #expect(try server.post(TestServer.pod()).status == 200)
        let other = try server.connect(source: "127.0.0.2")
        other.send(Client.post(TestServer.pod()))
        #expect(other.response()?.status == 200)
        held = []
        #expect(server.eventually { server.server.ledger.connections <= 1 })
        #expect(try server.post(TestServer.pod()).status == 200)
    }

    @Test("connections that idle between requests keep nobody out, and those with a request stay")
    func idleConnections() throws {
        let server = try server {
            $0.connections = 16
            $0.requestSeconds = 60
        }
        let body = TestServer.pod()
        let request = Client.post(body)
        let busy = try server.connect(source: "127.0.0.3")
        busy.send(request)
        #expect(busy.response()?.status == 200)
        var held: [Client] = []
        for index in 0..<15 {
            let client = try server.connect(source: index < 11 ? "127.0.0.4" : "127.0.0.5")
            client.send(request)
            #expect(client.response()?.status == 200)
            held.append(client)
        }
        busy.send(request.prefix(100))
        // Until what was sent last is there.
        usleep(200_000)
        for _ in 0..<3 {
            let client = try server.connect(source: "127.0.0.6")
            client.send(request)
            #expect(client.response()?.status == 200)
            held.append(client)
        }
        // The longest idle went first.
        #expect(held[0].isClosed(within: 10) && held[1].isClosed(within: 10) && held[2].isClosed(within: 10))
        busy.send(request.dropFirst(100))
        #expect(busy.response()?.status == 200)
        #expect(server.lines.all.contains { $0.contains("closed=127.0.0.4") && $0.contains("for=127.0.0.6") })
    }

    @Test("where every connection has a request in progress, a new one is turned away")
    func busyConnections() throws {
        let server = try server {
            $0.connections = 4
            $0.requestSeconds = 60
        }
        let request = Client.post(TestServer.pod())
        let held = try (0..<4).map { try server.connect(source: "127.0.0.\($0 + 3)") }
        for client in held {
            client.send(request)
            #expect(client.response()?.status == 200)
            client.send(request.prefix(100))
        }
        usleep(200_000)
        #expect(try server.connect(source: "127.0.0.9").isClosed(within: 10))
        for client in held {
            client.send(request.dropFirst(100))
            #expect(client.response()?.status == 200)
        }
    }

    @Test("the operations port answers a probe, however many connections idle there")
    func idleProbes() throws {
        let server = try server { _ in }
        let port = try #require(server.server.adminPort)
        var held: [Client] = []
        for index in 0..<110 {
            let client = try Client(port: port, source: index < 75 ? "127.0.0.4" : "127.0.0.5")
            client.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(client.response()?.status == 200)
            held.append(client)
        }
        let probe = try Client(port: port, source: "127.0.0.6")
        probe.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(probe.response()?.status == 200)
    }

    @Test("a client that sends and does not read is held back, and then closed")
    func stall() throws {
        let server = try server { $0.answerSeconds = 0.5 }
        let client = try Client(port: server.port, receiveBuffer: 4_096)
        let request = Client.post(TestServer.pod())
        Thread.detachNewThread {
            let many = [[UInt8]](repeating: request, count: 200).flatMap { $0 }
            for _ in 0..<2_000 where !client.send(many, timeout: 1) { return }
        }
        #expect(
            try server.eventually {
                try server.metric("ruled_connections_closed_total{reason=\"answer-stall\"}") == 1
            })
        #expect(try server.post(TestServer.pod()).status == 200)
    }
}
