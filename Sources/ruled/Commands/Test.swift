import ArgumentParser
import Engine
import RuleLang

/// `ruled test`: runs the tests of rule sets, or says what would happen to pods.
struct Test: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the tests of rule sets, or (--pod) says what would happen to manifests.",
        discussion: """
              ruled test                                     the test blocks of rules/
              ruled test rules --filter library              those whose name contains a text
              ruled test --pod deployment.yaml --namespace-labels pull-through-enabled=true
              kubectl get pods -o yaml | ruled test --pod - --namespace-file namespaces.yaml
              ruled test --pod pod.yaml --format yaml        the object after the patch

            Exit codes: 0 passed; 1 a test failed, an object was denied, or the rules are not valid; 2 could not run.
            """
    )

    /// The forms of the result.
    enum Form: String, CaseIterable, ExpressibleByArgument {
        case human, json, junit, jsonl, yaml, patch
    }

    @Argument(
        help: "Rule sets whose tests are run (default: rules). With --pod: none, use --rules.", completion: .file())
    var paths: [String] = []

    @Option(
        help: ArgumentHelp("Manifests, YAML or JSON, to evaluate; - is standard input.", valueName: "file"),
        completion: .file())
    var pod: String?

    @Option(
        help: ArgumentHelp("With --pod and --operation update: the manifests as they were before.", valueName: "file"),
        completion: .file())
    var old: String?

    @Option(help: ArgumentHelp("Run only tests whose name contains a text.", valueName: "text"))
    var filter: String?

    @Flag(help: "Fail where there are no tests.")
    var requireTests = false

    @Option(
        help: ArgumentHelp(
            "The form of the result; junit without --pod, jsonl, yaml and patch with it.", valueName: "form"))
    var format: Form = .human

    @Flag(help: "List the tests that passed too.")
    var verbose = false

    @OptionGroup var context: ContextOptions
    @OptionGroup var consoleOptions: ConsoleOptions

    func validate() throws {
        if let pod {
            if !paths.isEmpty { throw ValidationError("with --pod the rule set is named by --rules \(paths[0])") }
            if filter != nil || requireTests {
                throw ValidationError("--filter and --require-tests do not go with --pod")
            }
            if format == .junit { throw ValidationError("--format junit is for tests, not for --pod") }
            if pod == "-", context.rules == "-" || context.labels.namespaceFile == "-" || old == "-" {
                throw ValidationError("standard input is the manifests already; name a file for the rest")
            }
            if old != nil, context.operation != .update { throw ValidationError("--old needs --operation update") }
        } else {
            if format == .jsonl || format == .yaml || format == .patch {
                throw ValidationError("--format \(format.rawValue) is for --pod")
            }
            if old != nil { throw ValidationError("--old needs --pod") }
            if paths.count(where: { $0 == "-" }) > 1 { throw ValidationError("standard input can be read only once") }
        }
    }

    /// The rule set at a path. One that is not valid ends the command with 1, and a result that a program reads
    /// says so.
    private func loaded(_ path: String, _ console: Console) throws -> RuleSet {
        let input = try RuleSetInput.read(path)
        let load = RuleSet.load(input.files, settings: context.settings.values)
        if let ruleSet = load.ruleSet { return ruleSet }
        RuleTestReport.writeInvalid(path, load.diagnostics, files: input.files, as: format, console: console)
        console.show(load.diagnostics, of: input.files)
        console.err.line("\n\(input.name): \(HumanRenderer.summary(load.diagnostics)); no test was run")
        console.end(1)
    }

    func run() throws {
        let console = consoleOptions.console
        if let pod {
            console.end(try PodTest(options: self, console: console).run(pod))
        }
        let runs = try (paths.isEmpty ? [context.rules] : paths).map { path in
            let ruleSet = try loaded(path, console)
            return RuleTestRun(
                path: path, results: ruleSet.runTests { name in filter.map { name.contains($0) } ?? true })
        }
        let report = RuleTestReport(runs: runs, isFiltered: filter != nil, console: console)
        switch format {
        case .json: report.writeJSON()
        case .junit: report.writeJUnit()
        default: report.writeHuman(isVerbose: verbose)
        }
        let hasFailed = runs.contains { $0.results.contains { !$0.failures.isEmpty } }
        let lacksTests = requireTests && runs.contains { $0.results.isEmpty }
        if lacksTests {
            for run in runs where run.results.isEmpty {
                console.err.line(
                    "error: `\(run.path)` has no tests\(filter == nil ? "" : " that match"), and --require-tests asks for some"
                )
            }
        }
        console.end(hasFailed || lacksTests ? 1 : 0)
    }
}
