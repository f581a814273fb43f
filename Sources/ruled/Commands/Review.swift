import ArgumentParser
import Engine
import RuleLang

/// `ruled review`: the webhook without the server.
struct Review: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answers an AdmissionReview, as the webhook does.",
        discussion: """
            Namespace, name and operation come from the review, the labels of the namespace from the options.

              ruled review --namespace-labels pull-through-enabled=true < review.json
              ruled review --format jsonl < reviews.jsonl      one a line, in and out

            Exit codes: 0 answered (whether allowed or not), 1 some line of several was no review, 2 could not run.
            """
    )

    /// The forms of the result.
    enum Form: String, CaseIterable, ExpressibleByArgument {
        case json, jsonl
    }

    @Argument(help: "The file that holds the review; - is standard input.")
    var file = "-"

    @Option(help: ArgumentHelp("json: one review; jsonl: one a line, in and out.", valueName: "form"))
    var format: Form = .json

    @OptionGroup var context: ContextOptions
    @OptionGroup var consoleOptions: ConsoleOptions

    /// The most bytes of a review: the API server's own limit is 3 MiB for a request, and an update carries two
    /// objects.
    private static let sizeLimit = 16 << 20

    func validate() throws {
        if file == "-", context.rules == "-" || context.labels.namespaceFile == "-" {
            throw ValidationError("standard input is the review already; name a file for the rest")
        }
        if context.namespace != nil || context.operation != .create {
            throw ValidationError("namespace and operation come from the review; leave --namespace and --operation out")
        }
        if format == .jsonl, file != "-" {
            throw ValidationError("--format jsonl reads standard input: ruled review --format jsonl < \(file)")
        }
    }

    func run() throws {
        let console = consoleOptions.console
        let situation = try context.situation()
        let program = try context.program(console)
        var answerer = ReviewAnswerer()
        switch format {
        case .json:
            let shown = file == "-" ? "<stdin>" : file
            let bytes = try FileSystem.readInput(file, limit: Self.sizeLimit)
            do {
                console.out.write(try answer(bytes, program, situation, &answerer))
                console.out.line()
            } catch {
                throw InputFailure(
                    .manifestUnusable, "`\(shown)` is not an AdmissionReview: \(error.reason)",
                    help: ["for a pod or a workload: ruled test --pod \(file)"])
            }
        case .jsonl:
            console.end(answerLines(program, situation, console, &answerer) ? 0 : 1)
        }
        console.flush()
    }

    private func answer(
        _ bytes: [UInt8], _ program: Program, _ situation: Situation, _ answerer: inout ReviewAnswerer
    ) throws(ReviewError) -> [UInt8] {
        try answerer.answer(bytes, by: program, selfImage: situation.selfImage) { situation.labels(of: $0) }.json
    }

    /// Answers line by line; returns whether every line was a review.
    private func answerLines(
        _ program: Program, _ situation: Situation, _ console: Console, _ answerer: inout ReviewAnswerer
    ) -> Bool {
        var reader = LineReader(limit: Self.sizeLimit)
        var number = 0
        var isClean = true
        while let line = reader.next() {
            number += 1
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
            do {
                console.out.write(try answer(Array(line), program, situation, &answerer))
                console.out.line()
            } catch {
                console.err.line("error: line \(number) is not an AdmissionReview: \(error.reason.sanitized)")
                isClean = false
            }
            // Whoever sends one review and waits for its answer shall have it.
            if reader.isDrained { console.flush() }
        }
        return isClean
    }
}
