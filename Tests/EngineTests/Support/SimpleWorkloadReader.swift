import RuleLang

@testable import Engine

extension GroupKind {
    /// Where the pod stands in an object of this kind, as keys; nil where there is none.
    fileprivate var podPath: [String]? {
        switch (group, kind) {
        case ("", "Pod"): []
        case ("", "ReplicationController"), ("apps", "Deployment"), ("apps", "StatefulSet"), ("apps", "DaemonSet"),
            ("apps", "ReplicaSet"), ("batch", "Job"):
            ["spec", "template"]
        case ("batch", "CronJob"): ["spec", "jobTemplate", "spec", "template"]
        default: nil
        }
    }
}

extension Workload {
    /// Reads an object by its own `apiVersion` and `kind`.
    ///
    /// - Throws: `JSONError` where the text is not JSON.
    static func simplyRead(json: [UInt8]) throws(JSONError) -> WorkloadReading {
        var apiVersion = ""
        var kind = ""
        var fault: String?
        var reader = SimpleJSONReader(json)
        guard try reader.kind() == .object else {
            try reader.skipValue()
            try reader.finish()
            return .malformed(reason: "a Kubernetes object is expected")
        }
        try reader.readObject({ $0 }) { (key, reader) throws(JSONError) in
            switch key {
            case "apiVersion" where try reader.kind() == .string: apiVersion = try reader.readString()
            case "kind" where try reader.kind() == .string: kind = try reader.readString()
            case "apiVersion", "kind":
                fault = "`\(key)` is not a string"
                try reader.skipValue()
            default: try reader.skipValue()
            }
        }
        try reader.finish()
        if let fault { return .malformed(reason: fault) }
        guard !kind.isEmpty else { return .malformed(reason: "it has no `kind`, so it is no Kubernetes object") }
        return simplyRead(json, at: 0, as: GroupKind(apiVersion: apiVersion, kind: kind))
    }

    /// Reads the object that begins at an offset of a text that was found to be JSON.
    static func simplyRead(_ bytes: [UInt8], at offset: Int, as kind: GroupKind) -> WorkloadReading {
        guard let podPath = kind.podPath else { return .notAWorkload(kind: kind.kind) }
        var reader = SimpleWorkloadReader(reader: SimpleJSONReader(bytes, at: offset))
        do throws(SimpleFault) {
            return .workload(try reader.read(kind: kind.kind, podPath: podPath))
        } catch {
            return .malformed(reason: error.reason)
        }
    }
}

/// Why an object is not what its kind has.
private struct SimpleFault: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }

    init(_ error: JSONError) { reason = "not JSON at byte \(error.offset): \(error.reason)" }
}

/// Reads what the engine needs of an object. A missing key and null are the same; of a key that stands twice the
/// last value counts.
private struct SimpleWorkloadReader {
    var reader: SimpleJSONReader

    private struct Metadata {
        var name = ""
        var generateName = ""
        var namespace: String?
        var labels: [String: String]?
        var annotations: [String: String]?
    }

    private struct Pod {
        var metadata: Metadata?
        var images: [ImageField] = []
    }

    mutating func read(kind: String, podPath: [String]) throws(SimpleFault) -> Workload {
        var own: Metadata?
        var pod = Pod()
        let pointer = podPath.map { "/" + $0 }.joined()
        try object("the object") { (key, reader) throws(SimpleFault) in
            if key == "metadata" {
                own = try reader.metadata("metadata")
            } else if key == podPath.first ?? "spec" {
                pod =
                    podPath.isEmpty
                    ? Pod(images: try reader.podSpec("/spec")) : try reader.pod(podPath.dropFirst(), "/" + key)
            } else {
                try reader.skip()
            }
        }
        if podPath.isEmpty { pod.metadata = own }
        let name = own?.name ?? ""
        return Workload(
            kind: kind, namespace: own?.namespace, name: name.isEmpty ? own?.generateName ?? "" : name,
            podPointer: pointer, labels: pod.metadata?.labels, annotations: pod.metadata?.annotations,
            hasMetadata: pod.metadata != nil, images: pod.images)
    }

    /// Goes down to the template and reads it.
    private mutating func pod(_ path: ArraySlice<String>, _ pointer: String) throws(SimpleFault) -> Pod {
        var result = Pod()
        if try isNull() { return result }
        try object(pointer) { (key, reader) throws(SimpleFault) in
            if let step = path.first {
                if key == step {
                    result = try reader.pod(path.dropFirst(), pointer + "/" + key)
                } else {
                    try reader.skip()
                }
            } else if key == "metadata" {
                result.metadata = try reader.metadata(pointer + "/metadata")
            } else if key == "spec" {
                result.images = try reader.podSpec(pointer + "/spec")
            } else {
                try reader.skip()
            }
        }
        return result
    }

    private mutating func metadata(_ what: String) throws(SimpleFault) -> Metadata? {
        if try isNull() { return nil }
        var result = Metadata()
        try object(what) { (key, reader) throws(SimpleFault) in
            switch key {
            case "name": result.name = try reader.string(what + "/name") ?? ""
            case "generateName": result.generateName = try reader.string(what + "/generateName") ?? ""
            case "namespace": result.namespace = try reader.string(what + "/namespace")
            case "labels": result.labels = try reader.map(what + "/labels")
            case "annotations": result.annotations = try reader.map(what + "/annotations")
            default: try reader.skip()
            }
        }
        return result
    }

    private mutating func map(_ what: String) throws(SimpleFault) -> [String: String]? {
        if try isNull() { return nil }
        var result: [String: String] = [:]
        try object(what) { (key, reader) throws(SimpleFault) in
            result[key] = try reader.string("\(what)/\(JSONPointer.escape(key))") ?? ""
        }
        return result
    }

    private mutating func podSpec(_ pointer: String) throws(SimpleFault) -> [ImageField] {
        if try isNull() { return [] }
        var lists: [Place: [ImageField]] = [:]
        try object(pointer) { (key, reader) throws(SimpleFault) in
            let place: Place
            switch key {
            case "initContainers": place = .initContainer
            case "containers": place = .container
            case "ephemeralContainers": place = .ephemeral
            case "volumes": place = .volume
            default: return try reader.skip()
            }
            lists[place] = try reader.images(pointer + "/" + key, place)
        }
        return [Place.initContainer, .container, .ephemeral, .volume].flatMap { lists[$0] ?? [] }
    }

    private mutating func images(_ pointer: String, _ place: Place) throws(SimpleFault) -> [ImageField] {
        if try isNull() { return [] }
        guard try kind() == .array else { throw SimpleFault("`\(pointer)` is \(try kind().rawValue), not a list") }
        var fields: [ImageField] = []
        var inner = self
        try inner.reader.readArray(SimpleFault.init) { (index, json) throws(SimpleFault) in
            var element = SimpleWorkloadReader(reader: json)
            let here = "\(pointer)/\(index)"
            if let field = try element.image(here, place) { fields.append(field) }
            json = element.reader
        }
        self = inner
        return fields
    }

    private mutating func image(_ pointer: String, _ place: Place) throws(SimpleFault) -> ImageField? {
        if try isNull() { return nil }
        var name = ""
        var text: String?
        let isVolume = place == .volume
        try object(pointer) { (key, reader) throws(SimpleFault) in
            switch key {
            case "name": name = try reader.string(pointer + "/name") ?? ""
            case "image" where !isVolume: text = try reader.string(pointer + "/image")
            case "image": text = try reader.volumeReference(pointer + "/image")
            default: try reader.skip()
            }
        }
        return text.map {
            ImageField(
                place: place, name: name, pointer: pointer + (isVolume ? "/image/reference" : "/image"), text: $0)
        }
    }

    private mutating func volumeReference(_ pointer: String) throws(SimpleFault) -> String? {
        if try isNull() { return nil }
        var text: String?
        try object(pointer) { (key, reader) throws(SimpleFault) in
            if key == "reference" {
                text = try reader.string(pointer + "/reference")
            } else {
                try reader.skip()
            }
        }
        return text
    }

    // MARK: Values

    private mutating func kind() throws(SimpleFault) -> JSONCursor.Kind {
        do throws(JSONError) { return try reader.kind() } catch { throw SimpleFault(error) }
    }

    private mutating func skip() throws(SimpleFault) {
        do throws(JSONError) { try reader.skipValue() } catch { throw SimpleFault(error) }
    }

    private mutating func isNull() throws(SimpleFault) -> Bool {
        do throws(JSONError) { return try reader.skipNull() } catch { throw SimpleFault(error) }
    }

    private mutating func string(_ what: String) throws(SimpleFault) -> String? {
        if try isNull() { return nil }
        let kind = try kind()
        guard kind == .string else {
            throw SimpleFault("`\(what)` is \(kind.rawValue), not a string; a text that looks like one needs quotes")
        }
        do throws(JSONError) { return try reader.readString() } catch { throw SimpleFault(error) }
    }

    private mutating func object(
        _ what: String, _ body: (String, inout SimpleWorkloadReader) throws(SimpleFault) -> Void
    ) throws(SimpleFault) {
        let kind = try kind()
        guard kind == .object else { throw SimpleFault("`\(what)` is \(kind.rawValue), not an object") }
        var inner = self
        try inner.reader.readObject(SimpleFault.init) { (key, json) throws(SimpleFault) in
            var element = SimpleWorkloadReader(reader: json)
            try body(key, &element)
            json = element.reader
        }
        self = inner
    }
}
