import RuleLang

/// The annotation that remembers what was bypassed: `kind/name=reference`, separated by commas. An entry counts while
/// that text still stands there, and may be written by hand to opt one image out.
enum BypassMemory {
    struct Entry: Equatable {
        let place: Place
        let name: String
        let text: String
    }

    /// Reads an annotation; what is no entry is skipped.
    static func read(_ annotation: String?) -> [Entry] {
        guard let annotation, annotation.utf8.count <= maximumLength else { return [] }
        return annotation.split(separator: ",").compactMap { part in
            let part = part.drop { $0 == " " }
            guard let slash = part.firstIndex(of: "/"), let place = Place(rawValue: String(part[..<slash])) else {
                return nil
            }
            let rest = part[part.index(after: slash)...]
            guard let equals = rest.firstIndex(of: "=") else { return nil }
            let text = rest[rest.index(after: equals)...].split(separator: " ").first ?? ""
            return Entry(place: place, name: String(rest[..<equals]), text: String(text))
        }
    }

    /// Writes an annotation, in an order that does not depend on the order of evaluation.
    static func write(_ entries: [Entry]) -> String {
        Set(entries.map { "\($0.place.rawValue)/\($0.name)=\($0.text)" }).sorted().joined(separator: ",")
    }

    /// Kubernetes' limit for all annotations of an object together.
    private static let maximumLength = 262_144
}
