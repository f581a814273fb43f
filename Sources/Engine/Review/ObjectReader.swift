import RuleLang

/// Why an object is not what its kind has.
struct WorkloadFault: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }

    init(_ error: JSONError) { reason = "not JSON at byte \(error.offset): \(error.reason)" }
}

/// Reads what the engine needs of an object, in one go and without a copy. A missing key and null are the same; of a
/// key that stands twice the last value counts.
struct ObjectReader {
    /// What was read of images, list after list, also of lists that a later key of the same name took the place of.
    private(set) var images: [FieldSlot] = []
    /// The texts that stand with escapes, decoded. Slices of them begin where the text ends.
    private(set) var decoded: [UInt8] = []
    private var cursor = JSONCursor()

    /// Forgets what was read, and keeps the memory unless it is far more than a review needs.
    mutating func reset() {
        if images.capacity > 4_096 { images = [] } else { images.removeAll(keepingCapacity: true) }
        if images.capacity == 0 { images.reserveCapacity(32) }
        if !decoded.isEmpty { decoded = [] }
    }

    /// The bytes that slices are of: the text, and after it what was decoded; nil where that is the text alone.
    func extended(_ bytes: [UInt8]) -> [UInt8]? { decoded.isEmpty ? nil : bytes + decoded }

    /// Reads the object at the cursor, which is moved behind it where all is well.
    mutating func read(
        _ bytes: ByteSpan, at cursor: inout JSONCursor, podPath: PodPath
    ) throws(WorkloadFault) -> ObjectFields {
        self.cursor = cursor
        var fields = ObjectFields(podPath: podPath)
        let step = podPath.step(0) ?? .spec
        let here = ShownPath("the object")
        try enterObject(bytes, here)
        var isFirst = true
        while let key = try nextKey(bytes, &isFirst) {
            switch FieldKey(key, bytes) {
            case .metadata: fields.own = try metadata(bytes, "")
            case .some(step):
                if podPath == .pod {
                    fields.pod.lists = try podSpec(bytes, "")
                } else {
                    fields.pod = try pod(bytes, podPath, level: 1)
                }
            default: try skip(bytes)
            }
        }
        if podPath == .pod { fields.pod.metadata = fields.own }
        cursor = self.cursor
        return fields
    }

    /// Goes down to the template and reads it; the object has not more levels than `PodPath` says.
    private mutating func pod(
        _ bytes: ByteSpan, _ podPath: PodPath, level: Int
    ) throws(WorkloadFault) -> ObjectFields.Pod {
        var result = ObjectFields.Pod()
        if try isNull(bytes) { return result }
        let pointer = podPath.pointer(level)
        let step = podPath.step(level)
        try enterObject(bytes, ShownPath(pointer))
        var isFirst = true
        while let key = try nextKey(bytes, &isFirst) {
            let key = FieldKey(key, bytes)
            if let step {
                if key == step {
                    result = try pod(bytes, podPath, level: level + 1)
                } else {
                    try skip(bytes)
                }
            } else if key == .metadata {
                result.metadata = try metadata(bytes, pointer)
            } else if key == .spec {
                result.lists = try podSpec(bytes, pointer)
            } else {
                try skip(bytes)
            }
        }
        return result
    }

    private mutating func metadata(
        _ bytes: ByteSpan, _ pointer: StaticString
    ) throws(WorkloadFault) -> ObjectFields.Metadata? {
        if try isNull(bytes) { return nil }
        var result = ObjectFields.Metadata()
        var here = ShownPath(pointer, "metadata")
        try enterObject(bytes, here)
        var isFirst = true
        while let key = try nextKey(bytes, &isFirst) {
            switch FieldKey(key, bytes) {
            case .name: result.name = try string(bytes, here.leaf("name")) ?? .empty
            case .generateName: result.generateName = try string(bytes, here.leaf("generateName")) ?? .empty
            case .namespace: result.namespace = try string(bytes, here.leaf("namespace"))
            case .labels:
                here = here.leaf("labels")
                result.labels = nil
                if try isNull(bytes) { continue }
                result.labels = cursor.offset
                try enterObject(bytes, here)
                var isFirstLabel = true
                while let key = try nextKey(bytes, &isFirstLabel) { _ = try mapValue(bytes, here, key) }
            case .annotations:
                here = here.leaf("annotations")
                result.annotations = nil
                result.bypassed = nil
                result.isMirrorPod = false
                if try isNull(bytes) { continue }
                result.annotations = cursor.offset
                try annotations(bytes, here, &result)
            default: try skip(bytes)
            }
        }
        return result
    }

    private mutating func annotations(
        _ bytes: ByteSpan, _ here: ShownPath, _ result: inout ObjectFields.Metadata
    ) throws(WorkloadFault) {
        try enterObject(bytes, here)
        var isFirst = true
        while let key = try nextKey(bytes, &isFirst) {
            let value = try mapValue(bytes, here, key)
            if holds(key, ReservedAnnotation.bypassed, bytes) {
                result.bypassed = value.map { keep($0, bytes) } ?? .empty
            } else if holds(key, ReservedAnnotation.mirrorPod, bytes) {
                result.isMirrorPod = true
            }
        }
    }

    /// Whether a key is this text, byte by byte.
    private func holds(_ key: JSONString, _ text: String, _ bytes: ByteSpan) -> Bool {
        guard !key.hasEscapes else {
            var decoded: [UInt8] = []
            key.decode(bytes, into: &decoded)
            return decoded.elementsEqual(text.utf8)
        }
        guard key.slice.count == text.utf8.count else { return false }
        return zip(key.slice.range, text.utf8).allSatisfy { bytes[$0] == $1 }
    }

    /// The value of a label or an annotation; nil where it is null, which counts as empty.
    @inline(__always)
    private mutating func mapValue(
        _ bytes: ByteSpan, _ here: ShownPath, _ key: JSONString
    ) throws(WorkloadFault) -> JSONString? {
        let kind = try kind(bytes)
        guard kind == .string else {
            if kind == .null {
                try skip(bytes)
                return nil
            }
            var decoded: [UInt8] = []
            key.decode(bytes, into: &decoded)
            let shown = JSONPointer.escape(String(decoding: decoded, as: UTF8.self))
            throw Self.notAString("\(here.text)/\(shown)", kind)
        }
        do throws(JSONError) { return try cursor.readString(bytes) } catch { throw WorkloadFault(error) }
    }

    private mutating func podSpec(
        _ bytes: ByteSpan, _ pointer: StaticString
    ) throws(WorkloadFault) -> InlineArray<4, Range<Int>> {
        var lists = InlineArray<4, Range<Int>>(repeating: 0..<0)
        if try isNull(bytes) { return lists }
        let here = ShownPath(pointer, "/spec")
        try enterObject(bytes, here)
        var isFirst = true
        while let key = try nextKey(bytes, &isFirst) {
            switch FieldKey(key, bytes) {
            case .initContainers: lists[0] = try list(bytes, here, .initContainer)
            case .containers: lists[1] = try list(bytes, here, .container)
            case .ephemeralContainers: lists[2] = try list(bytes, here, .ephemeral)
            case .volumes: lists[3] = try list(bytes, here, .volume)
            default: try skip(bytes)
            }
        }
        return lists
    }

    private mutating func list(
        _ bytes: ByteSpan, _ spec: ShownPath, _ place: Place
    ) throws(WorkloadFault) -> Range<Int> {
        let start = images.count
        if try isNull(bytes) { return start..<start }
        var here = spec
        here.list = place.listKey
        let kind = try kind(bytes)
        guard kind == .array else { throw WorkloadFault("`\(here.text)` is \(kind.rawValue), not a list") }
        do throws(JSONError) { try cursor.enterArray(bytes) } catch { throw WorkloadFault(error) }
        var index = 0
        while true {
            do throws(JSONError) {
                guard try cursor.nextElement(bytes, isFirst: index == 0) else { break }
            } catch {
                throw WorkloadFault(error)
            }
            here.index = index
            try image(bytes, here, place)
            index &+= 1
        }
        return start..<images.count
    }

    private mutating func image(
        _ bytes: ByteSpan, _ here: ShownPath, _ place: Place
    ) throws(WorkloadFault) {
        if try isNull(bytes) { return }
        var name = TextSlice.empty
        var text: TextSlice?
        try enterObject(bytes, here)
        var isFirst = true
        while let key = try nextKey(bytes, &isFirst) {
            switch FieldKey(key, bytes) {
            case .name: name = try string(bytes, here.leaf("name")) ?? .empty
            case .image where place != .volume: text = try string(bytes, here.leaf("image"))
            case .image: text = try volumeReference(bytes, here.leaf("image"))
            default: try skip(bytes)
            }
        }
        if let text { images.append(FieldSlot(place: place, index: here.index, name: name, text: text)) }
    }

    private mutating func volumeReference(
        _ bytes: ByteSpan, _ here: ShownPath
    ) throws(WorkloadFault) -> TextSlice? {
        if try isNull(bytes) { return nil }
        var text: TextSlice?
        try enterObject(bytes, here)
        var isFirst = true
        while let key = try nextKey(bytes, &isFirst) {
            if FieldKey(key, bytes) == .reference {
                text = try string(bytes, here.leaf("image/reference"))
            } else {
                try skip(bytes)
            }
        }
        return text
    }

    // MARK: Values

    @inline(__always)
    private mutating func nextKey(
        _ bytes: ByteSpan, _ isFirst: inout Bool
    ) throws(WorkloadFault) -> JSONString? {
        do throws(JSONError) {
            let key = try cursor.nextKey(bytes, isFirst: isFirst)
            isFirst = false
            return key
        } catch {
            throw WorkloadFault(error)
        }
    }

    @inline(__always)
    private mutating func kind(_ bytes: ByteSpan) throws(WorkloadFault) -> JSONCursor.Kind {
        do throws(JSONError) { return try cursor.kind(bytes) } catch { throw WorkloadFault(error) }
    }

    @inline(__always)
    private mutating func skip(_ bytes: ByteSpan) throws(WorkloadFault) {
        do throws(JSONError) { try cursor.skipValue(bytes) } catch { throw WorkloadFault(error) }
    }

    @inline(__always)
    private mutating func isNull(_ bytes: ByteSpan) throws(WorkloadFault) -> Bool {
        do throws(JSONError) { return try cursor.skipNull(bytes) } catch { throw WorkloadFault(error) }
    }

    @inline(__always)
    private mutating func enterObject(_ bytes: ByteSpan, _ here: ShownPath) throws(WorkloadFault) {
        let kind = try kind(bytes)
        guard kind == .object else { throw WorkloadFault("`\(here.text)` is \(kind.rawValue), not an object") }
        do throws(JSONError) { try cursor.enterObject(bytes) } catch { throw WorkloadFault(error) }
    }

    @inline(__always)
    private mutating func string(
        _ bytes: ByteSpan, _ here: ShownPath
    ) throws(WorkloadFault) -> TextSlice? {
        if try isNull(bytes) { return nil }
        let kind = try kind(bytes)
        guard kind == .string else { throw Self.notAString(here.text, kind) }
        do throws(JSONError) { return keep(try cursor.readString(bytes), bytes) } catch { throw WorkloadFault(error) }
    }

    private static func notAString(_ what: String, _ kind: JSONCursor.Kind) -> WorkloadFault {
        WorkloadFault("`\(what)` is \(kind.rawValue), not a string; a text that looks like one needs quotes")
    }

    /// The slice that a string's text is.
    @inline(__always)
    mutating func keep(_ string: JSONString, _ bytes: ByteSpan) -> TextSlice {
        guard string.hasEscapes else { return string.slice }
        let start = decoded.count
        string.decode(bytes, into: &decoded)
        return TextSlice(start: bytes.count &+ start, count: decoded.count &- start)
    }
}

/// Where in an object the reader is, put into words only where something is wrong there.
private struct ShownPath {
    private let base: StaticString
    private let part: StaticString
    var list: StaticString = ""
    var index = -1
    private var last: StaticString = ""

    init(_ base: StaticString, _ part: StaticString = "") {
        self.base = base
        self.part = part
    }

    /// A key of what stands here.
    func leaf(_ key: StaticString) -> ShownPath {
        var path = self
        path.last = key
        return path
    }

    var text: String {
        var text = "\(base)"
        // The object's own metadata is called that, anything else by its pointer.
        text += "\(base)".isEmpty || "\(part)".hasPrefix("/") || "\(part)".isEmpty ? "\(part)" : "/\(part)"
        if list.utf8CodeUnitCount > 0 { text += "/\(list)" }
        if index >= 0 { text += "/\(index)" }
        if last.utf8CodeUnitCount > 0 { text += "/\(last)" }
        return text
    }
}
