import Engine
import RuleLang

/// The images that `ruled diff` compares two rule sets by: a list, or what `kubectl get pods -A -o json` prints.
struct ImageList {
    /// One image in its situation.
    struct Entry: Hashable {
        let text: String
        let namespace: String
        let labels: [String: String]?
        let annotations: [String: String]?
        let place: Place
        /// The container's or the volume's name, by which a bypass is remembered; empty in a list.
        let name: String
    }

    /// The images, and how many objects (or lines) each stands in.
    private(set) var entries: [Entry: Int] = [:]
    /// The objects or lines.
    private(set) var objects = 0
    /// The labels of namespaces that stand among the objects.
    private(set) var namespaces: [String: [String: String]] = [:]
    /// Whether it is a list of images.
    let isPlain: Bool
    /// What could not be read.
    let failures: [InputFailure]

    /// Reads a file, `-` for standard input: manifests where it begins like JSON or names an `apiVersion`, else one
    /// image a line, which stands in a pod with some labels and at some place.
    init(
        _ path: String, namespace: String, labels: [String: String]?, place: Place, console: Console
    ) throws {
        let shown = path == "-" ? "<stdin>" : path
        let bytes = try FileSystem.readInput(path, limit: Manifests.sizeLimit)
        isPlain = !Self.looksLikeManifests(bytes)
        guard !isPlain else {
            failures = []
            for line in bytes.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
                let text = line.trimmingSpace
                guard let first = text.first, first != UInt8(ascii: "#") else { continue }
                objects += 1
                let entry = Entry(
                    text: String(decoding: text, as: UTF8.self), namespace: namespace, labels: labels,
                    annotations: nil, place: place, name: "")
                entries[entry, default: 0] += 1
            }
            return
        }
        let inventory = Inventory(
            documents: try ManifestInput.parse(bytes, shown: shown), shown: shown, namespace: namespace,
            console: console)
        failures = inventory.failures
        namespaces = inventory.namespaces
        objects = inventory.workloads.count
        for workload in inventory.workloads {
            let own = workload.namespace ?? namespace
            var seen: Set<Entry> = []
            for image in workload.images {
                let entry = Entry(
                    text: image.text, namespace: own, labels: workload.labels, annotations: workload.annotations,
                    place: image.place, name: image.name)
                if seen.insert(entry).inserted { entries[entry, default: 0] += 1 }
            }
        }
    }

    private static func looksLikeManifests(_ bytes: [UInt8]) -> Bool {
        let start = bytes[...].trimmingSpace
        if start.first == UInt8(ascii: "{") || start.first == UInt8(ascii: "[") { return true }
        return bytes.split(separator: UInt8(ascii: "\n")).contains { line in
            line.starts(with: "apiVersion:".utf8) || line.starts(with: "kind:".utf8)
        }
    }
}

extension ArraySlice<UInt8> {
    /// The bytes without spaces, tabs and line breaks at both ends.
    fileprivate var trimmingSpace: ArraySlice<UInt8> {
        let space: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
        var rest = drop(while: space.contains)
        while let last = rest.last, space.contains(last) { rest.removeLast() }
        return rest
    }
}

/// The images of a list that two programs treat differently.
struct ImageComparison {
    /// An image, and what either program makes of it.
    struct Change {
        let image: String
        let old: ImageDecision
        let new: ImageDecision
        /// How many objects it stands in.
        var objects: Int
        /// The namespaces that these are in.
        var namespaces: Set<String>
    }

    private struct Key: Hashable {
        let image: String
        let old: String
        let new: String
    }

    /// The images that change, those first that touch the most objects.
    let changes: [Change]
    /// How many different images there are.
    let images: Int
    /// The objects, or the lines of a list.
    let objects: Int
    /// Whether it is a list of images, whose entries are no objects.
    let isPlain: Bool

    init(_ list: ImageList, old: Program, new: Program, situation: Situation) {
        var situation = situation
        situation.add(list.namespaces)
        var changes: [Key: Change] = [:]
        for (entry, count) in list.entries {
            let field = ImageField(place: entry.place, name: entry.name, pointer: "/image", text: entry.text)
            let workload = Workload(
                kind: "Pod", namespace: entry.namespace, labels: entry.labels, annotations: entry.annotations,
                images: [field])
            let context = situation.context(in: entry.namespace)
            let left = old.decide(workload, in: context)
            let right = new.decide(workload, in: context)
            guard let one = left.images.first, let other = right.images.first,
                ImageAnswer(one, of: left) != ImageAnswer(other, of: right)
            else { continue }
            let key = Key(image: entry.text, old: one.summary, new: other.summary)
            var change =
                changes.removeValue(forKey: key)
                ?? Change(image: entry.text, old: one, new: other, objects: 0, namespaces: [])
            change.objects += count
            change.namespaces.insert(entry.namespace)
            changes[key] = change
        }
        self.changes = changes.sorted {
            $0.value.objects == $1.value.objects
                ? ($0.key.image, $0.key.old, $0.key.new) < ($1.key.image, $1.key.old, $1.key.new)
                : $0.value.objects > $1.value.objects
        }.map(\.value)
        images = Set(list.entries.keys.map(\.text)).count
        objects = list.objects
        isPlain = list.isPlain
    }
}

extension ImageDecision {
    /// What becomes of the image, on one line: the new text, or why there is none, and what is warned of.
    var summary: String {
        let what: String =
            switch outcome {
            case .denied: "denied: " + denials.joined(separator: "; ")
            default: to ?? "left as it is (\(reason))"
            }
        let warned = outcome == .declined || outcome == .unparsed ? [] : warnings
        return ([what] + warned.map { "warning: " + $0 }).joined(separator: "; ")
    }
}
