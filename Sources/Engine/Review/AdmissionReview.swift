/// A request of the API server: what the engine reads of an AdmissionReview of `admission.k8s.io/v1` or `v1beta1`.
public struct AdmissionReview: Sendable, Equatable {
    /// The version to answer in.
    public let apiVersion: String
    /// The request's identity, which the answer repeats.
    public let uid: String
    /// The kind of the object.
    public let kind: GroupKind
    /// The object's namespace; empty for an object without one.
    public let namespace: String
    /// The object's name; empty where it is yet to be generated.
    public let name: String
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    public let operation: String
    /// The subresource, such as `ephemeralcontainers`; empty for the object itself.
    public let subresource: String
    /// Whether nothing will come of the request.
    public let isDryRun: Bool
    /// The object; nil where the request has none.
    public let object: WorkloadReading?
    /// The object before an update.
    public let oldObject: WorkloadReading?

    /// Reads a review. The whole text must be JSON, what is not looked at as well.
    ///
    /// - Throws: `ReviewError` where it is not JSON, or not a review with a request and a uid.
    public static func read(_ bytes: [UInt8]) throws(ReviewError) -> AdmissionReview {
        var reader = ReviewReader()
        try reader.read(bytes.span)
        return AdmissionReview(reader.fields, reader.objects, bytes)
    }

    init(_ fields: ReviewFields, _ objects: ObjectReader, _ bytes: [UInt8]) {
        let texts = SlicedTexts(bytes: objects.extended(bytes) ?? bytes, images: objects.images)
        apiVersion = texts[fields.apiVersion]
        uid = texts[fields.uid]
        kind = GroupKind(group: texts[fields.group], kind: texts[fields.requestKind])
        namespace = texts[fields.namespace]
        name = texts[fields.name]
        operation = texts[fields.operation]
        subresource = texts[fields.subresource]
        isDryRun = fields.isDryRun
        object = fields.object.map { [kind] in WorkloadReading($0, kind: kind.kind, texts) }
        oldObject = fields.oldObject.map { [kind] in WorkloadReading($0, kind: kind.kind, texts) }
    }
}

/// What slices are of, for those who want texts.
struct SlicedTexts {
    let bytes: [UInt8]
    let images: [FieldSlot]

    subscript(slice: TextSlice) -> String { String(decoding: bytes[slice.range], as: UTF8.self) }

    /// The labels or annotations that begin at an offset. They were found to be right.
    func map(at offset: Int?) -> [String: String]? {
        guard let offset else { return nil }
        var result: [String: String] = [:]
        forEachMember(bytes.span, at: offset) { key, value in
            var text: [UInt8] = []
            value?.decode(bytes.span, into: &text)
            var name: [UInt8] = []
            key.decode(bytes.span, into: &name)
            result[String(decoding: name, as: UTF8.self)] = String(decoding: text, as: UTF8.self)
        }
        return result
    }
}

/// Goes through an object of strings and nulls that was found to be right; a null comes as nil.
@inline(__always)
func forEachMember(_ bytes: ByteSpan, at offset: Int, _ body: (JSONString, JSONString?) -> Void) {
    var cursor = JSONCursor(at: offset)
    do throws(JSONError) {
        try cursor.enterObject(bytes)
        var isFirst = true
        while let key = try cursor.nextKey(bytes, isFirst: isFirst) {
            isFirst = false
            body(key, try cursor.skipNull(bytes) ? nil : try cursor.readString(bytes))
        }
    } catch {
        // It was read before; there is nothing left to be wrong.
    }
}
