/// JSON Pointers (RFC 6901).
public enum JSONPointer {
    /// A key as it stands in a pointer: `~` and `/` are escaped.
    public static func escape(_ key: String) -> String {
        var escaped = ""
        for scalar in key.unicodeScalars {
            switch scalar {
            case "~": escaped += "~0"
            case "/": escaped += "~1"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

/// The operations that put labels and annotations on a pod, in a way that always applies: what holds them is made
/// first where it is missing. A patch that does not apply fails the pod, whatever the failure policy says.
enum PatchBuilder {
    static func operations(
        setting labels: [String: String], annotations: [String: String], on workload: Workload
    ) -> [PatchOperation] {
        let labels = labels.filter { workload.labels?[$0.key] != $0.value }
        let annotations = annotations.filter { workload.annotations?[$0.key] != $0.value }
        guard !labels.isEmpty || !annotations.isEmpty else { return [] }
        let metadata = workload.podPointer + "/metadata"
        var operations: [PatchOperation] = []
        if !workload.hasMetadata { operations.append(.addObject(pointer: metadata)) }
        operations += members(labels, of: metadata + "/labels", exists: workload.labels != nil)
        operations += members(annotations, of: metadata + "/annotations", exists: workload.annotations != nil)
        return operations
    }

    private static func members(_ values: [String: String], of pointer: String, exists: Bool) -> [PatchOperation] {
        guard !values.isEmpty else { return [] }
        return (exists ? [] : [.addObject(pointer: pointer)])
            + values.sorted { $0.key < $1.key }.map {
                .add(pointer: pointer + "/" + JSONPointer.escape($0.key), value: $0.value)
            }
    }
}

extension PatchOperation {
    /// A patch as JSON.
    public static func write(_ operations: [PatchOperation]) -> [UInt8] {
        var bytes: [UInt8] = [UInt8(ascii: "[")]
        for (index, operation) in operations.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            let (name, pointer, value): (String, String, String?) =
                switch operation {
                case .add(let pointer, let value): ("add", pointer, value)
                case .addObject(let pointer): ("add", pointer, nil)
                case .replace(let pointer, let value): ("replace", pointer, value)
                }
            bytes += Array("{\"op\":\"\(name)\",\"path\":".utf8)
            JSONBytes.append(pointer, to: &bytes)
            bytes += Array(",\"value\":".utf8)
            if let value { JSONBytes.append(value, to: &bytes) } else { bytes += Array("{}".utf8) }
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(UInt8(ascii: "]"))
        return bytes
    }
}
