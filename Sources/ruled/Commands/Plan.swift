import ArgumentParser
import Engine
import RuleLang

/// `ruled plan`: what a rule set would do to what is there.
struct Plan: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what a rule set would do to many manifests, or to a whole cluster.",
        discussion: """
              ruled plan manifests/            every *.yaml, *.yml and *.json below it
              kubectl get ns,pods -A -o json | ruled plan
              kubectl get ns,deploy,sts,ds,cronjobs -A -o json | ruled plan --format json

            Namespaces among the objects give their labels. \
            What another object here owns is counted with that one.

            Exit codes: 0 planned; 1 something would be denied or cannot be read, \
            or the rules are not valid; 2 could not run.
            """
    )

    /// The forms of the result.
    enum Form: String, CaseIterable, ExpressibleByArgument {
        case human, json, jsonl
    }

    @Argument(
        help: "Files and folders of manifests, YAML or JSON; - is standard input.", completion: .file())
    var paths: [String] = ["-"]

    @Option(help: ArgumentHelp("The form of the result; jsonl is one object a line.", valueName: "form"))
    var format: Form = .human

    @OptionGroup var context: ContextOptions
    @OptionGroup var consoleOptions: ConsoleOptions

    func validate() throws {
        if paths.count(where: { $0 == "-" }) > 1 { throw ValidationError("standard input can be read only once") }
        if paths.contains("-"), context.rules == "-" || context.labels.namespaceFile == "-" {
            throw ValidationError("standard input is the manifests already; name a file for the rest")
        }
    }

    func run() throws {
        let console = consoleOptions.console
        var situation = try context.situation()
        let program = try context.program(console)
        let inventory = try Inventory(reading: paths, namespace: situation.namespace, console: console)
        situation.add(inventory.namespaces)
        var report = PlanReport(inventory: inventory, program: program, console: console)
        for workload in inventory.workloads {
            let context = situation.context(in: workload.namespace)
            report.add(workload, program.decide(workload, in: context), context, isLine: format == .jsonl)
        }
        switch format {
        case .human: report.writeHuman()
        case .json: report.writeJSON()
        case .jsonl: break
        }
        for failure in inventory.failures { console.show(failure.diagnostics, of: []) }
        if inventory.isUnreadable { console.end(2) }
        console.end(report.hasDenials || !inventory.failures.isEmpty ? 1 : 0)
    }
}
