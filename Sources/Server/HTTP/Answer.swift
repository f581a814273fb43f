import Engine
import NIOCore

/// An HTTP answer: the status, the body and the few headers that the server ever sends.
struct Answer: Sendable, Equatable {
    /// The status code.
    var status: Int
    /// The type of the body.
    var contentType: String
    /// The body.
    var body: [UInt8]
    /// Seconds to wait before another try, for 429.
    var retryAfter: Int?
    /// The methods that the target takes, for 405.
    var allow: String?

    init(status: Int = 200, contentType: String, body: [UInt8], retryAfter: Int? = nil, allow: String? = nil) {
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
            status: status, contentType: "application/json", body: body, retryAfter: retryAfter, allow: allow)
    }

    /// Plain text.
    static func text(_ text: String, status: Int = 200) -> Answer {
        Answer(status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
    }

    /// An answered review. The line break is what `ruled review` ends with.
    static func review(_ response: AdmissionResponse) -> Answer {
        Answer(contentType: "application/json", body: response.json() + CollectionOfOne(UInt8(ascii: "\n")))
    }

    /// Metrics in Prometheus' text format.
    static func metrics(_ text: String) -> Answer {
        Answer(contentType: "text/plain; version=0.0.4; charset=utf-8", body: Array(text.utf8))
    }

    /// The words for a status code (RFC 9110, section 15).
    static func phrase(for status: Int) -> String {
        switch status {
        case 200: "OK"
        case 400: "Bad Request"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 503: "Service Unavailable"
        case 505: "HTTP Version Not Supported"
        default: "Status"
        }
    }

    /// Head and body in one buffer, so that they leave in one write: a split write costs a delayed ACK, 40 ms.
    func buffer(closing: Bool, withoutBody: Bool, date: String, allocator: ByteBufferAllocator) -> ByteBuffer {
        var head = "HTTP/1.1 \(status) \(Self.phrase(for: status))\r\ndate: \(date)\r\ncontent-type: \(contentType)\r\n"
        head += "content-length: \(body.count)\r\n"
        if let retryAfter { head += "retry-after: \(retryAfter)\r\n" }
        if let allow { head += "allow: \(allow)\r\n" }
        if closing { head += "connection: close\r\n" }
        head += "\r\n"
        var buffer = allocator.buffer(capacity: head.utf8.count + body.count)
        buffer.writeString(head)
        if !withoutBody { buffer.writeBytes(body) }
        return buffer
    }
}
