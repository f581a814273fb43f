import NIOHTTP1

/// What the server looks at of a request's head.
struct RequestHead: Sendable, Equatable {
    /// The method as it came, such as `POST`.
    var method: String
    /// The target up to `?`.
    var path: String
    /// What follows `?`; empty where nothing does.
    var query: String
    /// Whether the version is 1.0 or 1.1.
    var isSupportedVersion: Bool
    /// Whether the client wants to use the connection again.
    var isKeepAlive: Bool
    /// What `Content-Length` says; nil where it is not there.
    var contentLength: Int?
    /// `Transfer-Encoding`, in lower case; empty where it is not there.
    var transferEncoding: String
    /// `Content-Type`, in lower case and without parameters.
    var contentType: String
    /// `Content-Encoding`, in lower case; empty where it is not there.
    var contentEncoding: String
    /// Whether the client waits for `100 Continue` before it sends the body.
    var expectsContinue: Bool

    init(
        method: String = "POST", path: String = "/mutate", query: String = "", isSupportedVersion: Bool = true,
        isKeepAlive: Bool = true, contentLength: Int? = nil, transferEncoding: String = "",
        contentType: String = "application/json", contentEncoding: String = "", expectsContinue: Bool = false
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.isSupportedVersion = isSupportedVersion
        self.isKeepAlive = isKeepAlive
        self.contentLength = contentLength
        self.transferEncoding = transferEncoding
        self.contentType = contentType
        self.contentEncoding = contentEncoding
        self.expectsContinue = expectsContinue
    }

    init(_ head: HTTPRequestHead) {
        method = head.method.rawValue
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(parts.first ?? "")
        query = parts.count > 1 ? String(parts[1]) : ""
        isSupportedVersion = head.version.major == 1 && head.version.minor <= 1
        // After CONNECT or an upgrade the decoder reads no further.
        isKeepAlive = head.isKeepAlive && head.method != .CONNECT && !head.headers.contains(name: "upgrade")
        contentLength = head.headers.first(name: "content-length").flatMap { Int($0) }
        transferEncoding = head.headers[canonicalForm: "transfer-encoding"].joined(separator: ",").lowercased()
        let type = head.headers.first(name: "content-type") ?? ""
        contentType = type.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
        contentEncoding = head.headers.first(name: "content-encoding")?.lowercased() ?? ""
        expectsContinue =
            head.version.minor == 1 && head.headers.first(name: "expect")?.lowercased() == "100-continue"
    }
}
