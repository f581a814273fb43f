#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import NIOHTTP1

/// A webhook configuration whose `caBundle`s are kept right.
package struct WebhookConfiguration: Sendable, Hashable {
    /// Which of the two kinds it is.
    package enum Kind: String, Sendable {
        case mutating = "mutatingwebhookconfigurations"
        case validating = "validatingwebhookconfigurations"
    }

    package let kind: Kind
    package let name: String

    /// - Returns: nil where this cannot be a name.
    package init?(_ kind: Kind, name: String) {
        guard KubernetesClient.Request.isName(name) else { return nil }
        self.kind = kind
        self.name = name
    }

    /// Which of a configuration's webhooks are ours: those that call our Service, or a URL of one of our hosts.
    package struct Target: Sendable {
        package let namespace: String
        /// Nil for every Service of the namespace.
        package let service: String?
        package let hosts: [String]

        package init(namespace: String, service: String?, hosts: [String] = []) {
            self.namespace = namespace
            self.service = service
            self.hosts = hosts
        }

        func holds(_ client: WebhookConfigurationObject.ClientConfiguration) -> Bool {
            if let called = client.service {
                return called.namespace == namespace && called.name == service ?? called.name
            }
            guard let url = client.url, let host = URL(string: url)?.host() else { return false }
            return hosts.contains(host)
        }
    }

    /// A configuration as it was read.
    struct Read: Equatable {
        var resourceVersion: String
        /// Our webhooks: their names, and the PEM that each holds.
        var bundles: [String: String]
        /// The annotation by which cert-manager fills in the bundle; nil where there is none.
        var injector: String?
        /// Who wrote last.
        var lastWriter: String?
    }

    /// The annotations that hand a configuration to cert-manager's injector.
    static let injections = [
        "cert-manager.io/inject-ca-from", "cert-manager.io/inject-ca-from-secret",
        "cert-manager.io/inject-apiserver-ca",
    ]

    private var path: String { "/apis/admissionregistration.k8s.io/v1/\(kind.rawValue)/\(name)" }

    /// Reads it. (verb: get)
    ///
    /// - Returns: nil where there is none.
    func read(_ target: Target, _ client: KubernetesClient) async throws(APIFailure) -> Read? {
        do throws(APIFailure) {
            return Self.parse(try WebhookConfigurationObject.read(try await client.send(.init(path: path))), target)
        } catch {
            guard error.kind == .notFound else { throw error }
            return nil
        }
    }

    static func parse(_ object: WebhookConfigurationObject, _ target: Target) -> Read {
        var bundles: [String: String] = [:]
        for webhook in object.webhooks ?? [] where target.holds(webhook.clientConfig) {
            let pem = webhook.clientConfig.caBundle.flatMap(base64Decoded) ?? []
            bundles[webhook.name] = String(decoding: pem, as: UTF8.self)
        }
        let annotations = object.metadata.annotations ?? [:]
        let writers = (object.metadata.managedFields ?? []).sorted { ($0.time ?? "") < ($1.time ?? "") }
        return Read(
            resourceVersion: object.metadata.resourceVersion ?? "", bundles: bundles,
            injector: injections.first { annotations[$0] != nil }, lastWriter: writers.last?.manager)
    }

    /// Writes the bundles of our webhooks, if nobody else changed the configuration since it was read. (verb: patch)
    ///
    /// A strategic merge patch finds webhooks by their names, and carries nothing but the bundles.
    func write(_ pem: String, to read: Read, _ client: KubernetesClient) async throws(APIFailure) {
        struct Patch: Encodable {
            struct Webhook: Encodable {
                var name: String
                var clientConfig: [String: String]
            }
            var metadata: ObjectMetadata
            var webhooks: [Webhook]
        }
        let bundle = base64(Array(pem.utf8))
        let patch = Patch(
            metadata: ObjectMetadata(resourceVersion: read.resourceVersion),
            webhooks: read.bundles.keys.sorted().map { .init(name: $0, clientConfig: ["caBundle": bundle]) })
        _ = try await client.send(
            .init(
                method: .PATCH, path: path, query: [("fieldManager", "ruled")],
                contentType: "application/strategic-merge-patch+json", body: try json(patch)))
    }
}
