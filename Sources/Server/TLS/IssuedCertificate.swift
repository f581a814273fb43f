import Logging
import Synchronization

/// A certificate that somebody issues and replaces while the server runs. New connections get the new one at once.
public final class IssuedCertificate: Sendable, Equatable {
    private let current = Mutex<ServingCertificate?>(nil)
    private let trouble = Mutex<String?>(nil)

    /// Makes a place for a certificate, with none in it.
    public init() {}

    /// Whether they are one and the same.
    public static func == (left: IssuedCertificate, right: IssuedCertificate) -> Bool { left === right }

    /// Serves a certificate from now on.
    ///
    /// - Parameters:
    ///   - chain: PEM, the serving certificate first.
    ///   - key: PEM.
    ///   - now: seconds since 1970; a certificate that is not valid then is refused.
    package func serve(chain: [UInt8], key: [UInt8], now: Double) throws(CertificateFailure) {
        let certificate = try ServingCertificate(chain: chain, key: key, clientAuthorities: nil, now: now)
        current.withLock { $0 = certificate }
    }

    /// Says why there is no newer certificate, in words; nil where all is well.
    package func report(_ problem: String?) { trouble.withLock { $0 = problem } }

    /// What is served; nil until there was one.
    var live: ServingCertificate? { current.withLock { $0 } }
    /// Why there is no newer one; nil where all is well.
    var problem: String? { trouble.withLock { $0 } }
}
