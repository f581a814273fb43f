import ArgumentParser
import Engine
import RuleLang

/// `ruled test`: runs the tests of rule sets, or says what would happen to pods.
struct Test: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the tests of rule sets, or (--pod) says what would happen to manifests.",
        discussion: """
              ruled test                                  the test blocks of rules/
              ruled test rules --filter library           those whose name contains a text
              ruled test --coverage                       and what of the rules they reach
              ruled test --watch                          again whenever a file changes
              ruled test --pod deployment.yaml --namespace-labels pull-through-enabled=true
              kubectl get pods -o yaml | ruled test --pod - --namespace-file namespaces.yaml
              ruled test --pod pod.yaml --format yaml     the object after the patch

            Exit codes: 0 passed; 1 a test failed, too little is covered, an object was denied, or the rules are not \
            valid; 2 could not run; 130 a watch was ended with Ctrl-C.
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

    @Flag(help: "Say which actions, conditions, ignores and bypasses the tests reach.")
    var coverage = false

    @Option(
        help: ArgumentHelp("Fail where less than a share is reached; implies --coverage.", valueName: "percent"))
    var coverageThreshold: Percentage?

    @Flag(help: "Run the tests again whenever a file changes, until Ctrl-C.")
    var watch = false

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
            if filter != nil || requireTests || coverage || coverageThreshold != nil || watch {
                throw ValidationError(
                    "--filter, --require-tests, --coverage, --coverage-threshold and --watch do not go with --pod")
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
            if watch { try checkWatch(ruleSets, isHuman: format == .human) }
        }
    }

    private var ruleSets: [String] { paths.isEmpty ? [context.rules] : paths }

    func run() throws {
        let console = consoleOptions.console
        if let pod {
            console.end(try PodTest(options: self, console: console).run(pod))
        }
        if watch {
            Watch(paths: ruleSets, console: console).run { _ = try runTests(console) }
        }
        console.end(try runTests(console))
    }

    /// The rule set at a path, and its files. Where it is not valid, a result that a program reads says so too.
    private func load(_ path: String, _ console: Console) throws -> (ruleSet: RuleSet, files: [SourceFile])? {
        let input = try RuleSetInput.read(path)
        let load = RuleSet.load(input.files, settings: try context.settings.values)
        if let ruleSet = load.ruleSet { return (ruleSet, input.files) }
        RuleTestReport.writeInvalid(path, load.diagnostics, files: input.files, as: format, console: console)
        console.show(load.diagnostics, of: input.files)
        console.err.line("\n\(input.name): \(HumanRenderer.summary(load.diagnostics)); no test was run")
        return nil
    }

    /// Runs the tests of all rule sets; returns the exit code.
    private func runTests(_ console: Console) throws -> Int32 {
        let isWanted = { (name: String) in filter.map { name.contains($0) } ?? true }
        var runs: [RuleTestRun] = []
        for path in ruleSets {
            guard let (ruleSet, files) = try load(path, console) else { return 1 }
            let isMeasured = coverage || coverageThreshold != nil
            runs.append(
                RuleTestRun(
                    path: path, files: files, results: ruleSet.runTests(filter: isWanted),
                    coverage: isMeasured ? ruleSet.coverage(filter: isWanted) : nil))
        }
        let report = RuleTestReport(
            runs: runs, isFiltered: filter != nil, threshold: coverageThreshold, console: console)
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
        let lacksCoverage = report.reportShortfalls(showingGaps: format != .human)
        return hasFailed || lacksTests || lacksCoverage ? 1 : 0
    }
}

/// A share in percent, from 0 to 100.
struct Percentage: ExpressibleByArgument {
    let value: Double
    /// As it was written, without the sign.
    let text: String

    init?(argument: String) {
        text = argument.hasSuffix("%") ? String(argument.dropLast()) : argument
        guard text.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }), let value = Double(text),
            0...100 ~= value
        else { return nil }
        self.value = value
    }
}

/// Refuses to watch what cannot change, or for somebody who does not look.
func checkWatch(_ paths: [String], isHuman: Bool) throws {
    if paths.contains("-") { throw ValidationError("--watch needs files, not standard input") }
    if !isHuman { throw ValidationError("--watch is for people: it goes with --format human") }
}
