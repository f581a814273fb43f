import Logging
import NIOSSL
import Synchronization

/// Keeps the certificate that is served: reads the files again when they change, and keeps the last good ones.
///
/// `poll` is called by one thread at a time, which is no event loop; everything else from anywhere.
final class CertificateReloader: Sendable {
    /// The most bytes of each file.
    private static let fileLimit = 1 << 20

    private let files: ServerConfiguration.CertificateFiles
    private let metrics: Metrics
    private let log: ServerLog
    private let current = Mutex<ServingCertificate?>(nil)
    private let complaint = Complaint<String>()
    private let handled = Mutex<[[UInt8]]>([])

    init(files: ServerConfiguration.CertificateFiles, metrics: Metrics, log: ServerLog) {
        self.files = files
        self.metrics = metrics
        self.log = log
    }

    /// What is served; nil until a pair was good.
    var live: ServingCertificate? { current.withLock { $0 } }
    /// Why the files as they are cannot be used; nil where they are in use.
    var problem: String? { complaint.problem }

    /// Reads the files, and takes them up if they changed and fit together. The files are small, and their content
    /// says more than their times do.
    func poll() {
        var contents: [[UInt8]] = []
        for path in [files.certificate, files.key] + (files.clientAuthorities.map { [$0] } ?? []) {
            switch FileReading.read(path, limit: Self.fileLimit) {
            case .success(let bytes): contents.append(bytes)
            case .failure(let failure):
                return refuse("`\(path)` cannot be read: \(failure.reason)")
            }
        }
        if live != nil, handled.withLock({ $0 == contents }) { return recover() }
        do throws(CertificateFailure) {
            let certificate = try ServingCertificate(
                chain: contents[0], key: contents[1], clientAuthorities: contents.count > 2 ? contents[2] : nil,
                now: DateClock.now)
            handled.withLock { $0 = contents }
            current.withLock { $0 = certificate }
            complaint.settle()
            metrics.reloaded(.certificate, succeeded: true)
            log.log(.notice, "certificate is live", ["expires": DateClock.timestamp(certificate.notAfter)])
        } catch {
            // Not marked as handled: what is not valid yet, or only half swapped, may be good at the next look.
            refuse(error.reason)
        }
    }

    /// The files hold again what is served.
    private func recover() {
        guard complaint.settle() else { return }
        metrics.reloaded(.certificate, succeeded: true)
        log.log(.notice, "the files hold the served certificate again")
    }

    private func refuse(_ reason: String) {
        guard complaint.raise(reason) else { return }
        metrics.reloaded(.certificate, succeeded: false)
        log.log(
            .error, live == nil ? "no certificate to serve" : "the changed certificate is refused, the last one stays",
            ["reason": reason])
    }
}
