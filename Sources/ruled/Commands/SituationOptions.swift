import ArgumentParser
import Engine
import RuleLang

/// The situation that images stand in.
struct SituationOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The namespace of objects that name none.", valueName: "name"))
    var namespace: String?

    @Option(
        help: ArgumentHelp(
            "The namespace's labels as k=v,...; \"\" for none at all. Not given means not known.", valueName: "labels"))
    var namespaceLabels: LabelList?

    @Option(
        help: ArgumentHelp(
            "Namespaces with their labels, as `kubectl get namespaces -o yaml` prints them.", valueName: "file"),
        completion: .file())
    var namespaceFile: String?

    @Option(help: ArgumentHelp("The webhook's own image, for `ignore self`.", valueName: "ref"))
    var selfImage: String?

    @Option(help: ArgumentHelp("What is done to the object.", valueName: "operation"))
    var operation: Operation = .create

    func validate() throws {
        if namespaceLabels != nil, namespaceFile != nil {
            throw ValidationError("give --namespace-labels or --namespace-file, not both")
        }
        if let selfImage, Reference(parsing: selfImage) == nil {
            throw ValidationError("`\(selfImage)` in --self-image is not an image reference")
        }
    }

    /// Whether one of the options was given.
    var isGiven: Bool {
        namespace != nil || namespaceLabels != nil || namespaceFile != nil || selfImage != nil || operation != .create
    }

    /// Reads what the options name.
    func situation() throws -> Situation {
        var namespaces: [String: [String: String]]?
        if let namespaceFile {
            let objects = Manifests.objects(of: try ManifestInput.read(namespaceFile)).filter {
                $0["kind"]?.text == "Namespace"
            }
            guard !objects.isEmpty else {
                throw InputFailure(
                    .manifestUnusable, "`\(namespaceFile)` holds no Namespace",
                    help: ["kubectl get namespaces -o yaml > namespaces.yaml"])
            }
            var found: [String: [String: String]] = [:]
            for object in objects {
                guard let name = object["metadata"]?["name"]?.text else { continue }
                found[name] = try Self.labels(of: object, named: name, in: namespaceFile)
            }
            namespaces = found
        }
        let only = namespaces.flatMap { $0.count == 1 ? $0.keys.first : nil }
        return Situation(
            namespace: namespace ?? only ?? "default", labels: namespaceLabels?.labels, namespaces: namespaces,
            operation: operation, selfImage: selfImage.flatMap { Reference(parsing: $0) })
    }

    /// The labels of a Namespace; an unknown is not an empty, so labels that cannot be read are an error.
    static func labels(
        of namespace: Manifest, named name: String, in file: String
    ) throws(InputFailure) -> [String: String] {
        guard let labels = namespace["metadata"]?["labels"], labels.typeName != "null" else { return [:] }
        guard let members = labels.members, members.allSatisfy({ $0.value.text != nil }) else {
            throw InputFailure(
                .manifestUnusable, "the labels of the Namespace `\(name)` in `\(file)` are not all strings",
                notes: ["at \(file):\(labels.line)"], help: ["put `true`, `yes` and numbers in quotes"])
        }
        return labels.stringMembers
    }
}

/// The situation that objects are looked at in.
struct Situation {
    /// The namespace of what names none.
    let namespace: String
    /// The labels of every namespace, if they were given.
    let labels: [String: String]?
    /// The labels by namespace, if a file was given.
    private(set) var namespaces: [String: [String: String]]?
    let operation: Operation
    let selfImage: Reference?

    /// The context of an object in a namespace; nil means that the object names none.
    func context(in own: String? = nil, old: Workload? = nil) -> EvaluationContext {
        let name = own ?? namespace
        return EvaluationContext(
            namespace: name, namespaceLabels: labels(of: name), operation: operation, old: old, selfImage: selfImage)
    }

    /// Adds the labels of namespaces that stand among the objects; those of the options count before them.
    mutating func add(_ found: [String: [String: String]]) {
        guard !found.isEmpty else { return }
        namespaces = (namespaces ?? [:]).merging(found) { given, _ in given }
    }

    /// The labels of a namespace; nil where they are not known.
    func labels(of name: String) -> [String: String]? {
        labels ?? namespaces?[name]
    }
}
