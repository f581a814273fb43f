#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

// What is read and written of Kubernetes' objects: the fields that are needed, and no others.

/// `metadata` of an object (meta/v1 ObjectMeta).
struct ObjectMetadata: Codable, Equatable {
    /// Who wrote which fields; only the names and times are read.
    struct Manager: Codable, Equatable {
        var manager: String?
        var time: String?
    }

    var name: String?
    var namespace: String?
    var resourceVersion: String?
    var labels: [String: String]?
    var annotations: [String: String]?
    var managedFields: [Manager]?
}

/// A Namespace (core/v1).
struct NamespaceObject: JSONReadable, Equatable {
    var metadata: ObjectMetadata
}

/// A page of a list of Namespaces.
struct NamespaceList: JSONReadable, Equatable {
    struct Metadata: Decodable, Equatable {
        var resourceVersion: String?
        var `continue`: String?
    }
    var metadata: Metadata
    var items: [NamespaceObject]
}

/// One line of a watch on Namespaces (meta/v1 WatchEvent).
struct NamespaceEvent: JSONReadable, Equatable {
    /// A Namespace, or, of `ERROR`, a Status.
    struct Object: Decodable, Equatable {
        var metadata: ObjectMetadata?
        var code: Int?
        var message: String?
    }
    var type: String
    var object: Object
}

/// A Status (meta/v1).
struct StatusObject: JSONReadable {
    var message: String?
    var reason: String?
    var code: Int?
}

/// A Secret (core/v1).
struct SecretObject: JSONReadable, Encodable, Equatable {
    var apiVersion: String? = "v1"
    var kind: String? = "Secret"
    var metadata: ObjectMetadata
    var type: String?
    /// Values in base64. Null takes a key away, in a merge patch.
    var data: [String: String?]?
}

/// A MutatingWebhookConfiguration or ValidatingWebhookConfiguration (admissionregistration.k8s.io/v1).
struct WebhookConfigurationObject: JSONReadable, Encodable, Equatable {
    struct Service: Codable, Equatable {
        var namespace: String
        var name: String
    }
    struct ClientConfiguration: Codable, Equatable {
        var url: String?
        var service: Service?
        /// PEM in base64.
        var caBundle: String?
    }
    struct Webhook: Codable, Equatable {
        var name: String
        var clientConfig: ClientConfiguration
    }
    var metadata: ObjectMetadata
    var webhooks: [Webhook]?
}

/// What is read from JSON.
protocol JSONReadable: Decodable {}

extension JSONReadable {
    /// Reads an answer; unknown members are passed over.
    static func read(_ bytes: [UInt8]) throws(APIFailure) -> Self {
        do {
            return try JSONDecoder().decode(Self.self, from: Data(bytes))
        } catch {
            throw APIFailure(.malformed, "the answer is not the \(Self.self) that was asked for")
        }
    }
}

/// Writes an object as JSON, with the same bytes for the same object.
func json(_ object: some Encodable) throws(APIFailure) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
        return Array(try encoder.encode(object))
    } catch {
        throw APIFailure(.malformed, "the request cannot be written as JSON")
    }
}

/// Base64 (RFC 4648, section 4), as Kubernetes has bytes in JSON.
func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

/// The bytes of base64; nil where it is none.
func base64Decoded(_ text: String) -> [UInt8]? { Data(base64Encoded: text).map { Array($0) } }
