import Foundation
import Server
import SwiftASN1
import X509

@testable import Cluster
@testable import Server

/// A release in a cluster: its webhook configurations and its Secret, with managers and replicas as they are asked for.
final class Release: @unchecked Sendable {
    let server: StubAPIServer
    let clock: TestClock
    let lines = Lines()
    var timing = CertificateTiming()

    private let secret: AuthoritySecret
    private let configurations: [WebhookConfiguration]
    let secretPath = "/api/v1/namespaces/ruled/secrets/ruled-ca"

    init(now: Double = 1_800_000_000) throws {
        server = try StubAPIServer()
        clock = TestClock(now)
        timing.interval = 0.02
        timing.replicaInterval = 0.02
        guard let secret = AuthoritySecret(namespace: "ruled", name: "ruled-ca"),
            let mutating = WebhookConfiguration(.mutating, name: "ruled"),
            let validating = WebhookConfiguration(.validating, name: "ruled")
        else { throw AuthorityFailure(reason: "names") }
        self.secret = secret
        configurations = [mutating, validating]
        for kind in [WebhookConfiguration.Kind.mutating, .validating] {
            server.cluster.put(
                path(kind),
                [
                    "metadata": ["name": "ruled"],
                    "webhooks": [
                        [
                            "name": "pods.ruled.dev",
                            "clientConfig": ["service": ["namespace": "ruled", "name": "ruled"]],
                        ],
                        ["name": "other.example.com", "clientConfig": ["url": "https://elsewhere.example.com/x"]],
                    ],
                ])
        }
    }

    func path(_ kind: WebhookConfiguration.Kind) -> String {
        "/apis/admissionregistration.k8s.io/v1/\(kind.rawValue)/ruled"
    }

    // MARK: What runs

    func manager(tokenFile: String? = nil) throws -> CertificateManager {
        CertificateManager(
            secret: secret, configurations: configurations, service: "ruled", hosts: [],
            client: try server.client(tokenFile: tokenFile), log: lines.log, timing: timing, clock: clock.clock)
    }

    struct Replica: Sendable {
        let issuer: LeafIssuer
        let certificate: IssuedCertificate
        let leaf: Leaf

        /// The key identifier of the CA that issued what is served.
        var leafIssuer: [UInt8]? {
            leaf.value.flatMap { try? $0.extensions.authorityKeyIdentifier?.keyIdentifier.map { Array($0) } }
        }

        /// Whether a client that trusts a bundle would accept what is served.
        func isTrusted(by bundle: String) -> Bool {
            guard let issuer = leafIssuer else { return false }
            return TrustedCertificate.bundle(bundle)?.contains { $0.keyIdentifier == issuer } ?? false
        }
    }

    /// The certificate of a replica, as a client sees it.
    final class Leaf: Sendable {
        private let certificate: IssuedCertificate
        init(_ certificate: IssuedCertificate) { self.certificate = certificate }
        var value: Certificate? { certificate.live.flatMap { try? Certificate(derEncoded: $0.leaf) } }
    }

    func replica(tokenFile: String? = nil) throws -> Replica {
        let certificate = IssuedCertificate()
        let clock = clock
        let issuer = LeafIssuer(
            secret: secret, service: "ruled", names: [], certificate: certificate,
            client: try server.client(tokenFile: tokenFile), log: lines.log, timing: timing, now: { clock.now })
        return Replica(issuer: issuer, certificate: certificate, leaf: Leaf(certificate))
    }

    // MARK: What is there

    var state: AuthorityState? {
        guard let data = server.cluster.object(secretPath)?["data"] as? [String: String] else { return nil }
        return try? AuthorityState(secret: data)
    }

    func setSecret(_ data: [String: String]) {
        server.cluster.put(secretPath, ["metadata": ["name": "ruled-ca"], "data": data])
    }

    /// The PEM that our webhook holds; empty where it holds none.
    func bundle(_ kind: WebhookConfiguration.Kind) -> String? {
        let webhooks = server.cluster.object(path(kind))?["webhooks"] as? [[String: Any]]
        let client = webhooks?.first?["clientConfig"] as? [String: Any]
        let bytes = base64Decoded(client?["caBundle"] as? String ?? "") ?? []
        return String(decoding: bytes, as: UTF8.self)
    }

    func setBundle(_ kind: WebhookConfiguration.Kind, _ pem: String) {
        change(kind) { object in
            var webhooks = object["webhooks"] as? [[String: Any]] ?? []
            var client = webhooks[0]["clientConfig"] as? [String: Any] ?? [:]
            client["caBundle"] = base64(Array(pem.utf8))
            webhooks[0]["clientConfig"] = client
            object["webhooks"] = webhooks
        }
    }

    func annotate(_ kind: WebhookConfiguration.Kind, _ annotations: [String: String]) {
        change(kind) { $0["metadata"] = ["name": "ruled", "annotations": annotations] }
    }

    private func change(_ kind: WebhookConfiguration.Kind, _ body: (inout [String: Any]) -> Void) {
        var object = server.cluster.object(path(kind)) ?? [:]
        body(&object)
        server.cluster.put(path(kind), object)
    }
}
