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
        (path, query) = Self.split(head.uri)
        isSupportedVersion = head.version.major == 1 && head.version.minor <= 1
        var length: String?
        var type: String?
        var encoding: String?
        var expectation: String?
        var isUpgrade = false
        var isTransferEncoded = false
        // Once over all fields, by bytes: each search of its own would cost as much as a tenth of the review.
        for (name, value) in head.headers {
            switch name.utf8.count {
            case 6 where expectation == nil && Self.isName(name, "expect"): expectation = value
            case 7 where Self.isName(name, "upgrade"): isUpgrade = true
            case 12 where type == nil && Self.isName(name, "content-type"): type = value
            case 14 where length == nil && Self.isName(name, "content-length"): length = value
            case 16 where encoding == nil && Self.isName(name, "content-encoding"): encoding = value
            case 17 where Self.isName(name, "transfer-encoding"): isTransferEncoded = true
            default: break
            }
        }
        // After CONNECT or an upgrade the decoder reads no further.
        isKeepAlive = head.isKeepAlive && head.method != .CONNECT && !isUpgrade
        // The decoder lets through nothing but digits: what is no number here is too large to be one.
        contentLength = length.map { Int($0) ?? .max }
        transferEncoding =
            isTransferEncoded
            ? head.headers[canonicalForm: "transfer-encoding"].joined(separator: ",").lowercased() : ""
        contentType = Self.mediaType(type ?? "")
        contentEncoding = encoding?.lowercased() ?? ""
        expectsContinue = head.version.minor == 1 && expectation?.lowercased() == "100-continue"
    }

    /// What stands before and after the first `?` of a target.
    private static func split(_ target: String) -> (path: String, query: String) {
        guard target.utf8.first == UInt8(ascii: "/") else { return splitWhole(target) }
        return splitPath(target)
    }

    /// A target with scheme and authority, which a server has to take (RFC 9112, section 3.2.2).
    private static func splitWhole(_ target: String) -> (path: String, query: String) {
        let lower = target.prefix(8).lowercased()
        guard let scheme = ["http://", "https://"].first(where: { lower.hasPrefix($0) }) else {
            return splitPath(target)
        }
        let path = target.dropFirst(scheme.count).drop { $0 != "/" && $0 != "?" }
        return splitPath(path.first == "/" ? String(path) : "/" + path)
    }

    private static func splitPath(_ target: String) -> (path: String, query: String) {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (target, "") }
        return (String(target[..<mark]), String(target[target.utf8.index(after: mark)...]))
    }

    /// Whether a field's name is one that is given in lower case: names know no case (RFC 9110, section 5.1).
    private static func isName(_ name: String, _ known: String) -> Bool {
        let (bytes, letters) = (name.utf8.span, known.utf8.span)
        guard bytes.count == letters.count else { return false }
        for index in letters.indices {
            let byte = bytes[index]
            let lower = byte &- 0x41 < 26 ? byte | 0x20 : byte
            guard lower == letters[index] else { return false }
        }
        return true
    }

    /// A media type in lower case, without parameters and blanks.
    private static func mediaType(_ value: String) -> String {
        // What the API server sends needs no new text.
        if value == "application/json" { return value }
        return value.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
    }
}
