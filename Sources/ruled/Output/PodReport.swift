import Engine
import RuleLang

/// Writes what becomes of objects.
struct PodReport {
    let program: Program
    let console: Console

    /// For people: each image, what it becomes, and why, on lines of their own, since references are long.
    func writeHuman(_ objects: [PodTest.Evaluated]) {
        for (index, object) in objects.enumerated() {
            if index > 0 { console.out.line() }
            writeHuman(object)
        }
    }

    private func writeHuman(_ object: PodTest.Evaluated) {
        let out = console.out
        guard let decision = object.decision, let context = object.context else {
            // A namespace is not shown: whether this kind has one is not known.
            let kind = object.object["kind"]?.text ?? "object"
            let name = object.object["metadata"]?["name"]?.text ?? "(no name)"
            out.line("\(kind) \(name): no pod in it, left alone".sanitized)
            return
        }
        out.line(console.paint(object.title, .bold, on: out))
        if decision.images.isEmpty { out.line("  it has no containers, so there is no image to rewrite") }
        let places = decision.images.map { "\($0.field.place.rawValue)/\($0.field.name)".sanitized }
        let width = places.map(\.count).max() ?? 0
        let indent = String(repeating: " ", count: width + 4)
        for (place, image) in zip(places, decision.images) {
            out.line("  \(place.padded(to: width))  \(image.field.text.sanitized)")
            if let to = image.to { out.line("\(indent)-> \(to)") }
            let outcome = console.paint(image.outcome.rawValue, image.outcome.paint, on: out)
            let rule = image.by.map { " by \($0.rule) at \($0.file):\($0.line)" } ?? ""
            let reason = image.outcome == .rewritten || image.outcome == .denied ? "" : ": " + image.reason
            out.line("\(indent)\(outcome)\((rule + reason).sanitized)")
        }
        for warning in decision.warnings + decision.images.flatMap(\.warnings) {
            out.line("  \(console.paint("warning", .yellow, on: out)): \(warning.sanitized)")
        }
        for image in decision.images {
            for denial in image.denials { out.line("  \(console.paint("denied", .red, on: out)): \(denial.sanitized)") }
        }
        if let hint = unknownLabelsHint(program, context) { out.line("  hint: \(hint)") }
        let marks = decision.patch.compactMap(mark)
        if !marks.isEmpty { out.line("  sets \(marks.joined(separator: ", "))".sanitized) }
    }

    /// `label a = b`, for an operation that sets one.
    private func mark(_ operation: PatchOperation) -> String? {
        guard case .add(let pointer, let value) = operation else { return nil }
        let components = Manifest.components(of: pointer)
        guard let key = components.last, components.count >= 2 else { return nil }
        switch components[components.count - 2] {
        case "labels": return "label \(key) = \(value)"
        case "annotations": return "annotation \(key) = \(value)"
        default: return nil
        }
    }

    /// One document of all objects.
    func writeJSON(_ objects: [PodTest.Evaluated]) {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        json.member("version", 1)
        json.key("objects")
        json.beginArray()
        for object in objects {
            json.beginObject()
            writeMembers(object, to: &json)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        console.out.line(json.text)
    }

    /// One line an object.
    func writeJSONLines(_ objects: [PodTest.Evaluated]) {
        for object in objects {
            var json = JSONWriter()
            json.beginObject()
            json.member("version", 1)
            writeMembers(object, to: &json)
            json.endObject()
            console.out.line(json.text)
        }
    }

    private func writeMembers(_ object: PodTest.Evaluated, to json: inout JSONWriter) {
        let metadata = object.object["metadata"]
        json.member("kind", object.object["kind"]?.text)
        json.member("name", metadata?["name"]?.text ?? metadata?["generateName"]?.text)
        json.member("namespace", object.context?.namespace ?? metadata?["namespace"]?.text)
        json.member("hasPod", object.decision != nil)
        json.member("denied", object.decision?.isDenied ?? false)
        json.key("images")
        DecisionJSON.write(object.decision?.images ?? [], to: &json)
        json.member("warnings", object.decision?.warnings ?? [])
        json.key("patch")
        json.raw(String(decoding: PatchOperation.write(object.decision?.patch ?? []), as: UTF8.self))
    }

    /// The objects as the patches leave them.
    func writeYAML(_ objects: [PodTest.Evaluated]) {
        for (index, object) in objects.enumerated() {
            if index > 0 { console.out.line("---") }
            console.out.write(object.patched.yaml)
            reportDenials(object)
        }
    }

    /// The JSON Patch of each object, one a line, empty ones too, so that they can be told apart by their line.
    func writePatches(_ objects: [PodTest.Evaluated]) {
        for object in objects {
            console.out.write(PatchOperation.write(object.decision?.patch ?? []))
            console.out.line()
            reportDenials(object)
        }
    }

    /// Says on standard error what a result without words cannot say.
    private func reportDenials(_ object: PodTest.Evaluated) {
        for image in object.decision?.images ?? [] where image.outcome == .denied {
            for denial in image.denials {
                console.err.line("\(object.title): denied: \(image.field.text.sanitized): \(denial.sanitized)")
            }
        }
        for warning in (object.decision?.warnings ?? []) + (object.decision?.images.flatMap(\.warnings) ?? []) {
            console.err.line("\(object.title): warning: \(warning.sanitized)")
        }
        if let context = object.context, let hint = unknownLabelsHint(program, context) {
            console.err.line("\(object.title): hint: \(hint)")
        }
    }
}
