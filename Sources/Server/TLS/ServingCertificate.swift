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
            leaf = try Certificate(derEncoded: bytes)
        } catch {
            throw CertificateFailure(reason: "the certificate is not PEM that can be read")
        }
        let privateKey: NIOSSLPrivateKey
        do {
            privateKey = try NIOSSLPrivateKey(bytes: key, format: .pem)
            let own = try Certificate.PrivateKey(pemEncoded: String(decoding: key, as: UTF8.self))
            guard own.publicKey == leaf.publicKey else {
                throw CertificateFailure(reason: "the key does not belong to the certificate")
            }
        } catch let failure as CertificateFailure {
            throw failure
        } catch {
            // What a key holds never reaches a log.
            throw CertificateFailure(reason: "the key is not PEM that can be read")
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
