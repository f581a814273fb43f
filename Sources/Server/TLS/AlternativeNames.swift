import NIOCore
import SwiftASN1
package import X509

extension SubjectAlternativeNames {
    /// The names of a serving certificate, from hosts as they stand in a URL.
    ///
    /// A client that connects to an address looks for it among the addresses only (RFC 9525, section 6.5), so an
    /// address that is written down as a DNS name is worth nothing.
    ///
    /// - Parameter hosts: DNS names, and IPv4 and IPv6 addresses without brackets.
    package init(hosts: [String]) {
        self.init(
            hosts.map { host in
                guard let address = Self.address(host) else { return .dnsName(host) }
                return .ipAddress(ASN1OctetString(contentBytes: address[...]))
            })
    }

    /// The bytes of an address, in network order; nil where a text is none.
    package static func address(_ text: String) -> [UInt8]? {
        guard let found = try? SocketAddress(ipAddress: text, port: 0) else { return nil }
        return found.withSockAddr { address, size in
            let bytes = UnsafeRawBufferPointer(start: address, count: size)
            // Where they stand in sockaddr_in and sockaddr_in6 (POSIX, netinet/in.h, as Linux lays them out).
            return Array(found.protocol == .inet ? bytes[4..<8] : bytes[8..<24])
        }
    }
}
