import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Server
import Synchronization

/// A client of the Kubernetes API, for the few requests that `ruled` makes.
///
/// Answers are bounded in size and time. A 401 makes it read the token again and ask once more; everything else that
/// goes wrong is the caller's to wait for and repeat.
package final class KubernetesClient: Sendable {
    /// A request.
    package struct Request: Sendable {
        var method = HTTPMethod.GET
        /// The path, from `/api` or `/apis` on.
        var path: String
        var query: [(String, String)] = []
        var contentType = ""
        var body: [UInt8] = []
        /// Seconds until the whole answer must be there.
        var seconds = 10.0

        /// What a name may be where it stands in a path (RFC 1123 subdomain).
        static func isName(_ text: String) -> Bool {
            !text.isEmpty && text.utf8.count <= 253
                && text.utf8.allSatisfy {
                    (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d || $0 == 0x2e
                }
                && !text.hasPrefix(".") && !text.hasPrefix("-")
        }
    }

    private struct Connection {
        var client: HTTPClient
        var authority: [UInt8]?
        var checkedAt: NIODeadline
    }

    /// The most bytes of one answer, or of one line of a watch.
    static let answerLimit = 16 << 20
    /// One thread for all clients of the process, which is none of the webhook's event loops.
    private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    private let server: APIServer
    private let token: ServiceAccountToken?
    private let connection: Mutex<Connection>
    package let requests = RequestCounts()

    /// Makes a client that connects when it is first asked.
    package init(_ server: APIServer) throws(APIServer.Failure) {
        self.server = server
        token = server.tokenFile.map { ServiceAccountToken(path: $0) }
        let authority = try Self.readAuthority(server)
        let client = try Self.makeClient(authority)
        connection = Mutex(Connection(client: client, authority: authority, checkedAt: .now()))
    }

    deinit {
        // A client that is not shut down ends the process.
        connection.withLock { Self.shutDown($0.client) }
    }

    /// The metrics of its requests, in Prometheus' text format.
    package func requestText() -> String {
        var out = PrometheusText()
        requests.write(to: &out)
        return out.text
    }

    /// Asks, and waits for the whole answer.
    package func send(_ request: Request) async throws(APIFailure) -> [UInt8] {
        let result = await withDeadline(request.seconds) { () async -> Result<[UInt8], APIFailure> in
            do throws(APIFailure) {
                let response = try await self.authorised(request)
                return .success(try await Self.collect(response, limit: Self.answerLimit))
            } catch {
                return .failure(error)
            }
        }
        return try (result ?? .failure(Self.late(request))).get()
    }

    /// Asks, and gives each line of the answer to `line` as it comes.
    ///
    /// - Parameters:
    ///   - begun: called once the answer has begun, which may be long before its first line.
    ///   - line: returns whether to go on.
    package func stream(
        _ request: Request, begun: @escaping @Sendable () -> Void = {},
        line: @escaping @Sendable ([UInt8]) async -> Bool
    ) async throws(APIFailure) {
        let result = await withDeadline(request.seconds) { () async -> Result<Void, APIFailure> in
            do throws(APIFailure) {
                let response = try await self.authorised(request)
                begun()
                return .success(try await Self.lines(of: response, line))
            } catch {
                return .failure(error)
            }
        }
        try (result ?? .failure(Self.late(request))).get()
    }

    // MARK: One exchange

    private func authorised(_ request: Request) async throws(APIFailure) -> HTTPClientResponse {
        var isFresh = false
        while true {
            let response = try await exchange(request, token: token?.value(fresh: isFresh))
            let status = Int(response.status.code)
            requests.count(status)
            if (200...299).contains(status) { return response }
            let body = (try? await Self.collect(response, limit: 64 << 10)) ?? []
            if status == 401, !isFresh, token != nil {
                isFresh = true
                continue
            }
            let retryAfter = response.headers.first(name: "retry-after").flatMap { Double($0) }
            throw APIFailure(status: status, body: body, retryAfter: retryAfter)
        }
    }

    private func exchange(_ request: Request, token: String?) async throws(APIFailure) -> HTTPClientResponse {
        var url = server.url + request.path
        for (index, (name, value)) in request.query.enumerated() {
            url += "\(index == 0 ? "?" : "&")\(name)=\(Self.escape(value))"
        }
        var message = HTTPClientRequest(url: url)
        message.method = request.method
        message.headers.add(name: "accept", value: "application/json")
        message.headers.add(name: "user-agent", value: "ruled")
        if let token { message.headers.add(name: "authorization", value: "Bearer \(token)") }
        if !request.contentType.isEmpty {
            message.headers.add(name: "content-type", value: request.contentType)
            message.body = .bytes(request.body)
        }
        do {
            return try await current().execute(message, timeout: Self.amount(request.seconds))
        } catch {
            requests.count(0)
            if Task.isCancelled || (error as? HTTPClientError) == .deadlineExceeded { throw Self.late(request) }
            recheck()
            throw APIFailure(.unreachable, "the API server cannot be reached: \(error)")
        }
    }

    private static func late(_ request: Request) -> APIFailure {
        APIFailure(.timeout, "no complete answer within \(request.seconds) s")
    }

    private static func collect(_ response: HTTPClientResponse, limit: Int) async throws(APIFailure) -> [UInt8] {
        do {
            let buffer = try await response.body.collect(upTo: limit)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw APIFailure(.malformed, "the answer is larger than \(limit) bytes")
        } catch {
            throw APIFailure(.unreachable, "the answer broke off: \(error)")
        }
    }

    private static func lines(
        of response: HTTPClientResponse, _ line: @Sendable ([UInt8]) async -> Bool
    ) async throws(APIFailure) {
        var splitter = LineSplitter(limit: answerLimit)
        do {
            for try await buffer in response.body {
                for text in try splitter.add(buffer.readableBytesView) where await !line(text) { return }
            }
        } catch let failure as APIFailure {
            throw failure
        } catch {
            throw APIFailure(.unreachable, "the stream broke off: \(error)")
        }
    }

    // MARK: The connection

    /// The client, made anew where the file of authorities changed: clusters renew their CA too.
    private func current() -> HTTPClient {
        connection.withLock { connection in
            let now = NIODeadline.now()
            if now - connection.checkedAt >= .seconds(60) {
                connection.checkedAt = now
                if let authority = try? Self.readAuthority(server), authority != connection.authority,
                    let client = try? Self.makeClient(authority)
                {
                    Self.shutDown(connection.client)
                    connection.client = client
                    connection.authority = authority
                }
            }
            return connection.client
        }
    }

    /// Makes the next request look at the file of authorities.
    private func recheck() { connection.withLock { $0.checkedAt = .now() - .seconds(60) } }

    private static func readAuthority(_ server: APIServer) throws(APIServer.Failure) -> [UInt8]? {
        guard let path = server.authorityFile else { return nil }
        switch FileReading.read(path, limit: 1 << 20) {
        case .success(let bytes): return bytes
        case .failure(let failure):
            throw APIServer.Failure(reason: "the API server's CA at `\(path)` cannot be read: \(failure.reason)")
        }
    }

    private static func makeClient(_ authority: [UInt8]?) throws(APIServer.Failure) -> HTTPClient {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let authority {
            guard let roots = try? NIOSSLCertificate.fromPEMBytes(authority), !roots.isEmpty else {
                throw APIServer.Failure(reason: "the API server's CA is not PEM that can be read")
            }
            tls.trustRoots = .certificates(roots)
        }
        var configuration = HTTPClient.Configuration()
        configuration.tlsConfiguration = tls
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.decompression = .disabled
        // The API server sends a bookmark about every minute, so two of silence mean that nobody is there.
        configuration.timeout = .init(connect: .seconds(5), read: .seconds(120))
        // The callers wait and try again themselves, and want to know why.
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroup: group, configuration: configuration)
    }

    private static func shutDown(_ client: HTTPClient) {
        client.shutdown { _ in }
    }

    private static func amount(_ seconds: Double) -> TimeAmount {
        .milliseconds(Int64(min(max(seconds, 0.001), 86_400) * 1_000))
    }

    /// Percent-encoding of a query's value (RFC 3986, section 2.1).
    private static func escape(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        var escaped = ""
        for byte in text.utf8 {
            switch byte {
            case 0x61...0x7a, 0x41...0x5a, 0x30...0x39, 0x2d, 0x2e, 0x5f, 0x7e:
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default: escaped += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
        return escaped
    }
}

/// Runs something for at most so many seconds, and cancels it then; nil where it took longer.
func withDeadline<Value: Sendable>(
    _ seconds: Double, _ work: @escaping @Sendable () async -> Value
) async -> Value? {
    await withTaskGroup(of: Value?.self) { group in
        group.addTask { await work() }
        group.addTask {
            try? await Task.sleep(for: .seconds(seconds))
            return nil
        }
        let first = await group.next() ?? nil
        group.cancelAll()
        return first
    }
}
