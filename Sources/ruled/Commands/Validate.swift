import ArgumentParser
import Engine
import RuleLang

/// `ruled validate`: parses and checks rule sets.
struct Validate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Parses and checks rule sets; says the findings of all files in one run.",
        discussion: """
            A rule set that validates gives exactly one answer for every image, and never an invalid reference. \
            What one fault would show in many places is said once, mostly for each rule: `ruled docs analysis`.

              ruled validate                                  the rule set in rules/
              ruled validate rules rules/examples/*           several rule sets
              kubectl get configmap ruled-rules -o yaml | ruled validate -
              ruled validate --format github                  annotations of a pull request
              ruled validate --watch                          again whenever a file changes

            Exit codes: 0 valid, 1 not valid (with --fail-on warning: warnings too), 2 could not run; 130 a watch was \
            ended with Ctrl-C.
            """
    )

    /// The forms of the result.
    enum Form: String, CaseIterable, ExpressibleByArgument {
        case human, json, github, sarif, junit
    }

    /// What makes the command fail.
    enum Threshold: String, CaseIterable, ExpressibleByArgument {
        case error, warning
    }

    @Argument(
        help: "Directories, .rules files or ConfigMaps, each a rule set of its own; - is standard input.",
        completion: .file())
    var paths: [String] = ["rules"]

    @Option(help: ArgumentHelp("The form of the result.", valueName: "form"))
    var format: Form = .human

    @Option(
        help: ArgumentHelp("The least finding that makes the exit code 1.", valueName: "severity"))
    var failOn: Threshold = .error

    @Flag(help: "Check again whenever a file changes, until Ctrl-C.")
    var watch = false

    @OptionGroup var settings: SettingOptions
    @OptionGroup var consoleOptions: ConsoleOptions

    func validate() throws {
        if paths.count(where: { $0 == "-" }) > 1 { throw ValidationError("standard input can be read only once") }
        if watch { try checkWatch(paths, isHuman: format == .human) }
    }

    func run() throws {
        let console = consoleOptions.console
        if watch {
            Watch(paths: paths, console: console).run { _ = try check(console) }
        }
        console.end(try check(console))
    }

    /// Checks all rule sets; returns the exit code.
    private func check(_ console: Console) throws -> Int32 {
        let settings = try settings.values
        var inputs: [RuleSetInput] = []
        var failures: [InputFailure] = []
        for path in paths {
            do throws(InputFailure) { inputs.append(try RuleSetInput.read(path)) } catch { failures.append(error) }
        }
        let loads = inputs.map { RuleSet.load($0.files, settings: settings) }
        switch format {
        case .human:
            for (input, load) in zip(inputs, loads) { report(input, load, console) }
        case .json:
            console.out.write(json(inputs, loads))
        case .github:
            for (input, load) in zip(inputs, loads) {
                console.out.write(GitHubRenderer(files: input.files).render(load.diagnostics))
            }
        case .sarif:
            // One document of one run: the spans of each rule set count on after the files of those before.
            var files: [SourceFile] = []
            var diagnostics: [Diagnostic] = []
            for (input, load) in zip(inputs, loads) {
                diagnostics += load.diagnostics.map { $0.shifted(by: files.count) }
                files += input.files
            }
            let renderer = SARIFRenderer(
                files: files, version: Ruled.configuration.version)
            console.out.write(renderer.render(diagnostics))
        case .junit:
            let suites = zip(inputs, loads).map {
                ValidationSuite(input: $0, diagnostics: $1.diagnostics, failsOnWarnings: failOn == .warning).suite
            }
            console.out.write(JUnit(suites: suites).text)
        }
        for failure in failures { console.show(failure.diagnostics, of: []) }
        guard failures.isEmpty else { return 2 }
        let fails = loads.contains { load in
            load.ruleSet == nil || (failOn == .warning && !load.diagnostics.isEmpty)
        }
        return fails ? 1 : 0
    }

    private func report(_ input: RuleSetInput, _ load: RuleSetLoad, _ console: Console) {
        console.show(load.diagnostics, of: input.files)
        guard let ruleSet = load.ruleSet else {
            console.err.line("\n\(input.name): \(HumanRenderer.summary(load.diagnostics))")
            return
        }
        if !load.diagnostics.isEmpty { console.err.line() }
        let statistics = ruleSet.statistics
        let counts = [
            counted(statistics.files, "file"), counted(statistics.rules, "rule"),
            counted(statistics.actions, "action"), counted(statistics.tests, "test"),
        ].joined(separator: ", ")
        let warnings = load.diagnostics.isEmpty ? "" : "; \(counted(load.diagnostics.count, "warning"))"
        console.out.line(
            "\(input.name): \(console.paint("ok", .green, on: console.out)): \(counts)\(warnings); "
                + ruleSet.proof.text)
    }

    private func json(_ inputs: [RuleSetInput], _ loads: [RuleSetLoad]) -> String {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        json.member("version", 1)
        json.key("ruleSets")
        json.beginArray()
        for (input, load) in zip(inputs, loads) {
            json.beginObject()
            json.member("path", input.name)
            json.member("valid", load.ruleSet != nil)
            if let statistics = load.ruleSet?.statistics {
                json.key("statistics")
                json.beginObject()
                json.member("files", statistics.files)
                json.member("rules", statistics.rules)
                json.member("actions", statistics.actions)
                json.member("ignores", statistics.ignores)
                json.member("tests", statistics.tests)
                json.endObject()
            } else {
                json.member("statistics", String?.none)
            }
            json.key("proof")
            if let proof = load.ruleSet?.proof {
                json.beginObject()
                json.member("oneAnswer", proof.oneAnswer.rawValue)
                json.member("noReentry", proof.noReentry.rawValue)
                json.member("nothingDead", proof.nothingDead.rawValue)
                json.endObject()
            } else {
                json.null()
            }
            json.key("diagnostics")
            JSONRenderer(files: input.files).write(load.diagnostics, to: &json)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return json.text + "\n"
    }
}

extension Diagnostic {
    /// The diagnostic with its files counted from another start.
    func shifted(by count: Int) -> Diagnostic {
        func shift(_ span: Span) -> Span { Span(file: span.file + count, start: span.start, end: span.end) }
        return Diagnostic(
            code, message, at: primary.map { shift($0.span) }, label: primary?.text ?? "",
            secondary: secondary.map { Label(span: shift($0.span), text: $0.text) }, notes: notes, help: help,
            fix: fix.map { Replacement(span: shift($0.span), text: $0.text) })
    }
}
