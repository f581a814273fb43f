import Crypto
#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Server
import SwiftASN1
import X509

/// Why a certificate cannot be read or made, in words.
struct AuthorityFailure: Error, Equatable {
    let reason: String
}

/// A certificate that clients are told to trust.
struct TrustedCertificate: Sendable, Hashable {
    /// As PEM, in the one form that `TrustedCertificate` writes.
    let pem: String
    /// Seconds since 1970.
    let notBefore: Double
    let notAfter: Double
    /// The identifier of its key, which what it issued names.
    let keyIdentifier: [UInt8]

    init(_ certificate: Certificate) throws(AuthorityFailure) {
        do {
            pem = try certificate.serializeAsPEM().pemString + "\n"
        } catch {
            throw AuthorityFailure(reason: "the certificate cannot be written")
        }
        notBefore = certificate.notValidBefore.timeIntervalSince1970
        notAfter = certificate.notValidAfter.timeIntervalSince1970
        let identifier = try? certificate.extensions.subjectKeyIdentifier
        keyIdentifier = identifier.map { Array($0.keyIdentifier) } ?? []
    }

    /// Reads a bundle.
    ///
    /// - Returns: nil where something in it is no certificate.
    static func bundle(_ pem: String) -> [TrustedCertificate]? {
        guard let documents = try? PEMDocument.parseMultiple(pemString: pem) else { return nil }
        var certificates: [TrustedCertificate] = []
        for document in documents {
            guard let certificate = try? Certificate(pemDocument: document),
                let trusted = try? TrustedCertificate(certificate)
            else { return nil }
            certificates.append(trusted)
        }
        return certificates
    }
}

/// A certificate authority of the project's own: ECDSA P-256, and nothing below it but serving certificates.
struct CertificateAuthority: Sendable, Equatable {
    /// A serving certificate and its key, PEM.
    struct Leaf: Sendable {
        let chain: [UInt8]
        let key: [UInt8]
        /// Seconds since 1970.
        let notBefore: Double
        let notAfter: Double
        /// The key identifier of the authority that issued it.
        let issuer: [UInt8]
    }

    /// Certificates begin so many seconds before they are made: clocks differ.
    static let backdating = 3_600.0
    /// The common name of every authority that is made here begins so.
    static let commonName = "ruled CA"

    let trusted: TrustedCertificate
    /// PEM.
    let keyPEM: String
    private let certificate: Certificate
    private let key: P256.Signing.PrivateKey

    static func == (left: Self, right: Self) -> Bool { left.trusted == right.trusted }

    /// When it was made, in seconds since 1970, if it was made here.
    var madeAt: Double { trusted.notBefore + Self.backdating }

    /// Whether it may issue at a time.
    func isValid(at now: Double) -> Bool { trusted.notBefore <= now && now < trusted.notAfter }

    /// Makes a new one.
    ///
    /// - Parameters:
    ///   - now: seconds since 1970.
    ///   - life: seconds from now until it expires.
    init(now: Double, life: Double) throws(AuthorityFailure) {
        do {
            let key = P256.Signing.PrivateKey()
            let serial = Certificate.SerialNumber()
            let identifier = Self.identifier(of: key)
            // Two authorities never share a name, so that no client takes one for the other.
            let suffix = identifier.prefix(6).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            let name = try DistinguishedName { CommonName("\(Self.commonName) \(suffix)") }
            certificate = try Certificate(
                version: .v3, serialNumber: serial, publicKey: .init(key.publicKey),
                notValidBefore: Date(timeIntervalSince1970: (now - Self.backdating).rounded(.down)),
                notValidAfter: Date(timeIntervalSince1970: (now + life).rounded(.down)), issuer: name, subject: name,
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                    Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                    SubjectKeyIdentifier(keyIdentifier: identifier[...])
                },
                issuerPrivateKey: .init(key))
            self.key = key
            keyPEM = key.pemRepresentation + "\n"
        } catch {
            throw AuthorityFailure(reason: "no CA could be made: \(error)")
        }
        trusted = try TrustedCertificate(certificate)
    }

    /// Reads one, PEM.
    init(certificate pem: String, key keyText: String) throws(AuthorityFailure) {
        do {
            certificate = try Certificate(pemEncoded: pem)
        } catch {
            throw AuthorityFailure(reason: "the CA's certificate is not PEM that can be read")
        }
        do {
            key = try P256.Signing.PrivateKey(pemRepresentation: keyText)
        } catch {
            // What a key holds never reaches a log.
            throw AuthorityFailure(reason: "the CA's key is not a P-256 key in PEM that can be read")
        }
        guard certificate.publicKey == Certificate.PublicKey(key.publicKey) else {
            throw AuthorityFailure(reason: "the CA's key does not belong to its certificate")
        }
        guard let constraints = try? certificate.extensions.basicConstraints,
            case .isCertificateAuthority = constraints
        else { throw AuthorityFailure(reason: "the certificate is not a CA's") }
        keyPEM = keyText
        trusted = try TrustedCertificate(certificate)
    }

    /// Issues a serving certificate with a new key.
    ///
    /// - Parameters:
    ///   - names: DNS names and IP addresses.
    ///   - now: seconds since 1970.
    ///   - life: seconds from now until it expires, which is never after its authority does.
    func issue(names: [String], now: Double, life: Double) throws(AuthorityFailure) -> Leaf {
        let begin = max((now - Self.backdating).rounded(.down), trusted.notBefore)
        let end = min((now + life).rounded(.down), trusted.notAfter)
        guard begin < end, isValid(at: now) else {
            throw AuthorityFailure(reason: "the CA is not valid now")
        }
        do {
            let leafKey = P256.Signing.PrivateKey()
            let leaf = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(leafKey.publicKey),
                notValidBefore: Date(timeIntervalSince1970: begin), notValidAfter: Date(timeIntervalSince1970: end),
                issuer: certificate.subject,
                subject: try DistinguishedName { CommonName("ruled") },
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.notCertificateAuthority)
                    Critical(KeyUsage(digitalSignature: true))
                    try ExtendedKeyUsage([.serverAuth])
                    SubjectKeyIdentifier(keyIdentifier: Self.identifier(of: leafKey)[...])
                    AuthorityKeyIdentifier(keyIdentifier: trusted.keyIdentifier[...])
                    SubjectAlternativeNames(hosts: names)
                },
                issuerPrivateKey: .init(key))
            return Leaf(
                chain: Array((try leaf.serializeAsPEM().pemString + "\n").utf8),
                key: Array((leafKey.pemRepresentation + "\n").utf8), notBefore: begin, notAfter: end,
                issuer: trusted.keyIdentifier)
        } catch {
            throw AuthorityFailure(reason: "no certificate could be issued: \(error)")
        }
    }

    /// RFC 5280, section 4.2.1.2, but with SHA-256, cut to the usual length.
    private static func identifier(of key: P256.Signing.PrivateKey) -> [UInt8] {
        Array(SHA256.hash(data: key.publicKey.x963Representation).prefix(20))
    }
}
