import NIOSSL

/// Why TLS failed, in words. A library's own tell of its insides and of where it was built.
enum TLSFailure {
    static func words(_ error: NIOSSLError) -> String {
        let text = "\(error)"
        if let code = code(in: text) { return words(code) }
        if text.contains("EOF during handshake") { return "the connection ended during the handshake" }
        if case .handshakeFailed = error { return "the handshake failed" }
        return "the encrypted connection broke"
    }

    /// BoringSSL's name of an error, such as `HTTP_REQUEST`; nil where there is none.
    private static func code(in text: String) -> Substring? {
        guard let place = text.firstRange(of: "OPENSSL_internal:") else { return nil }
        let code = text[place.upperBound...].prefix { $0 == "_" || ($0.isASCII && ($0.isUppercase || $0.isNumber)) }
        return code.isEmpty ? nil : code
    }

    private static func words(_ code: Substring) -> String {
        switch code {
        case "PEER_DID_NOT_RETURN_A_CERTIFICATE": return "the client gave no certificate"
        case "CERTIFICATE_VERIFY_FAILED": return "the client's certificate is not of --client-ca, or not valid now"
        case "HTTP_REQUEST", "HTTPS_PROXY_REQUEST": return "the client spoke HTTP without TLS"
        case "UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION": return "the client speaks no TLS 1.2 or later"
        case "WRONG_VERSION_NUMBER": return "what the client sent is no TLS"
        // In TLS 1.3 some clients send the alert in the clear, where it is no record that can be decrypted.
        case "BAD_PACKET_LENGTH":
            return "the client broke it off, as one does that does not trust the certificate that is served"
        default: break
        }
        let plain = code.lowercased().split(separator: "_").joined(separator: " ")
        // The client says so with an alert (RFC 8446, section 6).
        guard let alert = plain.firstRange(of: " alert ") else { return plain }
        let said = plain[alert.upperBound...]
        switch said {
        case "unknown ca", "bad certificate", "certificate unknown", "certificate expired", "unsupported certificate":
            return "the client does not trust the certificate that is served (\(said))"
        default: return "the client ended it: \(said)"
        }
    }
}
