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
    /// What the file is called in messages.
    let shown: String
    /// The lines of a list that are no image references by themselves, from 1.
    private(set) var strangeLines: [Entry: [Int]] = [:]
    /// What could not be read.
    let failures: [InputFailure]

    /// Reads a file, `-` for standard input: manifests where it begins like JSON or names an `apiVersion`, else one
    /// image a line, which stands in a pod with some labels and at some place.
    init(
        _ path: String, namespace: String, labels: [String: String]?, place: Place, console: Console
    ) throws {
        shown = path == "-" ? "<stdin>" : path
        let bytes = try FileSystem.readInput(path, limit: Manifests.sizeLimit)
        let content = bytes.withoutByteOrderMark
        isPlain = !Self.looksLikeManifests(content)
        guard !isPlain else {
            failures = []
            let text = try Self.text(content, path: path, shown: shown)
            for (number, line) in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                .enumerated()
            {
                for piece in line.split(separator: UInt8(ascii: "\r")) {
                    let image = piece.trimmingSpace
                    guard let first = image.first, first != UInt8(ascii: "#") else { continue }
                    objects += 1
                    let entry = Entry(
                        text: String(decoding: image, as: UTF8.self), namespace: namespace, labels: labels,
                        annotations: nil, place: place, name: "")
                    entries[entry, default: 0] += 1
                    if Reference(parsing: entry.text) == nil { strangeLines[entry, default: []].append(number + 1) }
                }
            }
            return
        }
        let inventory = Inventory(
            reading: ManifestInput.parseEach(bytes, shown: shown), shown: shown, namespace: namespace,
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

    /// The content of a list, if it is text in UTF-8.
    private static func text(
        _ content: ArraySlice<UInt8>, path: String, shown: String
    ) throws(InputFailure) -> ArraySlice<UInt8> {
        guard String(validating: content, as: UTF8.self) == nil else { return content }
        let name = path == "-" ? "FILE" : path
        if content.starts(with: [0x1F, 0x8B]) {
            throw InputFailure(
                .notImages, "`\(shown)` is compressed",
                help: ["unpack it first: `gunzip -c \(name) | ruled diff … --images -`"])
        }
        let isUTF16 = content.starts(with: [0xFF, 0xFE]) || content.starts(with: [0xFE, 0xFF])
        throw InputFailure(
            .notImages, "`\(shown)` is neither a list of images nor manifests: it is not UTF-8",
            help: [
                isUTF16
                    ? "it looks like UTF-16: `iconv -f UTF-16 -t UTF-8 \(name) | ruled diff … --images -`"
                    : "name a text with one image a line, or what `kubectl get pods -A -o json` prints"
            ])
    }

    private static func looksLikeManifests(_ bytes: ArraySlice<UInt8>) -> Bool {
        let start = bytes.trimmingSpace
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

extension [UInt8] {
    /// The bytes without the mark (U+FEFF) that some editors write before a text in UTF-8.
    var withoutByteOrderMark: ArraySlice<UInt8> {
        starts(with: [0xEF, 0xBB, 0xBF]) ? dropFirst(3) : self[...]
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
    /// The lines of a list, in order, that are no image references, not even behind a bypass prefix.
    let notReferences: [(line: Int, text: String)]
    /// What the list is called in messages.
    let shown: String

    init(_ list: ImageList, old: Program, new: Program, situation: Situation) {
        var situation = situation
        situation.add(list.namespaces)
        var changes: [Key: Change] = [:]
        var notReferences: [(line: Int, text: String)] = []
        for (entry, count) in list.entries {
            let field = ImageField(place: entry.place, name: entry.name, pointer: "/image", text: entry.text)
            let workload = Workload(
                kind: "Pod", namespace: entry.namespace, labels: entry.labels, annotations: entry.annotations,
                images: [field])
            let context = situation.context(in: entry.namespace)
            let left = old.decide(workload, in: context)
            let right = new.decide(workload, in: context)
            guard let one = left.images.first, let other = right.images.first else { continue }
            if let lines = list.strangeLines[entry], [one, other].allSatisfy(\.isUnread) {
                notReferences += lines.map { ($0, entry.text) }
            }
            guard
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
        shown = list.shown
        self.notReferences = notReferences.sorted { $0.line < $1.line }
    }

    /// The first line that is no image reference, with its place.
    var firstStranger: String? {
        notReferences.first.map { "`\($0.text.shortened)` at \(shown):\($0.line)" }
    }

    /// Refuses a list of which no line is an image reference.
    func refuseStrangers() throws(InputFailure) {
        guard isPlain, let firstStranger, notReferences.count == objects else { return }
        throw InputFailure(
            .notImages, "no line of `\(shown)` is an image reference", notes: ["the first one is \(firstStranger)"],
            help: [
                "write one image a line, as in a manifest but without quotes: `nginx:1.27`",
                "or name manifests: `kubectl get pods -A -o json`",
            ])
    }
}

extension String {
    /// The beginning of a text that is too long for a message.
    fileprivate var shortened: String { count > 80 ? prefix(80) + "…" : self }
}

extension ImageDecision {
    /// Whether the text was not taken for an image, or was not looked at.
    fileprivate var isUnread: Bool { outcome == .unparsed || outcome == .ignored }

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
