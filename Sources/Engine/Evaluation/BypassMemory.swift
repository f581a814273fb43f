import RuleLang

/// The annotation that remembers what was bypassed: `kind/name=reference`, separated by commas. An entry counts while
/// that text still stands there, and may be written by hand to opt one image out.
enum BypassMemory {
    struct Entry: Equatable {
        let place: Place
        let name: String
        let text: String
    }

    /// Reads an annotation, entry by entry; what is no entry is skipped.
    static func read(_ annotation: TextSlice, _ bytes: ByteSpan, _ body: (FieldSlot) -> Void) {
        guard annotation.count <= maximumLength else { return }
        var rest = annotation
        while !rest.isEmpty {
            let comma = rest.first(UInt8(ascii: ","), bytes)
            if let entry = entry(comma.map(rest.upTo) ?? rest, bytes) { body(entry) }
            rest = comma.map(rest.after) ?? .empty
        }
    }

    /// Spaces may stand before an entry and after it.
    private static func entry(_ part: TextSlice, _ bytes: ByteSpan) -> FieldSlot? {
        var part = part
        while !part.isEmpty, bytes[part.start] == UInt8(ascii: " ") { part = part.after(part.start) }
        guard let slash = part.first(UInt8(ascii: "/"), bytes) else { return nil }
        let kind = part.upTo(slash)
        guard let place = Place.allCases.first(where: { kind.isEqual(bytes, to: $0.rawValue) }) else { return nil }
        let rest = part.after(slash)
        guard let equals = rest.first(UInt8(ascii: "="), bytes) else { return nil }
        var text = rest.after(equals)
        while !text.isEmpty, bytes[text.start] == UInt8(ascii: " ") { text = text.after(text.start) }
        if let space = text.first(UInt8(ascii: " "), bytes) { text = text.upTo(space) }
        return FieldSlot(place: place, index: 0, name: rest.upTo(equals), text: text)
    }

    /// Writes an annotation, in an order that does not depend on the order of evaluation.
    static func write(_ entries: [Entry]) -> String {
        Set(entries.map { "\($0.place.rawValue)/\($0.name)=\($0.text)" }).sorted().joined(separator: ",")
    }

    /// Kubernetes' limit for all annotations of an object together.
    private static let maximumLength = 262_144
}
