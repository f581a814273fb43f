/// The authorities of a release as their Secret holds them.
///
/// | key | what |
/// | --- | --- |
/// | `tls.crt`, `tls.key` | the CA that issues |
/// | `issuing-since` | since when it does, seconds since 1970 |
/// | `next.crt`, `next.key` | the CA that will issue once every API server trusts it |
/// | `previous.crt` | CAs that do not issue any more, whose certificates may still be served |
/// | `ca.crt` | all of them: what clients trust |
struct AuthorityState: Sendable, Equatable {
    var issuing: CertificateAuthority
    /// Seconds since 1970.
    var issuingSince: Double
    var next: CertificateAuthority?
    var previous: [TrustedCertificate] = []

    /// Previous CAs beyond these are forgotten, the oldest first.
    static let previousLimit = 4

    /// What clients trust, in the order of the Secret.
    var bundle: [TrustedCertificate] { [issuing.trusted] + (next.map { [$0.trusted] } ?? []) + previous }

    /// The bundle as PEM.
    var bundlePEM: String { bundle.map(\.pem).joined() }

    init(issuing: CertificateAuthority, issuingSince: Double) {
        self.issuing = issuing
        self.issuingSince = issuingSince
    }

    /// Reads the data of a Secret.
    ///
    /// - Parameter data: values in base64.
    init(secret data: [String: String?]) throws(AuthorityFailure) {
        func text(_ key: String) throws(AuthorityFailure) -> String? {
            guard let value = data[key] ?? nil else { return nil }
            guard let bytes = base64Decoded(value) else { throw AuthorityFailure(reason: "`\(key)` is not base64") }
            return String(decoding: bytes, as: UTF8.self)
        }
        guard let certificate = try text("tls.crt"), let key = try text("tls.key") else {
            throw AuthorityFailure(reason: "`tls.crt` or `tls.key` is missing")
        }
        issuing = try CertificateAuthority(certificate: certificate, key: key)
        issuingSince =
            try text("issuing-since").flatMap { Double($0) }.flatMap { $0.isFinite ? $0 : nil }
            ?? issuing.madeAt
        if let certificate = try text("next.crt"), let key = try text("next.key") {
            next = try CertificateAuthority(certificate: certificate, key: key)
        }
        if let pem = try text("previous.crt") {
            guard let bundle = TrustedCertificate.bundle(pem) else {
                throw AuthorityFailure(reason: "`previous.crt` is not PEM that can be read")
            }
            previous = bundle
        }
        guard let written = try text("ca.crt"), written == bundlePEM else {
            throw AuthorityFailure(reason: "`ca.crt` does not hold what the other keys do")
        }
    }

    /// The data of a Secret; what is null is to be taken away.
    var secret: [String: String?] {
        func value(_ text: String) -> String { base64(Array(text.utf8)) }
        return [
            "tls.crt": value(issuing.trusted.pem), "tls.key": value(issuing.keyPEM),
            "issuing-since": value("\(Int64(issuingSince))"),
            "next.crt": next.map { value($0.trusted.pem) }, "next.key": next.map { value($0.keyPEM) },
            "previous.crt": previous.isEmpty ? nil : value(previous.map(\.pem).joined()),
            "ca.crt": value(bundlePEM),
        ]
    }
}
