import ArgumentParser
import Engine
import RuleLang

/// `ruled diff`: what changes between two rule sets.
struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Says for which images two rule sets do different things; proves it where there are none.",
        discussion: """
            Two rule sets differ where a pod would get another patch, denial or warning. \
            How they are written, and what rules are called, makes no difference.

              ruled diff rules.old rules
              kubectl get configmap ruled-rules -o yaml | ruled diff - rules
              ruled diff rules.old rules --images images.txt
              kubectl get ns,pods -A -o json | ruled diff rules.old rules --images -

            Exit codes: 0 they do the same; 1 they differ, or one is not valid; \
            2 could not run.
            """
    )

    /// The forms of the result.
    enum Form: String, CaseIterable, ExpressibleByArgument {
        case human, json
    }

    @Argument(help: "The rule set as it was: a directory, a .rules file or a ConfigMap.", completion: .file())
    var old: String

    @Argument(help: "The rule set as it is to be.", completion: .file())
    var new: String

    @Option(
        help: ArgumentHelp(
            "Also list the images of a file that change: one a line, or manifests such as `kubectl get pods -A -o json` prints.",
            valueName: "file"), completion: .file())
    var images: String?

    @Option(help: ArgumentHelp("The form of the result.", valueName: "form"))
    var format: Form = .human

    @Option(
        help: ArgumentHelp(
            "The labels of the pod that the images of a list are in; objects have their own.", valueName: "labels"),
        transform: LabelList.parse)
    var podLabels: LabelList?

    @Option(
        name: .customLong("in"),
        help: ArgumentHelp("Where the images of a list stand; objects say it themselves.", valueName: "place"))
    var place: Place?

    @OptionGroup var settings: SettingOptions
    @OptionGroup(title: "With --images") var situationOptions: SituationOptions
    @OptionGroup(title: "With --images") var own: OwnImageOptions
    @OptionGroup var consoleOptions: ConsoleOptions

    func validate() throws {
        let readers = [old, new, images, situationOptions.labels.namespaceFile].count { $0 == "-" }
        if readers > 1 { throw ValidationError("standard input can be read only once") }
        if images == nil, situationOptions.isGiven || own.image != nil || podLabels != nil || place != nil {
            throw ValidationError(
                "a namespace, labels, a place, an operation or an own image is for the images of --images")
        }
    }

    func run() throws {
        let console = consoleOptions.console
        let situation = try situationOptions.situation(ownImage: own.image)
        let (before, after) = try ruleSets(console)
        let list = try images.map {
            try ImageList(
                $0, namespace: situation.namespace, labels: podLabels?.labels, place: place ?? .container,
                console: console)
        }
        if let list, !list.isPlain, podLabels != nil || place != nil {
            throw ValidationError("--pod-labels and --in are for a list of images; these are objects, which say both")
        }
        let difference = Difference(from: before.program, to: after.program)
        let comparison = list.map {
            ImageComparison($0, old: before.program, new: after.program, situation: situation)
        }
        try comparison?.refuseStrangers()
        let report = DiffReport(old: old, new: new, difference: difference, images: comparison, console: console)
        switch format {
        case .human:
            report.writeHuman()
            let hint = [before, after].lazy.compactMap { unknownLabelsHint($0.program, situation.context()) }.first
            if list?.isPlain == true, let hint { console.err.line("hint: \(hint)") }
        case .json: report.writeJSON()
        }
        for failure in list?.failures ?? [] { console.show(failure.diagnostics, of: []) }
        console.end(difference.isEmpty ? 0 : 1)
    }

    /// The settings of each rule set: a `let` may be new, or gone. What no side defines is a fault on both.
    private static func settings(_ values: [String: String], of inputs: [RuleSetInput]) -> [[String: String]] {
        guard !values.isEmpty else { return inputs.map { _ in [:] } }
        let defined = inputs.map(\.definedNames)
        let known = defined.reduce(Set()) { $0.union($1) }
        return defined.map { names in values.filter { names.contains($0.key) || !known.contains($0.key) } }
    }

    /// Both rule sets; where one is not valid, that of both is told, and the command ends with 1.
    private func ruleSets(_ console: Console) throws -> (RuleSet, RuleSet) {
        let inputs = try [old, new].map { try RuleSetInput.read($0) }
        let values = try settings.values
        let loads = zip(inputs, Self.settings(values, of: inputs)).map { RuleSet.load($0.files, settings: $1) }
        if let before = loads[0].ruleSet, let after = loads[1].ruleSet { return (before, after) }
        for (input, load) in zip(inputs, loads) where load.ruleSet == nil {
            if format == .json {
                DiffReport.writeInvalid(input.name, load.diagnostics, files: input.files, console: console)
            }
            console.show(load.diagnostics, of: input.files)
            console.err.line("\n\(input.name): \(HumanRenderer.summary(load.diagnostics)); nothing was compared")
            if format == .json { break }
        }
        console.end(1)
    }
}
