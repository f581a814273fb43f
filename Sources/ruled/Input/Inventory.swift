import Engine
import RuleLang

/// What there is: the workloads of files, folders and standard input, and the namespaces that stand among them.
struct Inventory {
    /// The workloads, without those that another one here owns.
    private(set) var workloads: [Workload] = []
    /// The labels of the namespaces that stand among the objects.
    private(set) var namespaces: [String: [String: String]] = [:]
    /// How many workloads another one here owns; they are counted with it.
    private(set) var owned = 0
    /// How many objects hold no pod.
    private(set) var withoutPod = 0
    /// How many files were read, standard input among them.
    private(set) var files = 0
    /// Documents that are no Kubernetes objects, as `file:line`.
    private(set) var notManifests: [String] = []
    /// What could not be read, and why.
    private(set) var failures: [InputFailure] = []

    /// What an owner is known by.
    private struct Identity: Hashable {
        let kind: String
        let namespace: String
        let name: String
    }

    private struct Found {
        let workload: Workload
        let identity: Identity
        /// The controller, and what that one is likely owned by itself.
        let owners: [Identity]
    }

    private var found: [Found] = []
    /// The files and folders that were read.
    private var seen: Set<FileSystem.Identity> = []
    private let progress: Progress

    /// Reads files, folders (`*.yaml`, `*.yml` and `*.json` in them and below) and `-`, standard input.
    ///
    /// - Throws: an `InputFailure` where a path that was named does not exist. What does not parse is kept in
    ///   `failures`.
    init(reading paths: [String], namespace: String, console: Console) throws {
        progress = Progress(stream: console.err)
        for path in paths {
            switch path == "-" ? .file : FileSystem.kind(of: path) {
            case .missing: throw RuleSetInput.missing(path)
            case .directory: read(folder: path, namespace: namespace)
            case .file, .other: read(file: path, namespace: namespace)
            }
        }
        settleOwners()
        progress.end()
    }

    /// Reads what was read already, as far as it holds manifests.
    init(reading: ManifestInput.Reading, shown: String, namespace: String, console: Console) {
        progress = Progress(stream: console.err)
        files = 1
        failures = reading.failures
        read(reading.documents, shown: shown, namespace: namespace)
        settleOwners()
        progress.end()
    }

    private mutating func read(folder: String, namespace: String) {
        guard isNew(folder) else { return }
        let names: [String]
        do throws(SystemError) {
            names = try FileSystem.list(folder)
        } catch {
            failures.append(InputFailure(.inputUnreadable, "`\(folder)` cannot be read: \(error)"))
            return
        }
        for name in names where !name.hasPrefix(".") {
            let path = FileSystem.join(folder, name)
            switch FileSystem.kind(of: path) {
            case .directory: read(folder: path, namespace: namespace)
            case .file where [".yaml", ".yml", ".json"].contains(where: name.hasSuffix):
                read(file: path, namespace: namespace)
            // What the link of a folder or of manifests leads to would be missed.
            case .missing: failures.append(RuleSetInput.missing(path))
            default: break
            }
        }
    }

    private mutating func read(file: String, namespace: String) {
        guard file == "-" || isNew(file) else { return }
        files += 1
        do throws(InputFailure) {
            let reading = try ManifestInput.readEach(file)
            failures += reading.failures
            read(reading.documents, shown: file == "-" ? "<stdin>" : file, namespace: namespace)
        } catch {
            failures.append(error)
        }
    }

    /// Whether nothing led to a file or folder before: it may be named twice, and links may go in a circle.
    private mutating func isNew(_ path: String) -> Bool {
        guard let identity = FileSystem.identity(of: path) else { return true }
        return seen.insert(identity).inserted
    }

    /// Whether there was something to read, and none of it could be.
    var isUnreadable: Bool {
        !failures.isEmpty && workloads.isEmpty && withoutPod == 0 && notManifests.isEmpty
    }

    private mutating func read(_ documents: [Manifest], shown: String, namespace: String) {
        for object in Manifests.objects(of: documents) {
            progress.count("objects read")
            guard let kind = object["kind"]?.text, object["apiVersion"]?.text != nil else {
                notManifests.append("\(shown):\(object.line)")
                continue
            }
            do throws(InputFailure) {
                let metadata = object["metadata"]
                if kind == "Namespace", let name = metadata?["name"]?.text {
                    namespaces[name] = try NamespaceOptions.labels(of: object, named: name, in: shown)
                }
                guard case .workload(let workload) = try object.workloadReading(shown: shown) else {
                    withoutPod += 1
                    continue
                }
                let own = workload.namespace ?? namespace
                found.append(
                    Found(
                        workload: workload, identity: Identity(kind: kind, namespace: own, name: workload.name),
                        owners: Self.owners(of: metadata, workload, namespace: own)))
            } catch {
                failures.append(error)
            }
        }
    }

    /// The controller of an object. A ReplicaSet is named after its Deployment and the hash of its template, a Job
    /// after its CronJob and a time, so that these are found where what stands between is not there.
    private static func owners(of metadata: Manifest?, _ workload: Workload, namespace: String) -> [Identity] {
        let references = metadata?["ownerReferences"]?.elements ?? []
        return references.flatMap { reference -> [Identity] in
            guard case .boolean(true)? = reference["controller"]?.value, let kind = reference["kind"]?.text,
                let name = reference["name"]?.text
            else { return [] }
            var owners = [Identity(kind: kind, namespace: namespace, name: name)]
            guard let dash = name.lastIndex(of: "-") else { return owners }
            let stem = String(name[..<dash])
            let end = name[name.index(after: dash)...]
            if kind == "ReplicaSet", workload.labels?["pod-template-hash"] == String(end) {
                owners.append(Identity(kind: "Deployment", namespace: namespace, name: stem))
            } else if kind == "Job", !end.isEmpty, end.allSatisfy(\.isNumber) {
                owners.append(Identity(kind: "CronJob", namespace: namespace, name: stem))
            }
            return owners
        }
    }

    /// Counts workloads with their owners, but for those that own each other in a circle: nobody stands for these.
    private mutating func settleOwners() {
        let present = Set(found.map(\.identity))
        var owner: [Identity: Identity] = [:]
        for entry in found where owner[entry.identity] == nil {
            owner[entry.identity] = entry.owners.first(where: present.contains)
        }
        let circles = Self.circles(owner)
        for entry in found {
            let isOwned = entry.owners.contains(where: present.contains)
            if isOwned, !circles.contains(entry.identity) { owned += 1 } else { workloads.append(entry.workload) }
        }
        found = []
    }

    /// Those that are among their own owners.
    private static func circles(_ owner: [Identity: Identity]) -> Set<Identity> {
        var circles: Set<Identity> = []
        var seen: Set<Identity> = []
        for start in owner.keys {
            var way: [Identity] = []
            var next: Identity? = start
            while let identity = next, seen.insert(identity).inserted {
                way.append(identity)
                next = owner[identity]
            }
            // The way ends where an earlier one went, or in itself.
            if let next, let place = way.firstIndex(of: next) { circles.formUnion(way[place...]) }
        }
        return circles
    }
}

/// Says at a terminal how far a long reading has come, on one line that is wiped at the end.
final class Progress {
    private let stream: ByteStream
    private var counted = 0
    private static let step = 2_000

    init(stream: ByteStream) {
        self.stream = stream
    }

    /// Counts one more.
    func count(_ what: String) {
        counted += 1
        guard stream.isTerminal, counted % Self.step == 0 else { return }
        stream.write("\r\(counted) \(what)")
        stream.flush()
    }

    /// Wipes the line.
    func end() {
        guard stream.isTerminal, counted >= Self.step else { return }
        stream.write("\r\u{1B}[K")
        stream.flush()
    }
}
