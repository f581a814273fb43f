import NIOHTTP1

/// The Secret that holds the authorities, at the API server.
package struct AuthoritySecret: Sendable {
    /// Its namespace, which is the release's.
    package let namespace: String
    package let name: String

    /// - Returns: nil where one of them cannot be a name.
    package init?(namespace: String, name: String) {
        guard KubernetesClient.Request.isName(namespace), KubernetesClient.Request.isName(name) else { return nil }
        self.namespace = namespace
        self.name = name
    }

    private var path: String { "/api/v1/namespaces/\(namespace)/secrets/\(name)" }

    /// A Secret as it was read.
    struct Read {
        var secret: RotationPlan.Secret
        /// Empty where there is none.
        var resourceVersion: String
    }

    /// Reads it. (verb: get)
    func read(_ client: KubernetesClient) async throws(APIFailure) -> Read {
        do throws(APIFailure) {
            return Self.parse(try SecretObject.read(try await client.send(.init(path: path))))
        } catch {
            guard error.kind == .notFound else { throw error }
            return Read(secret: .absent, resourceVersion: "")
        }
    }

    private static func parse(_ object: SecretObject) -> Read {
        let version = object.metadata.resourceVersion ?? ""
        do throws(AuthorityFailure) {
            return Read(secret: .holds(try AuthorityState(secret: object.data ?? [:])), resourceVersion: version)
        } catch {
            return Read(secret: .broken(error.reason), resourceVersion: version)
        }
    }

    /// Creates it if it is not there. (verbs: create and patch, both of this name)
    ///
    /// Server-side apply is the only way to create that a role can bind to one name. Two who apply different values
    /// under different field managers, neither by force, make one of them get a conflict.
    ///
    /// - Parameter owner: a field manager that no other process has.
    func create(_ state: AuthorityState, owner: String, _ client: KubernetesClient) async throws(APIFailure) {
        let object = SecretObject(
            metadata: ObjectMetadata(name: name, namespace: namespace), type: "Opaque",
            data: state.secret.filter { $0.value != nil })
        _ = try await client.send(
            .init(
                method: .PATCH, path: path, query: [("fieldManager", owner), ("force", "false")],
                contentType: "application/apply-patch+yaml", body: try json(object)))
    }

    /// Replaces what it holds, if nobody else did since it was read. (verb: patch)
    func update(_ state: AuthorityState, from version: String, _ client: KubernetesClient) async throws(APIFailure) {
        struct Patch: Encodable {
            var metadata: ObjectMetadata
            var data: [String: String?]
        }
        let patch = Patch(metadata: ObjectMetadata(resourceVersion: version), data: state.secret)
        _ = try await client.send(
            .init(
                method: .PATCH, path: path, query: [("fieldManager", "ruled")],
                contentType: "application/merge-patch+json", body: try json(patch)))
    }
}
