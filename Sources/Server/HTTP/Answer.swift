import Engine
import NIOCore

/// An HTTP answer: the status, the body and the few headers that the server ever sends.
struct Answer: Sendable, Equatable {
    /// What bodies are.
    enum ContentType {
        case json, text
        /// Prometheus' text format.
        case metrics

        /// The fields of the head that end with the length of the body, which comes next.
        fileprivate var fields: StaticString {
            switch self {
            case .json: "\r\ncontent-type: application/json\r\ncontent-length: "
            case .text: "\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: "
            case .metrics: "\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8\r\ncontent-length: "
            }
        }
    }

    /// The status code.
    var status: Int
    /// The type of the body.
    var contentType: ContentType
    /// The body.
    var body: [UInt8]
    /// Seconds to wait before another try, for 429.
    var retryAfter: Int?
    /// The methods that the target takes, for 405.
    var allow: String?

    init(status: Int = 200, contentType: ContentType, body: [UInt8], retryAfter: Int? = nil, allow: String? = nil) {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.retryAfter = retryAfter
        self.allow = allow
    }

    /// An answer to a request that the server does not take, with a short JSON body that says why.
    static func refusal(_ status: Int, _ message: String, retryAfter: Int? = nil, allow: String? = nil) -> Answer {
        var body = Array("{\"error\":".utf8)
        LogText.appendJSON(message, to: &body)
        body += Array("}\n".utf8)
        return Answer(
            status: status, contentType: .json, body: body, retryAfter: retryAfter, allow: allow)
    }

    /// Plain text.
    static func text(_ text: String, status: Int = 200) -> Answer {
        Answer(status: status, contentType: .text, body: Array(text.utf8))
    }

    /// Lines of plain text. What has no place in a line is escaped: some quote what is in files.
    static func lines(_ lines: [String], status: Int) -> Answer {
        text(lines.map { LogText.escaped($0) + "\n" }.joined(), status: status)
    }

    /// An answered review. The line break is what `ruled review` ends with.
    static func review(_ response: AdmissionResponse) -> Answer {
        Answer(contentType: .json, body: response.json() + CollectionOfOne(UInt8(ascii: "\n")))
    }

    /// Metrics in Prometheus' text format.
    static func metrics(_ text: String) -> Answer {
        Answer(contentType: .metrics, body: Array(text.utf8))
    }

    /// The line of a status code (RFC 9110, section 15) and the name of the field that follows it; nil for a code that
    /// the server does not use.
    private static func opening(_ status: Int) -> StaticString? {
        switch status {
        case 200: "HTTP/1.1 200 OK\r\ndate: "
        case 400: "HTTP/1.1 400 Bad Request\r\ndate: "
        case 403: "HTTP/1.1 403 Forbidden\r\ndate: "
        case 404: "HTTP/1.1 404 Not Found\r\ndate: "
        case 405: "HTTP/1.1 405 Method Not Allowed\r\ndate: "
        case 408: "HTTP/1.1 408 Request Timeout\r\ndate: "
        case 413: "HTTP/1.1 413 Content Too Large\r\ndate: "
        case 415: "HTTP/1.1 415 Unsupported Media Type\r\ndate: "
        case 429: "HTTP/1.1 429 Too Many Requests\r\ndate: "
        case 431: "HTTP/1.1 431 Request Header Fields Too Large\r\ndate: "
        case 503: "HTTP/1.1 503 Service Unavailable\r\ndate: "
        case 505: "HTTP/1.1 505 HTTP Version Not Supported\r\ndate: "
        default: nil
        }
    }

    /// Head and body in one buffer, so that they leave in one write: a split write costs a delayed ACK, 40 ms.
    func buffer(closing: Bool, withoutBody: Bool, date: String, allocator: ByteBufferAllocator) -> ByteBuffer {
        var buffer = allocator.buffer(capacity: Self.headCapacity + body.count)
        // Few long pieces: each costs a call and a check that there is room.
        if let opening = Self.opening(status) {
            buffer.writeStaticString(opening)
        } else {
            buffer.writeString("HTTP/1.1 \(status) Status\r\ndate: ")
        }
        buffer.writeString(date)
        buffer.writeStaticString(contentType.fields)
        buffer.writeString(String(body.count))
        if let retryAfter { buffer.writeString("\r\nretry-after: \(retryAfter)") }
        if let allow { buffer.writeString("\r\nallow: \(allow)") }
        if closing { buffer.writeStaticString("\r\nconnection: close") }
        buffer.writeStaticString("\r\n\r\n")
        if !withoutBody { buffer.writeBytes(body) }
        return buffer
    }

    /// Room for nearly every head: one that needs more makes the buffer grow.
    private static let headCapacity = 256
}
