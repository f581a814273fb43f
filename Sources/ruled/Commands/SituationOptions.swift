import ArgumentParser
import Engine
import RuleLang

/// The situation that images stand in.
struct SituationOptions: ParsableArguments {
    @OptionGroup var labels: NamespaceOptions

    @Option(help: ArgumentHelp("The namespace of objects that name none.", valueName: "name"))
    var namespace: String?

    @Option(help: ArgumentHelp("What is done to the object.", valueName: "operation"))
    var operation: Operation = .create

    func validate() throws {
        if let namespace, !KubernetesSyntax.isNamespaceName(namespace) {
            throw ValidationError(
                "`\(namespace)` in --namespace is not the name of a namespace: at most 63 lower-case letters, digits "
                    + "and `-`, with a letter or digit at both ends")
        }
    }

    /// Whether one of the options was given.
    var isGiven: Bool {
        namespace != nil || labels.namespaceLabels != nil || labels.namespaceFile != nil || operation != .create
    }

    /// Reads what the options name.
    func situation(ownImage: Reference?) throws -> Situation {
        let namespaces = try labels.namespaces()
        let only = namespaces.flatMap { $0.count == 1 ? $0.keys.first : nil }
        return Situation(
            namespace: namespace ?? only ?? "default", labels: labels.namespaceLabels?.labels, namespaces: namespaces,
            operation: operation, selfImage: ownImage)
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
