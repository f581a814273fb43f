/// The keys that are looked at in a review, wherever each of them may stand.
enum FieldKey {
    case uid
    case kind, name, spec
    case group, image
    case object, dryRun, labels
    case request, volumes
    case metadata, template
    case namespace, operation, oldObject, reference
    case apiVersion, containers
    case subResource, annotations, jobTemplate
    case generateName
    case initContainers
    case ephemeralContainers

    /// The key a string is, if it is one of these.
    @inline(__always)
    init?(_ string: JSONString, _ bytes: ByteSpan) {
        guard !string.hasEscapes else {
            var decoded: [UInt8] = []
            string.decode(bytes, into: &decoded)
            self.init(TextSlice(start: 0, count: decoded.count), decoded.span)
            return
        }
        self.init(string.slice, bytes)
    }

    private init?(_ slice: TextSlice, _ bytes: ByteSpan) {
        func matches(_ candidate: FieldKey, _ text: StaticString) -> FieldKey? {
            slice.holds(text, bytes) ? candidate : nil
        }
        let found: FieldKey? =
            switch slice.count {
            case 3: matches(.uid, "uid")
            case 4: matches(.kind, "kind") ?? matches(.name, "name") ?? matches(.spec, "spec")
            case 5: matches(.group, "group") ?? matches(.image, "image")
            case 6: matches(.object, "object") ?? matches(.dryRun, "dryRun") ?? matches(.labels, "labels")
            case 7: matches(.request, "request") ?? matches(.volumes, "volumes")
            case 8: matches(.metadata, "metadata") ?? matches(.template, "template")
            case 9:
                matches(.namespace, "namespace") ?? matches(.operation, "operation")
                    ?? matches(.oldObject, "oldObject") ?? matches(.reference, "reference")
            case 10: matches(.apiVersion, "apiVersion") ?? matches(.containers, "containers")
            case 11:
                matches(.subResource, "subResource") ?? matches(.annotations, "annotations")
                    ?? matches(.jobTemplate, "jobTemplate")
            case 12: matches(.generateName, "generateName")
            case 14: matches(.initContainers, "initContainers")
            case 19: matches(.ephemeralContainers, "ephemeralContainers")
            default: nil
            }
        guard let found else { return nil }
        self = found
    }
}

extension TextSlice {
    /// Whether the slice is this ASCII text.
    @inline(__always)
    func holds(_ text: StaticString, _ bytes: ByteSpan) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in 0..<count {
            // `unsafe` because a literal's bytes come as a pointer; the index is below their number.
            guard unsafe bytes[start &+ index] == text.utf8Start[index] else { return false }
        }
        return true
    }
}
