import Engine
import RuleLang

/// What becomes of an inventory: each image once a namespace, and totals.
struct PlanReport {
    let inventory: Inventory
    let program: Program
    let console: Console

    /// What is said of an image, however many objects it stands in.
    private struct Row {
        let decision: ImageDecision
        var objects = 0
    }

    /// What makes two images of a namespace one row.
    private struct RowKey: Hashable {
        let text: String
        let to: String?
        let outcome: ImageDecision.Outcome
        let by: RuleLocation?
        let reason: String
        let denials: [String]
    }

    private struct Namespace {
        var objects = 0
        var rows: [RowKey: Row] = [:]
        /// Whether the rules ask for its labels, and they are not known.
        var lacksLabels = false

        /// The images, those first that stand in the most objects.
        var sorted: [Row] {
            rows.values.sorted {
                $0.objects == $1.objects
                    ? ($0.decision.field.text, $0.decision.to ?? "", $0.decision.reason)
                        < ($1.decision.field.text, $1.decision.to ?? "", $1.decision.reason)
                    : $0.objects > $1.objects
            }
        }
    }

    private var namespaces: [String: Namespace] = [:]
    private var outcomes: [ImageDecision.Outcome: Int] = [:]
    private var changed = 0
    private var denied = 0

    init(inventory: Inventory, program: Program, console: Console) {
        self.inventory = inventory
        self.program = program
        self.console = console
    }

    /// Whether some object would be refused.
    var hasDenials: Bool { denied > 0 }

    /// Adds what becomes of a workload, and writes it at once as a line where that is asked for.
    mutating func add(_ workload: Workload, _ decision: PodDecision, _ context: EvaluationContext, isLine: Bool) {
        if decision.isDenied { denied += 1 } else if !decision.patch.isEmpty { changed += 1 }
        if isLine { return writeLine(workload, decision, context) }
        var namespace = namespaces.removeValue(forKey: context.namespace) ?? Namespace()
        namespace.objects += 1
        if program.asksForNamespaceLabels, context.namespaceLabels == nil { namespace.lacksLabels = true }
        var seen: Set<RowKey> = []
        for image in decision.images {
            outcomes[image.outcome, default: 0] += 1
            let key = RowKey(
                text: image.field.text, to: image.to, outcome: image.outcome, by: image.by, reason: image.reason,
                denials: image.denials)
            // An image that stands twice in one object touches that object once.
            if seen.insert(key).inserted { namespace.rows[key, default: Row(decision: image)].objects += 1 }
        }
        namespaces[context.namespace] = namespace
    }

    // MARK: For people

    /// Each namespace with its images, then what was counted.
    func writeHuman() {
        let out = console.out
        for (name, namespace) in namespaces.sorted(by: { $0.key < $1.key }) {
            out.line(
                console.paint("namespace \(name)".sanitized, .bold, on: out)
                    + ": \(counted(namespace.objects, "object"))")
            if namespace.lacksLabels {
                out.line("  its labels are not known, and the rules ask for them: nothing is touched")
            }
            for row in namespace.sorted { write(row) }
            out.line()
        }
        let images = outcomes.values.reduce(0, +)
        out.line(
            "\(counted(inventory.workloads.count, "object")) with \(counted(images, "image")) in "
                + "\(counted(namespaces.count, "namespace")): \(changed) changed, \(denied) denied")
        if images > 0 { out.line("images: \(outcomeCounts.map { "\($0.count) \($0.name)" }.joined(separator: ", "))") }
        if inventory.files == 0 { out.line("no file was read: folders are searched for *.yaml, *.yml and *.json") }
        if inventory.owned > 0 {
            out.line(
                "\(counted(inventory.owned, "object")) counted with what owns \(inventory.owned == 1 ? "it" : "them")")
        }
        if inventory.withoutPod > 0 { out.line("\(counted(inventory.withoutPod, "object")) without a pod") }
        if !inventory.notManifests.isEmpty {
            out.line(
                "\(counted(inventory.notManifests.count, "document")) that is no manifest: ".pluralised(
                    inventory.notManifests.count)
                    + inventory.notManifests.joined(separator: ", ").sanitized)
        }
        if !inventory.failures.isEmpty {
            out.line("\(inventory.failures.count) could not be read, see the errors")
        }
        if namespaces.values.contains(where: \.lacksLabels) {
            out.line(
                "hint: give the labels of the namespaces: kubectl get ns,pods -A -o json | ruled plan, "
                    + "--namespace-file FILE, or --namespace-labels k=v,...")
        }
    }

    private func write(_ row: Row) {
        let out = console.out
        let decision = row.decision
        let outcome = decision.outcome.rawValue.padded(to: 9)
        out.line(
            "  \(console.paint(outcome, decision.outcome.paint, on: out))  \(decision.field.text.sanitized)  "
                + "(\(counted(row.objects, "object"))\(decision.by.map { ", by \($0.rule)" } ?? ""))".sanitized)
        let margin = String(repeating: " ", count: 13)
        if let to = decision.to { out.line("\(margin)-> \(to)") }
        for denial in decision.denials { out.line("\(margin)\(denial.sanitized)") }
        if decision.outcome == .unparsed || decision.outcome == .declined {
            out.line("\(margin)\(decision.reason.sanitized)")
        } else {
            for warning in decision.warnings { out.line("\(margin)warning: \(warning.sanitized)") }
        }
    }

    private var outcomeCounts: [(name: String, count: Int)] {
        ImageDecision.Outcome.allCases.compactMap { outcome in
            outcomes[outcome].map { (outcome.rawValue, $0) }
        }
    }

    // MARK: For programs

    /// One document.
    func writeJSON() {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        json.member("version", 1)
        json.key("namespaces")
        json.beginArray()
        for (name, namespace) in namespaces.sorted(by: { $0.key < $1.key }) {
            json.beginObject()
            json.member("namespace", name)
            json.member("objects", namespace.objects)
            json.member("labelsKnown", !namespace.lacksLabels)
            json.key("images")
            json.beginArray()
            for row in namespace.sorted {
                json.beginObject()
                DecisionJSON.writeMembers(row.decision, to: &json)
                json.member("objects", row.objects)
                json.endObject()
            }
            json.endArray()
            json.endObject()
        }
        json.endArray()
        json.key("totals")
        json.beginObject()
        json.member("objects", inventory.workloads.count)
        json.member("changed", changed)
        json.member("denied", denied)
        json.member("images", outcomes.values.reduce(0, +))
        json.key("outcomes")
        json.beginObject()
        for outcome in ImageDecision.Outcome.allCases { json.member(outcome.rawValue, outcomes[outcome] ?? 0) }
        json.endObject()
        json.member("owned", inventory.owned)
        json.member("withoutPod", inventory.withoutPod)
        json.member("files", inventory.files)
        json.endObject()
        json.member("notManifests", inventory.notManifests)
        json.member("unreadable", inventory.failures.flatMap(\.diagnostics).map(\.message))
        json.endObject()
        console.out.line(json.text)
    }

    private func writeLine(_ workload: Workload, _ decision: PodDecision, _ context: EvaluationContext) {
        var json = JSONWriter()
        json.beginObject()
        json.member("version", 1)
        json.member("kind", workload.kind)
        json.member("name", workload.name)
        json.member("namespace", context.namespace)
        json.member("denied", decision.isDenied)
        json.key("images")
        DecisionJSON.write(decision.images, to: &json)
        json.member("warnings", decision.warnings)
        json.endObject()
        console.out.line(json.text)
    }
}

extension String {
    /// `3 documents that are …` for more than one.
    fileprivate func pluralised(_ count: Int) -> String {
        count == 1 ? self : replacing(" that is no manifest", with: " that are no manifests")
    }
}
