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

    /// The values by name; the last one counts.
    var values: [String: String] {
        Dictionary(settings.map { ($0.key, $0.value) }) { _, last in last }
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

/// `KEY=VALUE,…`, perhaps empty.
struct LabelList: ExpressibleByArgument {
    let labels: [String: String]

    init?(argument: String) {
        var labels: [String: String] = [:]
        for piece in argument.split(separator: ",") {
            guard let pair = Pair(argument: String(piece)), !pair.key.contains(where: \.isWhitespace),
                labels.updateValue(pair.value, forKey: pair.key) == nil
            else { return nil }
        }
        self.labels = labels
    }
}

extension Operation: ExpressibleByArgument {}
extension Place: ExpressibleByArgument {}

/// The rule set, and the situation that images stand in.
struct ContextOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The rule set: a directory, a .rules file or a ConfigMap.", valueName: "path"),
        completion: .file())
    var rules = "rules"

    @OptionGroup var settings: SettingOptions
    @OptionGroup var situationOptions: SituationOptions

    /// The namespace of objects that name none.
    var namespace: String? { situationOptions.namespace }
    /// The file of Namespaces.
    var namespaceFile: String? { situationOptions.namespaceFile }
    /// What is done to the object.
    var operation: Operation { situationOptions.operation }

    func validate() throws {
        if rules == "-", namespaceFile == "-" {
            throw ValidationError("standard input cannot be both the rules and the namespaces")
        }
    }

    /// Reads what the options name.
    func situation() throws -> Situation { try situationOptions.situation() }

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
