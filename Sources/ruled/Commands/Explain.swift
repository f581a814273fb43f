import ArgumentParser
import Engine
import RuleLang

/// `ruled explain`: what becomes of single references, and why.
struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what becomes of image references, and which actions were considered.",
        discussion: """
              ruled explain nginx:1.27 --namespace-labels pull-through-enabled=true
              ruled explain quay.io/a/b --in init --operation update --format json
              ruled explain - --format jsonl < images.txt      one reference a line

            Exit codes: 0 explained, whatever becomes of the images; 1 the rules are not valid; 2 could not run.
            """
    )

    /// The forms of the result.
    enum Form: String, CaseIterable, ExpressibleByArgument {
        case human, json, jsonl
    }

    @Argument(help: "References as a pod would name them; - reads them from standard input, one a line.")
    var images: [String]

    @Option(help: ArgumentHelp("The form of the result; jsonl is one object a line.", valueName: "form"))
    var format: Form = .human

    @Option(help: ArgumentHelp("The pod's labels as k=v,...", valueName: "labels"), transform: LabelList.parse)
    var podLabels: LabelList?

    @Option(
        name: .customLong("in"),
        help: ArgumentHelp("Where the image stands.", valueName: "place"))
    var place: Place = .container

    @Flag(help: "With jsonl, give the considered actions too.")
    var verbose = false

    @OptionGroup var context: ContextOptions
    @OptionGroup var consoleOptions: ConsoleOptions

    func validate() throws {
        if images.isEmpty { throw ValidationError("name an image, or - to read them from standard input") }
        if images.contains("-") {
            if images.count > 1 { throw ValidationError("- stands alone: it reads all images from standard input") }
            if context.rules == "-" || context.labels.namespaceFile == "-" {
                throw ValidationError("standard input is the images already; name a file for the rest")
            }
        }
    }

    func run() throws {
        let console = consoleOptions.console
        let situation = try context.situation()
        let program = try context.program(console)
        var writer = ExplanationWriter(
            program: program, situation: situation.context(), labels: podLabels?.labels, place: place, form: format,
            isVerbose: verbose, console: console)
        if images == ["-"] {
            var reader = LineReader(limit: 1 << 16)
            while let line = reader.next() {
                let text = String(decoding: line, as: UTF8.self)
                if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
                writer.write(text)
                if reader.isDrained { console.out.flush() }
            }
        } else {
            for image in images { writer.write(image) }
        }
        writer.finish()
        console.flush()
    }
}

/// Writes one explanation after another.
struct ExplanationWriter {
    private let program: Program
    private let context: EvaluationContext
    private let labels: [String: String]?
    private let place: Place
    private let form: Explain.Form
    private let isVerbose: Bool
    private let console: Console
    private var count = 0
    private var json = JSONWriter(pretty: true)

    init(
        program: Program, situation: EvaluationContext, labels: [String: String]?, place: Place, form: Explain.Form,
        isVerbose: Bool, console: Console
    ) {
        self.program = program
        context = situation
        self.labels = labels
        self.place = place
        self.form = form
        self.isVerbose = isVerbose
        self.console = console
        if form == .json {
            json.beginObject()
            json.member("version", 1)
            json.key("images")
            json.beginArray()
        }
    }

    /// Explains one reference.
    mutating func write(_ image: String) {
        let field = ImageField(place: place, name: "", pointer: "/image", text: image)
        let workload = Workload(kind: "Pod", labels: labels, images: [field])
        let whole = program.decide(workload, in: context)
        guard let decision = whole.images.first else { return }
        // There is no place for the pod's own warnings but with its one image.
        let warned = ImageDecision(
            field: field, to: decision.to, outcome: decision.outcome, by: decision.by, reason: decision.reason,
            warnings: whole.warnings + decision.warnings, denials: decision.denials, reference: decision.reference)
        count += 1
        switch form {
        case .human:
            writeHuman(decision, podWarnings: whole.warnings, program.trace(field, of: workload, in: context))
        case .json:
            json.beginObject()
            DecisionJSON.writeMembers(warned, to: &json)
            json.key("considered")
            DecisionJSON.write(program.trace(field, of: workload, in: context), to: &json)
            json.endObject()
        case .jsonl:
            var line = JSONWriter()
            line.beginObject()
            line.member("version", 1)
            DecisionJSON.writeMembers(warned, to: &line)
            if isVerbose {
                line.key("considered")
                DecisionJSON.write(program.trace(field, of: workload, in: context), to: &line)
            }
            line.endObject()
            console.out.line(line.text)
        }
    }

    /// Writes what comes after the last one.
    mutating func finish() {
        guard form == .json else { return }
        json.endArray()
        json.endObject()
        console.out.line(json.text)
    }

    private func writeHuman(_ decision: ImageDecision, podWarnings: [String], _ trace: [ConsideredAction]) {
        let out = console.out
        if count > 1 { out.line() }
        out.line(console.paint(decision.field.text.sanitized, .bold, on: out))
        if let reference = decision.reference, reference.text != decision.field.text {
            out.line("  is         \(reference.text)")
        }
        if let to = decision.to { out.line("  becomes    \(to)") }
        out.line("  outcome    \(console.paint(decision.outcome.rawValue, decision.outcome.paint, on: out))")
        if let by = decision.by { out.line("  rule       \(by.rule) at \(by.file):\(by.line)") }
        out.line("  reason     \(decision.reason.sanitized)")
        for denial in decision.denials { out.line("  denied     \(denial.sanitized)") }
        for warning in podWarnings + decision.warnings { out.line("  warning    \(warning.sanitized)") }
        if let hint = unknownLabelsHint(program, context) { out.line("  hint       \(hint)") }
        if trace.isEmpty { return }
        out.line("  considered")
        for action in trace {
            let mark = action.won ? "*" : "-"
            out.line("    \(mark) \(action.location.rule) at \(action.location.file):\(action.location.line)")
            out.line("        \(action.pattern): \(action.action)".sanitized)
            out.line("        \(action.verdict)".sanitized)
        }
    }
}

extension ImageDecision.Outcome {
    /// The colour of the outcome.
    var paint: Paint {
        switch self {
        case .rewritten: .green
        case .denied: .red
        case .declined, .unparsed: .yellow
        case .unchanged, .ignored, .bypassed: .dim
        }
    }
}
