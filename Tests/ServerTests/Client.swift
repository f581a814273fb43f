import Foundation

/// A client that does exactly what it is told, on a plain socket to 127.0.0.1.
///
/// Unchecked: a test sends on one thread and receives on another, which a socket allows.
final class Client: @unchecked Sendable {
    private let descriptor: Int32

    /// - Parameter source: the loopback address to come from.
    init(port: Int, source: String = "127.0.0.1", receiveBuffer: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var local = Self.address(source, 0)
        var remote = Self.address("127.0.0.1", UInt16(port))
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafePointer(to: &local) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
        }
        let isConnected = withUnsafePointer(to: &remote) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
        }
        guard isBound == 0, isConnected == 0 else { throw CocoaError(.fileReadUnknown) }
    }

    deinit { close(descriptor) }

    private static func address(_ host: String, _ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr(host)
        return address
    }

    /// Sends all bytes; returns whether the other side took them.
    @discardableResult
    func send(_ bytes: some Collection<UInt8>, timeout: Double = 10) -> Bool {
        limit(SO_SNDTIMEO, timeout)
        let bytes = Array(bytes)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// Some bytes; empty where the other side has closed, nil where nothing came in time.
    func receive(timeout: Double = 10) -> [UInt8]? {
        limit(SO_RCVTIMEO, timeout)
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count < 0, errno == EAGAIN || errno == EWOULDBLOCK { return nil }
        return Array(buffer.prefix(max(0, count)))
    }

    private func limit(_ option: Int32, _ seconds: Double) {
        var time = timeval(tv_sec: Int(seconds), tv_usec: Int((seconds - seconds.rounded(.down)) * 1e6))
        setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    /// One answer.
    struct Response {
        var status: Int
        var headers: [String: String]
        var body: [UInt8]
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    private var rest: [UInt8] = []

    /// Reads one answer; nil where the connection ends or nothing comes in time.
    func response(timeout: Double = 10) -> Response? {
        let end = Date().addingTimeInterval(timeout)
        while Date() < end {
            if let response = parsed() { return response }
            guard let bytes = receive(timeout: timeout), !bytes.isEmpty else { return nil }
            rest += bytes
        }
        return nil
    }

    private func parsed() -> Response? {
        guard let split = Data(rest).range(of: Data("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: rest[..<split.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
        }
        let length = Int(headers["content-length"] ?? "0") ?? 0
        guard rest.count >= split.upperBound + length else { return nil }
        let body = Array(rest[split.upperBound..<split.upperBound + length])
        rest.removeFirst(split.upperBound + length)
        let status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0
        return Response(status: status, headers: headers, body: body)
    }

    /// Whether the other side closes within a time; what it sends before is thrown away.
    func isClosed(within seconds: Double) -> Bool {
        let end = Date().addingTimeInterval(seconds)
        while Date() < end {
            if let bytes = receive(timeout: max(0.01, end.timeIntervalSinceNow)), bytes.isEmpty { return true }
        }
        return false
    }

    /// A review as a request.
    static func post(_ body: [UInt8], path: String = "/mutate?timeout=10s", headers: String = "") -> [UInt8] {
        let head = "POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\(headers)"
        return Array("\(head)Content-Length: \(body.count)\r\n\r\n".utf8) + body
    }
}
