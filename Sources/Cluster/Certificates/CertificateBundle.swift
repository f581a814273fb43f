import Server
import X509

/// A CA and one serving certificate, as files.
package struct CertificateBundle: Sendable {
    /// A file of it.
    package struct File: Sendable {
        package let name: String
        package let bytes: [UInt8]
        /// Whether it is for its owner only.
        package let isSecret: Bool
    }

    /// `ca.crt`, `ca.key`, `tls.crt`, `tls.key`.
    package let files: [File]

    /// Makes one.
    ///
    /// - Parameters:
    ///   - names: the DNS names and IP addresses that the serving certificate is for.
    ///   - days: until the serving certificate expires.
    ///   - authorityDays: until the CA expires.
    package init(names: [String], days: Int, authorityDays: Int) throws(APIServer.Failure) {
        do throws(AuthorityFailure) {
            let now = DateClock.now
            let authority = try CertificateAuthority(now: now, life: Double(authorityDays) * 86_400)
            let leaf = try authority.issue(names: names, now: now, life: Double(days) * 86_400)
            files = [
                File(name: "ca.crt", bytes: Array(authority.trusted.pem.utf8), isSecret: false),
                File(name: "ca.key", bytes: Array(authority.keyPEM.utf8), isSecret: true),
                File(name: "tls.crt", bytes: leaf.chain, isSecret: false),
                File(name: "tls.key", bytes: leaf.key, isSecret: true),
            ]
        } catch {
            throw APIServer.Failure(reason: error.reason)
        }
    }

    /// Whether a serving certificate can be for it: a DNS name or an IP address.
    package static func isHost(_ text: String) -> Bool {
        isDNSName(text) || SubjectAlternativeNames.address(text) != nil
    }

    /// Whether a text is a DNS name (RFC 1123, section 2.1), perhaps with a leading `*.`.
    package static func isDNSName(_ text: String) -> Bool {
        let plain = text.hasPrefix("*.") ? String(text.dropFirst(2)) : text
        let labels = plain.split(separator: ".", omittingEmptySubsequences: false)
        return plain.utf8.count <= 253 && !labels.isEmpty
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                    && label.utf8.allSatisfy { byte in
                        switch byte {
                        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d: true
                        default: false
                        }
                    }
            }
    }
}
