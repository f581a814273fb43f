import Engine
import RuleLang

/// `ruled test --pod`: what would happen to the objects of a file.
struct PodTest {
    let options: Test
    let console: Console

    /// What came of one object.
    struct Evaluated {
        /// The object.
        let object: Manifest
        /// `Deployment shop/web`
        let title: String
        /// What reading it gave.
        let reading: WorkloadReading
        /// The situation; nil where the object holds no pod.
        var context: EvaluationContext?
        /// What becomes of it; nil where it holds no pod.
        var decision: PodDecision?

        /// The object as the patch leaves it.
        var patched: Manifest {
            var result = object
            for operation in decision?.patch ?? [] {
                switch operation {
                case .add(let pointer, let value), .replace(let pointer, let value):
                    result.set(.string(value), at: pointer)
                case .addObject(let pointer):
                    result.set(.object([]), at: pointer)
                }
            }
            return result
        }
    }

    /// Evaluates a file; returns the exit code.
    func run(_ path: String) throws -> Int32 {
        let situation = try options.context.situation()
        let program = try options.context.program(console)
        let reading = try ManifestInput.readEach(path)
        if reading.documents.isEmpty, let failure = reading.failures.first { throw failure }
        let objects = Manifests.objects(of: reading.documents)
        let old = try options.old.map { Manifests.objects(of: try ManifestInput.read($0)) } ?? []
        let shown = path == "-" ? "<stdin>" : path
        var evaluated: [Evaluated] = []
        var failures = reading.failures
        for object in objects {
            do throws(InputFailure) {
                evaluated.append(try evaluate(object, old: old, shown: shown, program, situation))
            } catch {
                failures.append(error)
            }
        }
        let writer = PodReport(program: program, console: console)
        switch options.format {
        case .json: writer.writeJSON(evaluated)
        case .jsonl: writer.writeJSONLines(evaluated)
        case .yaml: writer.writeYAML(evaluated)
        case .patch: writer.writePatches(evaluated)
        case .human, .junit:
            if objects.isEmpty { console.out.line("\(shown): there is no object in it") }
            writer.writeHuman(evaluated)
        }
        for failure in failures { console.show(failure.diagnostics, of: []) }
        guard failures.isEmpty else { return 2 }
        let isDenied = evaluated.contains { $0.decision?.isDenied ?? false }
        return isDenied ? 1 : 0
    }

    private func evaluate(
        _ object: Manifest, old: [Manifest], shown: String, _ program: Program, _ situation: Situation
    ) throws(InputFailure) -> Evaluated {
        let reading = try object.workloadReading(shown: shown)
        var result = Evaluated(object: object, title: Self.title(object, situation), reading: reading)
        guard case .workload(let workload) = reading else { return result }
        var before: Workload?
        if let match = old.first(where: { Self.isSame($0, object) }),
            case .workload(let read) = try match.workloadReading(shown: options.old ?? "")
        {
            before = read
        }
        let context = situation.context(in: workload.namespace, old: before)
        result.context = context
        result.decision = program.decide(workload, in: context)
        return result
    }

    private static func isSame(_ a: Manifest, _ b: Manifest) -> Bool {
        a["kind"]?.text == b["kind"]?.text && a["metadata"]?["name"]?.text == b["metadata"]?["name"]?.text
            && a["metadata"]?["namespace"]?.text == b["metadata"]?["namespace"]?.text
    }

    private static func title(_ object: Manifest, _ situation: Situation) -> String {
        let metadata = object["metadata"]
        let name = metadata?["name"]?.text ?? metadata?["generateName"]?.text.map { $0 + "…" } ?? "(no name)"
        let namespace = metadata?["namespace"]?.text ?? situation.namespace
        return "\(object["kind"]?.text ?? "object") \(namespace)/\(name)".sanitized
    }
}
