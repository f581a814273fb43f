/// What the admin listener can tell.
final class ServerStatus: Sendable {
    let readiness: Readiness
    let rules: RuleReloader
    /// Nil where no files are read.
    let certificates: CertificateReloader?
    let fixedCertificate: ServingCertificate?
    let issuedCertificate: IssuedCertificate?
    let moreMetrics: [@Sendable () -> String]
    let isEncrypted: Bool
    let metrics: Metrics
    let ledger: ConnectionLedger

    init(
        readiness: Readiness, rules: RuleReloader, certificates: CertificateReloader?,
        fixedCertificate: ServingCertificate?, configuration: ServerConfiguration, metrics: Metrics,
        ledger: ConnectionLedger
    ) {
        self.readiness = readiness
        self.rules = rules
        self.certificates = certificates
        self.fixedCertificate = fixedCertificate
        isEncrypted = configuration.tls != .off
        if case .issued(let certificate) = configuration.tls {
            issuedCertificate = certificate
        } else {
            issuedCertificate = nil
        }
        moreMetrics = configuration.moreMetrics
        self.metrics = metrics
        self.ledger = ledger
    }

    /// The certificate that is served now.
    var certificate: ServingCertificate? { fixedCertificate ?? issuedCertificate?.live ?? certificates?.live }
    var hasCertificate: Bool { !isEncrypted || certificate != nil }
    var certificateProblem: String? { issuedCertificate?.problem ?? certificates?.problem }
    var isReady: Bool { readiness.isReady(hasRules: rules.live != nil, hasCertificate: hasCertificate) }

    func metricsText() -> String {
        metrics.text(
            Metrics.Gauges(
                ready: isReady, connections: ledger.connections, bytesInFlight: ledger.bytes, rules: rules.live,
                certificateExpiry: certificate?.notAfter)) + moreMetrics.map { $0() }.joined()
    }
}
