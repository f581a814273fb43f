import Foundation

/// The objects of a cluster as an API server keeps them, as far as `ruled` asks for them: versions, server-side apply,
/// merge patches, and a log of what became of namespaces.
///
/// Unchecked: everything is behind the lock.
final class StubCluster: @unchecked Sendable {
    /// An answer.
    struct Answer {
        var status = 200
        var headers: [(String, String)] = []
        var body: [UInt8]
    }

    /// A line for those who watch namespaces.
    struct Event {
        let version: Int
        let line: [UInt8]
    }

    private let lock = NSLock()
    private var version = 1_000
    /// By path.
    private var objects: [String: [String: Any]] = [:]
    /// Who applied which key of a Secret's data, by path.
    private var owners: [String: [String: String]] = [:]
    private var events: [Event] = []
    private var listener: (@Sendable (Event) -> Void)?
    /// Versions up to this one are forgotten: who asks for what came after them gets a 410.
    private var compacted = 0

    static let namespaces = "/api/v1/namespaces"

    // MARK: What a test does

    func whenNamespacesChange(_ listener: @escaping @Sendable (Event) -> Void) {
        lock.withLock { self.listener = listener }
    }

    func setNamespace(_ name: String, _ labels: [String: String]) {
        change(name) { old in
            var metadata = old?["metadata"] as? [String: Any] ?? ["name": name]
            metadata["labels"] = labels.merging(["kubernetes.io/metadata.name": name]) { $1 }
            return (old == nil ? "ADDED" : "MODIFIED", ["metadata": metadata])
        }
    }

    func deleteNamespace(_ name: String) { change(name) { old in ("DELETED", old ?? ["metadata": ["name": name]]) } }

    private func change(_ name: String, _ make: ([String: Any]?) -> (String, [String: Any])) {
        let (event, told): (Event, (@Sendable (Event) -> Void)?) = lock.withLock {
            let path = "\(Self.namespaces)/\(name)"
            var (type, object) = make(objects[path])
            object = stamped(object)
            objects[path] = type == "DELETED" ? nil : object
            let event = Event(version: version, line: Self.line(type, object))
            events.append(event)
            return (event, listener)
        }
        told?(event)
    }

    /// A bookmark for all who watch.
    func bookmark() {
        let (event, told) = lock.withLock {
            (Event(version: version, line: Self.line("BOOKMARK", stamped(["metadata": [:]]))), listener)
        }
        told?(event)
    }

    /// Forgets what happened so far.
    func compact() {
        lock.withLock {
            compacted = version
            events = []
        }
    }

    func put(_ path: String, _ object: [String: Any]) {
        lock.withLock {
            objects[path] = stamped(object)
            owners[path] = nil
        }
    }

    func remove(_ path: String) {
        lock.withLock {
            objects[path] = nil
            owners[path] = nil
        }
    }

    func object(_ path: String) -> [String: Any]? { lock.withLock { objects[path] } }

    private func stamped(_ object: [String: Any]) -> [String: Any] {
        version += 1
        var object = object
        var metadata = object["metadata"] as? [String: Any] ?? [:]
        metadata["resourceVersion"] = "\(version)"
        object["metadata"] = metadata
        return object
    }

    private static func line(_ type: String, _ object: [String: Any]) -> [UInt8] {
        bytes(["type": type, "object": object]) + [0x0a]
    }

    static func bytes(_ object: Any) -> [UInt8] {
        Array((try? JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])) ?? Data())
    }

    static func status(_ code: Int, _ reason: String, _ message: String) -> Answer {
        Answer(
            status: code,
            body: bytes(["kind": "Status", "message": message, "reason": reason, "code": code] as [String: Any]))
    }

    // MARK: What a client asks

    /// What a watch from a version on begins with; nil where the version is too old.
    func events(since version: Int) -> [Event]? {
        lock.withLock { version < compacted ? nil : events.filter { $0.version > version } }
    }

    func get(_ path: String) -> Answer {
        guard let object = object(path) else { return Self.status(404, "NotFound", "`\(path)` not found") }
        return Answer(body: Self.bytes(object))
    }

    func listNamespaces(limit: Int, after token: String?) -> Answer {
        lock.withLock {
            if let token, let at = token.split(separator: "@").last.flatMap({ Int($0) }), at < compacted {
                return Self.status(410, "Expired", "The provided continue parameter is too old")
            }
            let last = token.flatMap { $0.split(separator: "@").first.map(String.init) } ?? ""
            let names = objects.keys.filter { $0.hasPrefix(Self.namespaces + "/") && !$0.contains("/secrets/") }
                .sorted()
            let left = names.filter { $0 > last }
            var metadata: [String: Any] = ["resourceVersion": "\(version)"]
            if left.count > limit { metadata["continue"] = "\(left[limit - 1])@\(version)" }
            return Answer(
                body: Self.bytes(["metadata": metadata, "items": left.prefix(limit).compactMap { objects[$0] }]))
        }
    }

    func patch(_ path: String, type: String, manager: String, body: [UInt8]) -> Answer {
        guard let patch = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] else {
            return Self.status(400, "BadRequest", "no JSON")
        }
        return lock.withLock {
            if type == "application/apply-patch+yaml" { return apply(path, manager, patch) }
            guard var object = objects[path] else { return Self.status(404, "NotFound", "not found") }
            let wanted = (patch["metadata"] as? [String: Any])?["resourceVersion"] as? String
            let found = (object["metadata"] as? [String: Any])?["resourceVersion"] as? String
            if let wanted, wanted != found {
                return Self.status(
                    409, "Conflict", "the object has been modified; please apply your changes to the latest")
            }
            switch type {
            case "application/merge-patch+json":
                var data = object["data"] as? [String: Any] ?? [:]
                for (key, value) in patch["data"] as? [String: Any] ?? [:] {
                    data[key] = value is NSNull ? nil : value
                }
                object["data"] = data
            case "application/strategic-merge-patch+json":
                var webhooks = object["webhooks"] as? [[String: Any]] ?? []
                for change in patch["webhooks"] as? [[String: Any]] ?? [] {
                    guard let index = webhooks.firstIndex(where: { $0["name"] as? String == change["name"] as? String })
                    else { return Self.status(422, "Invalid", "no such webhook") }
                    var client = webhooks[index]["clientConfig"] as? [String: Any] ?? [:]
                    for (key, value) in change["clientConfig"] as? [String: Any] ?? [:] { client[key] = value }
                    webhooks[index]["clientConfig"] = client
                }
                object["webhooks"] = webhooks
            default: return Self.status(415, "UnsupportedMediaType", "`\(type)`")
            }
            objects[path] = stamped(object)
            return Answer(body: Self.bytes(objects[path] ?? [:]))
        }
    }

    /// Server-side apply without force.
    private func apply(_ path: String, _ manager: String, _ patch: [String: Any]) -> Answer {
        var owned = owners[path] ?? [:]
        var object = objects[path] ?? patch
        let isNew = objects[path] == nil
        var data = isNew ? [:] : object["data"] as? [String: String] ?? [:]
        for (key, value) in patch["data"] as? [String: String] ?? [:] {
            if let owner = owned[key], owner != manager, data[key] != value {
                return Self.status(
                    409, "Conflict", "Apply failed with 1 conflict: conflict with \"\(owner)\": .data.\(key)")
            }
            data[key] = value
            owned[key] = manager
        }
        object["data"] = data
        owners[path] = owned
        objects[path] = stamped(object)
        return Answer(status: isNew ? 201 : 200, body: Self.bytes(objects[path] ?? [:]))
    }
}
