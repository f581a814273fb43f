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
    /// The folders that were read.
    private var folders: Set<FileSystem.Identity> = []
    private let progress: Progress

    /// Reads files, folders (`*.yaml`, `*.yml` and `*.json` in them and below) and `-`, standard input.
    ///
    /// - Throws: an `InputFailure` where a path that was named does not exist. What does not parse is kept in
    ///   `failures`.
    init(reading paths: [String], namespace: String, console: Console) throws {
        progress = Progress(stream: console.err)
        for path in paths {
            if path != "-", FileSystem.kind(of: path) == .directory {
                try read(folder: path, namespace: namespace)
            } else {
                if path != "-", FileSystem.kind(of: path) == .missing { throw RuleSetInput.missing(path) }
                read(file: path, namespace: namespace)
            }
        }
        settleOwners()
        progress.end()
    }

    /// Reads what was read already, as far as it holds manifests.
    init(documents: [Manifest], shown: String, namespace: String, console: Console) {
        progress = Progress(stream: console.err)
        files = 1
        read(documents, shown: shown, namespace: namespace)
        settleOwners()
        progress.end()
    }

    private mutating func read(folder: String, namespace: String) throws {
        // Links may lead to one folder twice, or in a circle.
        if let identity = FileSystem.identity(of: folder), !folders.insert(identity).inserted { return }
        let names: [String]
        do throws(SystemError) {
            names = try FileSystem.list(folder)
        } catch {
            throw InputFailure(.inputUnreadable, "`\(folder)` cannot be read: \(error)")
        }
        for name in names where !name.hasPrefix(".") {
            let path = FileSystem.join(folder, name)
            switch FileSystem.kind(of: path) {
            case .directory: try read(folder: path, namespace: namespace)
            case .file where [".yaml", ".yml", ".json"].contains(where: name.hasSuffix):
                read(file: path, namespace: namespace)
            default: break
            }
        }
    }

    private mutating func read(file: String, namespace: String) {
        files += 1
        do throws(InputFailure) {
            read(try ManifestInput.read(file), shown: file == "-" ? "<stdin>" : file, namespace: namespace)
        } catch {
            failures.append(error)
        }
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
