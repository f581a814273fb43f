/// What the admin listener can tell.
final class ServerStatus: Sendable {
    let readiness: Readiness
    let rules: RuleReloader
    /// Nil where no files are read.
    let certificates: CertificateReloader?
    let fixedCertificate: ServingCertificate?
    let isEncrypted: Bool
    let metrics: Metrics
    let ledger: ConnectionLedger

    init(
        readiness: Readiness, rules: RuleReloader, certificates: CertificateReloader?,
        fixedCertificate: ServingCertificate?, isEncrypted: Bool, metrics: Metrics, ledger: ConnectionLedger
    ) {
        self.readiness = readiness
        self.rules = rules
        self.certificates = certificates
        self.fixedCertificate = fixedCertificate
        self.isEncrypted = isEncrypted
        self.metrics = metrics
        self.ledger = ledger
    }

    /// The certificate that is served now.
    var certificate: ServingCertificate? { fixedCertificate ?? certificates?.live }
    var hasCertificate: Bool { !isEncrypted || certificate != nil }
    var certificateProblem: String? { certificates?.problem }
    var isReady: Bool { readiness.isReady(hasRules: rules.live != nil, hasCertificate: hasCertificate) }

    func metricsText() -> String {
        metrics.text(
            Metrics.Gauges(
                ready: isReady, connections: ledger.connections, bytesInFlight: ledger.bytes, rules: rules.live,
                certificateExpiry: certificate?.notAfter))
    }
}
