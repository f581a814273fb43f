@testable import Engine

/// A review as the obvious reader reads it: an envelope first, then the objects, each value a copy.
struct SimpleReview: Equatable {
    let apiVersion: String
    let uid: String
    let kind: GroupKind
    let namespace: String
    let name: String
    let operation: String
    let subresource: String
    let isDryRun: Bool
    let object: WorkloadReading?
    let oldObject: WorkloadReading?

    /// Reads a review. The whole text must be JSON, what is not looked at as well.
    ///
    /// - Throws: `ReviewError` where it is not JSON, or not a review with a request and a uid.
    static func simplyRead(_ bytes: [UInt8]) throws(ReviewError) -> SimpleReview {
        var fields = Fields()
        do throws(JSONError) {
            try fields.read(bytes)
        } catch {
            throw ReviewError(reason: "not JSON at byte \(error.offset): \(error.reason)")
        }
        if let fault = fields.fault { throw ReviewError(reason: fault) }
        guard fields.kind == "AdmissionReview" else {
            throw ReviewError(
                reason: fields.kind.isEmpty
                    ? "an AdmissionReview is expected" : "an AdmissionReview is expected, not a `\(fields.kind)`")
        }
        guard fields.apiVersion == "admission.k8s.io/v1" || fields.apiVersion == "admission.k8s.io/v1beta1" else {
            throw ReviewError(
                reason: "admission.k8s.io/v1 or v1beta1 is expected, not `\(fields.apiVersion)`")
        }
        guard fields.hasRequest else { throw ReviewError(reason: "the review has no request") }
        guard !fields.uid.isEmpty else { throw ReviewError(reason: "the request has no uid") }
        let kind = GroupKind(group: fields.group, kind: fields.requestKind)
        return SimpleReview(
            apiVersion: fields.apiVersion, uid: fields.uid, kind: kind, namespace: fields.namespace, name: fields.name,
            operation: fields.operation, subresource: fields.subresource, isDryRun: fields.isDryRun,
            object: fields.object.map { Workload.simplyRead(bytes, at: $0, as: kind) },
            oldObject: fields.oldObject.map { Workload.simplyRead(bytes, at: $0, as: kind) })
    }

    /// The fields as they come; keys stand in any order, so that objects are read once their kind is known.
    private struct Fields {
        var apiVersion = ""
        var kind = ""
        var hasRequest = false
        var uid = ""
        var group = ""
        var requestKind = ""
        var namespace = ""
        var name = ""
        var operation = ""
        var subresource = ""
        var isDryRun = false
        var object: Int?
        var oldObject: Int?
        var fault: String?

        mutating func read(_ bytes: [UInt8]) throws(JSONError) {
            var reader = SimpleJSONReader(bytes)
            guard try reader.kind() == .object else {
                try reader.skipValue()
                try reader.finish()
                return
            }
            var fields = self
            try reader.readObject({ $0 }) { (key, reader) throws(JSONError) in
                switch key {
                case "apiVersion": fields.apiVersion = try fields.string(key, &reader)
                case "kind": fields.kind = try fields.string(key, &reader)
                case "request":
                    // Of a key that stands twice the last value counts, so nothing of an earlier request stays.
                    fields = Fields(apiVersion: fields.apiVersion, kind: fields.kind)
                    if try reader.skipNull() { return }
                    guard try reader.kind() == .object else { return try fields.refuse(key, &reader) }
                    fields.hasRequest = true
                    try fields.readRequest(&reader)
                default: try reader.skipValue()
                }
            }
            try reader.finish()
            self = fields
        }

        private mutating func readRequest(_ reader: inout SimpleJSONReader) throws(JSONError) {
            var fields = self
            try reader.readObject({ $0 }) { (key, reader) throws(JSONError) in
                switch key {
                case "uid": fields.uid = try fields.string(key, &reader)
                case "namespace": fields.namespace = try fields.string(key, &reader)
                case "name": fields.name = try fields.string(key, &reader)
                case "operation": fields.operation = try fields.string(key, &reader)
                case "subResource": fields.subresource = try fields.string(key, &reader)
                case "dryRun" where try reader.kind() == .boolean: fields.isDryRun = try reader.readBoolean()
                case "kind":
                    fields.group = ""
                    fields.requestKind = ""
                    guard try reader.kind() == .object else { return try reader.skipValue() }
                    try reader.readObject({ $0 }) { (key, reader) throws(JSONError) in
                        switch key {
                        case "group": fields.group = try fields.string(key, &reader)
                        case "kind": fields.requestKind = try fields.string(key, &reader)
                        default: try reader.skipValue()
                        }
                    }
                case "object", "oldObject":
                    // Read for now as any value; the place is kept.
                    let isNull = try reader.kind() == .null
                    let start = reader.offset
                    try reader.skipValue()
                    if key == "object" {
                        fields.object = isNull ? nil : start
                    } else {
                        fields.oldObject = isNull ? nil : start
                    }
                default: try reader.skipValue()
                }
            }
            self = fields
        }

        private mutating func string(_ key: String, _ reader: inout SimpleJSONReader) throws(JSONError) -> String {
            if try reader.skipNull() { return "" }
            guard try reader.kind() == .string else {
                try refuse(key, &reader)
                return ""
            }
            return try reader.readString()
        }

        private mutating func refuse(_ key: String, _ reader: inout SimpleJSONReader) throws(JSONError) {
            let kind = try reader.kind()
            fault = fault ?? "`\(key)` is \(kind.rawValue)"
            try reader.skipValue()
        }
    }
}

extension SimpleReview {
    /// What the engine read, to compare.
    init(_ review: AdmissionReview) {
        self.init(
            apiVersion: review.apiVersion, uid: review.uid, kind: review.kind, namespace: review.namespace,
            name: review.name, operation: review.operation, subresource: review.subresource,
            isDryRun: review.isDryRun, object: review.object, oldObject: review.oldObject)
    }
}
