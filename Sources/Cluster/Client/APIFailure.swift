/// Why the API server did not do what it was asked.
package struct APIFailure: Error, Sendable, Equatable {
    /// What a caller does about it.
    package enum Kind: String, Sendable, Equatable {
        /// No connection, no TLS, or the connection broke.
        case unreachable
        /// No complete answer in time.
        case timeout
        /// 401, with a token that was just read again.
        case unauthorized
        /// 403: the role does not allow it.
        case forbidden
        /// 404
        case notFound = "not-found"
        /// 409: another was faster, or another owns what was to be written.
        case conflict
        /// 410: the resource version, or the continue token, is too old.
        case expired
        /// 429: ask later.
        case busy
        /// 5xx.
        case server
        /// Another status.
        case refused
        /// An answer that cannot be read, or is larger than expected.
        case malformed
    }

    package let kind: Kind
    /// The HTTP status; 0 where there was none.
    package let status: Int
    /// In one line, at most 300 characters.
    package let message: String
    /// Seconds that the server asks to wait, from `Retry-After`.
    package let retryAfter: Double?

    package init(_ kind: Kind, status: Int = 0, _ message: String, retryAfter: Double? = nil) {
        self.kind = kind
        self.status = status
        self.message = Self.line(message)
        self.retryAfter = retryAfter
    }

    /// The failure that an answer stands for.
    ///
    /// - Parameter body: as the API server writes it, a `Status` (meta/v1); of anything else only the code is told.
    package init(status: Int, body: [UInt8], retryAfter: Double?) {
        let kind: Kind =
            switch status {
            case 401: .unauthorized
            case 403: .forbidden
            case 404: .notFound
            case 409: .conflict
            case 410: .expired
            case 429: .busy
            case 500...: .server
            default: .refused
            }
        let said = (try? StatusObject.read(body))?.message ?? ""
        self.init(
            kind, status: status, said.isEmpty ? "status \(status)" : "\(said) (\(status))", retryAfter: retryAfter)
    }

    /// Whether another failure says the same to whoever reads the log. What no answer came to has many words for it.
    func says(_ other: APIFailure?) -> Bool {
        guard let other, kind == other.kind else { return false }
        return status == 0
            ? kind == .unreachable || kind == .timeout || message == other.message : message == other.message
    }

    private static func line(_ text: String) -> String {
        let flat = String(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : Character($0) })
        return flat.count > 300 ? flat.prefix(297) + "..." : flat
    }
}
