/// Why a text is not an AdmissionReview that can be answered.
public struct ReviewError: Error, Sendable, Equatable {
    /// What is wrong, in words.
    public let reason: String
}

/// What is read of a review, by where it stands.
struct ReviewFields {
    var apiVersion = TextSlice.empty
    var kind = TextSlice.empty
    var hasRequest = false
    var uid = TextSlice.empty
    var group = TextSlice.empty
    var requestKind = TextSlice.empty
    var namespace = TextSlice.empty
    var name = TextSlice.empty
    var operation = TextSlice.empty
    var subresource = TextSlice.empty
    var isDryRun = false
    /// The object; nil where the request has none.
    var object: ObjectReading?
    /// The object before an update.
    var oldObject: ObjectReading?
    /// Where the object begins, and the kind under which it was read as it came.
    fileprivate var start: (offset: Int, podPath: PodPath?)?
    fileprivate var oldStart: (offset: Int, podPath: PodPath?)?
}

/// Reads an AdmissionReview in one go: where the kind stands before the object, as the API server writes it, the
/// object is read as it comes. Otherwise it is skipped, and read when the kind is known.
struct ReviewReader {
    private(set) var objects = ObjectReader()
    /// What was read of the last review; large, so that it is looked at here.
    private(set) var fields = ReviewFields()
    private var cursor = JSONCursor()
    private var fault: String?

    /// Reads a review. The whole text must be JSON, what is not looked at as well.
    mutating func read(_ bytes: ByteSpan) throws(ReviewError) {
        objects.reset()
        fields = ReviewFields()
        cursor = JSONCursor()
        fault = nil
        do throws(JSONError) {
            try readReview(bytes)
        } catch {
            throw ReviewError(reason: "not JSON at byte \(error.offset): \(error.reason)")
        }
        if let fault { throw ReviewError(reason: fault) }
        guard isText(fields.kind, "AdmissionReview", bytes) else {
            throw ReviewError(
                reason: fields.kind.isEmpty
                    ? "an AdmissionReview is expected"
                    : "an AdmissionReview is expected, not a `\(text(fields.kind, bytes))`")
        }
        guard
            isText(fields.apiVersion, "admission.k8s.io/v1", bytes)
                || isText(fields.apiVersion, "admission.k8s.io/v1beta1", bytes)
        else {
            throw ReviewError(
                reason: "admission.k8s.io/v1 or v1beta1 is expected, not `\(text(fields.apiVersion, bytes))`")
        }
        guard fields.hasRequest else { throw ReviewError(reason: "the review has no request") }
        guard !fields.uid.isEmpty else { throw ReviewError(reason: "the request has no uid") }
        let podPath = podPath(bytes)
        // Where the kind stands behind an object, or stands twice, that is read again, or now.
        if let start = fields.start, podPath == nil || podPath != start.podPath {
            fields.object = objects.reading(bytes, at: start.offset, podPath: podPath)
        }
        if let start = fields.oldStart, podPath == nil || podPath != start.podPath {
            fields.oldObject = objects.reading(bytes, at: start.offset, podPath: podPath)
        }
    }

    /// The text of a slice.
    func text(_ slice: TextSlice, _ bytes: ByteSpan) -> String {
        var copy: [UInt8] = []
        for index in slice.range {
            copy.append(index < bytes.count ? bytes[index] : objects.decoded[index - bytes.count])
        }
        return String(decoding: copy, as: UTF8.self)
    }

    private func isText(_ slice: TextSlice, _ text: StaticString, _ bytes: ByteSpan) -> Bool {
        guard slice.start < bytes.count else {
            return TextSlice(start: slice.start - bytes.count, count: slice.count).holds(text, objects.decoded.span)
        }
        return slice.holds(text, bytes)
    }

    // MARK: The envelope

    private mutating func readReview(_ bytes: ByteSpan) throws(JSONError) {
        guard try cursor.kind(bytes) == .object else {
            try cursor.skipValue(bytes)
            return try cursor.finish(bytes)
        }
        try cursor.enterObject(bytes)
        var isFirst = true
        while let key = try cursor.nextKey(bytes, isFirst: isFirst) {
            isFirst = false
            switch FieldKey(key, bytes) {
            case .apiVersion: fields.apiVersion = try string("apiVersion", bytes)
            case .kind: fields.kind = try string("kind", bytes)
            case .request:
                // Of a key that stands twice the last value counts, so nothing of an earlier request stays.
                var fresh = ReviewFields()
                fresh.apiVersion = fields.apiVersion
                fresh.kind = fields.kind
                fields = fresh
                fault = nil
                if try cursor.skipNull(bytes) { continue }
                guard try cursor.kind(bytes) == .object else {
                    try refuse("request", bytes)
                    continue
                }
                fields.hasRequest = true
                try readRequest(bytes)
            default: try cursor.skipValue(bytes)
            }
        }
        try cursor.finish(bytes)
    }

    private mutating func readRequest(_ bytes: ByteSpan) throws(JSONError) {
        try cursor.enterObject(bytes)
        var isFirst = true
        while let key = try cursor.nextKey(bytes, isFirst: isFirst) {
            isFirst = false
            switch FieldKey(key, bytes) {
            case .uid: fields.uid = try string("uid", bytes)
            case .namespace: fields.namespace = try string("namespace", bytes)
            case .name: fields.name = try string("name", bytes)
            case .operation: fields.operation = try string("operation", bytes)
            case .subResource: fields.subresource = try string("subResource", bytes)
            case .dryRun where try cursor.kind(bytes) == .boolean: fields.isDryRun = try cursor.readBoolean(bytes)
            case .kind: try readKind(bytes)
            case .object:
                fields.object = nil
                fields.start = try startOfObject(bytes)
                if let start = fields.start { fields.object = try readObject(bytes, start) }
            case .oldObject:
                fields.oldObject = nil
                fields.oldStart = try startOfObject(bytes)
                if let start = fields.oldStart { fields.oldObject = try readObject(bytes, start) }
            default: try cursor.skipValue(bytes)
            }
        }
    }

    private mutating func readKind(_ bytes: ByteSpan) throws(JSONError) {
        fields.group = .empty
        fields.requestKind = .empty
        guard try cursor.kind(bytes) == .object else { return try cursor.skipValue(bytes) }
        try cursor.enterObject(bytes)
        var isFirst = true
        while let key = try cursor.nextKey(bytes, isFirst: isFirst) {
            isFirst = false
            switch FieldKey(key, bytes) {
            case .group: fields.group = try string("group", bytes)
            case .kind: fields.requestKind = try string("kind", bytes)
            default: try cursor.skipValue(bytes)
            }
        }
    }

    private mutating func string(_ key: String, _ bytes: ByteSpan) throws(JSONError) -> TextSlice {
        if try cursor.skipNull(bytes) { return .empty }
        guard try cursor.kind(bytes) == .string else {
            try refuse(key, bytes)
            return .empty
        }
        return objects.keep(try cursor.readString(bytes), bytes)
    }

    private mutating func refuse(_ key: String, _ bytes: ByteSpan) throws(JSONError) {
        let kind = try cursor.kind(bytes)
        fault = fault ?? "`\(key)` is \(kind.rawValue)"
        try cursor.skipValue(bytes)
    }

    // MARK: The objects

    /// Where the pod stands in an object of the request's kind, as far as that was read.
    private func podPath(_ bytes: ByteSpan) -> PodPath? {
        PodPath { isText(fields.requestKind, $1, bytes) && isText(fields.group, $0, bytes) }
    }

    private mutating func startOfObject(
        _ bytes: ByteSpan
    ) throws(JSONError) -> (offset: Int, podPath: PodPath?)? {
        if try cursor.skipNull(bytes) { return nil }
        return (cursor.offset, podPath(bytes))
    }

    /// Reads an object under the kind that is known; nil where that is none that holds a pod, or not known yet.
    private mutating func readObject(
        _ bytes: ByteSpan, _ start: (offset: Int, podPath: PodPath?)
    ) throws(JSONError) -> ObjectReading? {
        guard let podPath = start.podPath else {
            try cursor.skipValue(bytes)
            return nil
        }
        do throws(WorkloadFault) {
            return .workload(try objects.read(bytes, at: &cursor, podPath: podPath))
        } catch {
            // Where it is no JSON, skipping it says so, and the review is none.
            try cursor.skipValue(bytes)
            return .malformed(reason: error.reason)
        }
    }
}

extension ObjectReader {
    /// What the object is that begins at an offset of a text that was found to be JSON.
    mutating func reading(_ bytes: ByteSpan, at offset: Int, podPath: PodPath?) -> ObjectReading {
        guard let podPath else { return .notAWorkload }
        var cursor = JSONCursor(at: offset)
        do throws(WorkloadFault) {
            return .workload(try read(bytes, at: &cursor, podPath: podPath))
        } catch {
            return .malformed(reason: error.reason)
        }
    }
}
