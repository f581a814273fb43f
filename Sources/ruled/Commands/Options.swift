public import ArgumentParser
import Engine
public import RuleLang

/// How the terminal is written to.
struct ConsoleOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Colours; NO_COLOR turns them off under auto.", valueName: "when"))
    var color: ColorChoice = .auto

    /// The console that the options ask for.
    var console: Console { Console(color: color) }
}

/// Values for `let` names.
struct SettingOptions: ParsableArguments {
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Give a `let` another value; may be repeated.", valueName: "name=value"))
    var settings: [Pair] = []

    /// The values by name; each may be set once.
    var values: [String: String] {
        get throws(InputFailure) {
            var values: [String: String] = [:]
            for setting in settings {
                if let earlier = values.updateValue(setting.value, forKey: setting.key) {
                    throw InputFailure(
                        .settingTwice, "`\(setting.key)` is set twice: to `\(earlier)` and to `\(setting.value)`",
                        help: ["give `--set \(setting.key)=…` once"])
                }
            }
            return values
        }
    }
}

/// `KEY=VALUE`.
struct Pair: ExpressibleByArgument {
    let key: String
    let value: String

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else { return nil }
        key = String(argument[..<equals])
        value = String(argument[argument.index(after: equals)...])
    }
}

/// `KEY=VALUE,…`, perhaps empty; or, for a server, where labels come from.
struct LabelList {
    /// Where a server has the labels of namespaces from.
    enum Source: String {
        /// From the cluster that it runs in.
        case auto
        /// From nowhere.
        case off
    }

    let labels: [String: String]
    /// What stands there instead of labels; nil for labels.
    let source: Source?

    /// Reads `KEY=VALUE,…`.
    static func parse(_ argument: String) throws -> LabelList {
        if Source(rawValue: argument) != nil {
            throw LabelFault(reason: "`\(argument)` is for `ruled serve`; here it is k=v,...")
        }
        var labels: [String: String] = [:]
        for piece in argument.split(separator: ",").map(String.init) {
            guard let pair = Pair(argument: piece) else { throw LabelFault(reason: "`\(piece)` is not k=v") }
            guard !pair.key.contains(where: \.isWhitespace) else {
                throw LabelFault(reason: "`\(pair.key)` is not the key of a label: there is a space in it")
            }
            guard labels.updateValue(pair.value, forKey: pair.key) == nil else {
                throw LabelFault(reason: "`\(pair.key)` is given twice")
            }
        }
        return LabelList(labels: labels, source: nil)
    }

    /// Reads the same, or where a server has labels from.
    static func parseForServer(_ argument: String) throws -> LabelList {
        guard let source = Source(rawValue: argument) else { return try parse(argument) }
        return LabelList(labels: [:], source: source)
    }
}

/// Why an option holds no labels.
struct LabelFault: Error, CustomStringConvertible {
    let reason: String
    var description: String { reason }
}

extension Operation: ExpressibleByArgument {}
extension Place: ExpressibleByArgument {}

/// Which rule set decides, and for whom.
struct RuleSetOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The rule set: a directory, a .rules file or a ConfigMap.", valueName: "path"),
        completion: .file())
    var rules = "rules"

    @OptionGroup var settings: SettingOptions

    @OptionGroup var own: OwnImageOptions

    /// The webhook's own image.
    var ownImage: Reference? { own.image }
}

/// The webhook's own image.
struct OwnImageOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The webhook's own image, for `ignore self`.", valueName: "ref"))
    var selfImage: String?

    func validate() throws {
        if let selfImage, Reference(parsing: selfImage) == nil {
            throw ValidationError("`\(selfImage)` in --self-image is not an image reference")
        }
    }

    /// The image, if it was named.
    var image: Reference? { selfImage.flatMap { Reference(parsing: $0) } }
}

/// What is known of the labels of namespaces.
struct NamespaceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The namespace's labels as k=v,...; \"\" for none at all. Not given means not known.",
            valueName: "labels"), transform: LabelList.parse)
    var namespaceLabels: LabelList?

    @Option(
        help: ArgumentHelp(
            "Namespaces with their labels, as `kubectl get namespaces -o yaml` prints them.", valueName: "file"),
        completion: .file())
    var namespaceFile: String?

    func validate() throws {
        if namespaceLabels != nil, namespaceFile != nil {
            throw ValidationError("give --namespace-labels or --namespace-file, not both")
        }
    }

    /// The labels by namespace, if a file was given.
    func namespaces() throws -> [String: [String: String]]? {
        try namespaceFile.map { try Self.read($0) }
    }

    /// The labels by namespace that a file holds.
    static func read(_ namespaceFile: String) throws -> [String: [String: String]] {
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
            found[name] = try labels(of: object, named: name, in: namespaceFile)
        }
        return found
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

/// The rule set, and the situation that images stand in.
struct ContextOptions: ParsableArguments {
    @OptionGroup var ruleOptions: RuleSetOptions
    @OptionGroup var situationOptions: SituationOptions

    var rules: String { ruleOptions.rules }
    var settings: SettingOptions { ruleOptions.settings }
    var labels: NamespaceOptions { situationOptions.labels }
    var namespace: String? { situationOptions.namespace }
    var operation: Operation { situationOptions.operation }

    func validate() throws {
        if rules == "-", labels.namespaceFile == "-" {
            throw ValidationError("standard input cannot be both the rules and the namespaces")
        }
    }

    /// Reads what the options name.
    func situation() throws -> Situation { try situationOptions.situation(ownImage: ruleOptions.ownImage) }

    /// Loads the rule set; its findings go to standard error, and errors end the command with 1.
    func program(_ console: Console) throws -> Program {
        try ruleSet(at: rules, settings: settings.values, console).program
    }
}

/// Loads a rule set; its findings go to standard error, and errors end the command with 1.
func ruleSet(at path: String, settings: [String: String], _ console: Console) throws -> RuleSet {
    let input = try RuleSetInput.read(path)
    let load = RuleSet.load(input.files, settings: settings)
    guard let ruleSet = load.ruleSet else {
        console.show(load.diagnostics, of: input.files)
        console.err.line("\n\(input.name): \(HumanRenderer.summary(load.diagnostics)); nothing was evaluated")
        console.end(1)
    }
    return ruleSet
}
