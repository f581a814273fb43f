import Crypto
#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import NIOCore
import NIOSSL
import SwiftASN1
import X509

/// Why a certificate and key cannot serve, in words.
package struct CertificateFailure: Error, Equatable {
    package let reason: String
}

/// A certificate chain, its key and the certificates that clients must come from, ready to serve.
struct ServingCertificate: Sendable {
    let context: NIOSSLContext
    /// The serving certificate itself, DER.
    let leaf: [UInt8]
    /// Seconds since 1970.
    let notBefore: Double
    let notAfter: Double

    /// - Parameters:
    ///   - chain: PEM, the serving certificate first.
    ///   - key: PEM.
    ///   - clientAuthorities: PEM; where it is given, a client without a certificate from one of them is turned away.
    ///   - now: seconds since 1970; a certificate that is not valid then is refused.
    init(chain: [UInt8], key: [UInt8], clientAuthorities: [UInt8]?, now: Double) throws(CertificateFailure) {
        let certificates: [NIOSSLCertificate]
        let leaf: Certificate
        let bytes: [UInt8]
        do {
            certificates = try NIOSSLCertificate.fromPEMBytes(chain)
            guard let first = certificates.first else { throw CertificateFailure(reason: "it is empty") }
            bytes = try first.toDERBytes()
        } catch {
            throw CertificateFailure(reason: "the certificate is not PEM that can be read")
        }
        do {
            leaf = try Certificate(derEncoded: bytes)
        } catch {
            throw CertificateFailure(reason: "the certificate is of a kind or size that is not taken: \(Self.keys)")
        }
        let (privateKey, publicKey) = try Self.keys(of: key)
        guard publicKey == leaf.publicKey else {
            throw CertificateFailure(reason: "the key does not belong to the certificate")
        }
        self.leaf = bytes
        notBefore = leaf.notValidBefore.timeIntervalSince1970
        notAfter = leaf.notValidAfter.timeIntervalSince1970
        guard now < notAfter else {
            throw CertificateFailure(reason: "the certificate expired at \(DateClock.timestamp(notAfter))")
        }
        guard now >= notBefore else {
            throw CertificateFailure(reason: "the certificate is not valid before \(DateClock.timestamp(notBefore))")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        configuration.shutdownTimeout = .seconds(1)
        if let clientAuthorities {
            guard let roots = try? NIOSSLCertificate.fromPEMBytes(clientAuthorities), !roots.isEmpty else {
                throw CertificateFailure(reason: "the client CA is not PEM that can be read")
            }
            try Self.check(authorities: roots, now: now)
            configuration.trustRoots = .certificates(roots)
            // A client has no host name to be verified.
            configuration.certificateVerification = .noHostnameVerification
        }
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw CertificateFailure(reason: "the certificate and key cannot be used: \(error)")
        }
    }

    /// What keys can be.
    private static let keys = "a key is RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519"

    /// A private key and what belongs to it. What a key holds never reaches a log.
    private static func keys(
        of pem: [UInt8]
    ) throws(CertificateFailure) -> (NIOSSLPrivateKey, Certificate.PublicKey) {
        let text = String(decoding: pem, as: UTF8.self)
        // PKCS #8 (RFC 5958) says so in its label, the older form (RFC 1421) in a header.
        if text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
            throw CertificateFailure(reason: "the key is encrypted, and there is nobody to ask for its password")
        }
        guard let key = try? NIOSSLPrivateKey(bytes: pem, format: .pem) else {
            throw CertificateFailure(reason: "the key is not PEM that can be read")
        }
        guard let own = try? Certificate.PrivateKey(pemEncoded: text) else {
            throw CertificateFailure(reason: "the key is of a kind or size that is not taken: \(keys)")
        }
        return (key, own.publicKey)
    }

    /// Authorities of which none is valid would turn every client away.
    private static func check(authorities: [NIOSSLCertificate], now: Double) throws(CertificateFailure) {
        let isAnyValid = authorities.contains {
            Double($0.notValidBefore) <= now && now < Double($0.notValidAfter)
        }
        if isAnyValid { return }
        let last = authorities.map { Double($0.notValidAfter) }.max() ?? 0
        guard now >= last else { throw CertificateFailure(reason: "no certificate of the client CA is valid yet") }
        throw CertificateFailure(reason: "the client CA expired at \(DateClock.timestamp(last))")
    }

    /// A certificate of its own for a first try: ECDSA P-256, for `localhost`, the loopback addresses and names that
    /// are asked for, valid for a year.
    static func selfSigned(names: [String], now: Double) throws(CertificateFailure) -> ServingCertificate {
        do {
            let key = P256.Signing.PrivateKey()
            let name = try DistinguishedName { CommonName("ruled self-signed") }
            let begin = Date(timeIntervalSince1970: now - 60)
            let certificate = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey),
                notValidBefore: begin, notValidAfter: begin.addingTimeInterval(365 * 86_400), issuer: name,
                subject: name, signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                    Critical(KeyUsage(digitalSignature: true, keyCertSign: true))
                    try ExtendedKeyUsage([.serverAuth])
                    SubjectAlternativeNames(hosts: ["localhost"] + names + ["127.0.0.1", "::1"])
                },
                issuerPrivateKey: .init(key))
            return try ServingCertificate(
                chain: Array(certificate.serializeAsPEM().pemString.utf8), key: Array(key.pemRepresentation.utf8),
                clientAuthorities: nil, now: now)
        } catch let failure as CertificateFailure {
            throw failure
        } catch {
            throw CertificateFailure(reason: "no certificate could be made: \(error)")
        }
    }
}
