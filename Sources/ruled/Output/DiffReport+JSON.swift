import Engine
import RuleLang

/// A difference as JSON, version 1 of the interface.
extension DiffReport {
    /// One document.
    func writeJSON() {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        json.member("version", 1)
        json.member("old", old)
        json.member("new", new)
        json.member("differs", !difference.isEmpty)
        json.key("regions")
        json.beginArray()
        for region in difference.regions { Self.write(region, to: &json) }
        json.endArray()
        json.key("reentries")
        json.beginArray()
        for reentry in difference.reentries { Self.write(reentry, to: &json) }
        json.endArray()
        json.member("undecided", difference.undecided)
        json.key("images")
        if let images { Self.write(images, to: &json) } else { json.null() }
        json.endObject()
        console.out.line(json.text)
    }

    /// Where a rule set is not valid, nothing is compared.
    static func writeInvalid(_ path: String, _ diagnostics: [Diagnostic], files: [SourceFile], console: Console) {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        json.member("version", 1)
        json.member("invalid", path)
        json.key("diagnostics")
        JSONRenderer(files: files).write(diagnostics, to: &json)
        json.endObject()
        console.out.line(json.text)
    }

    private static func write(_ region: DifferenceRegion, to json: inout JSONWriter) {
        json.beginObject()
        json.member("kind", region.kind.rawValue)
        json.key("sets")
        write(region.parts, to: &json)
        json.key("exceptions")
        write(region.exceptions, to: &json)
        json.key("old")
        write(region.old, to: &json)
        json.key("new")
        write(region.new, to: &json)
        json.key("witness")
        write(region.witness, to: &json)
        json.endObject()
    }

    private static func write(_ sets: [DifferenceSet], to json: inout JSONWriter) {
        json.beginArray()
        for set in sets {
            json.beginObject()
            json.member("pattern", set.pattern.isEmpty ? nil : set.pattern)
            json.member("conditions", set.conditions)
            json.endObject()
        }
        json.endArray()
    }

    private static func write(_ side: DifferenceSide, to json: inout JSONWriter) {
        json.beginObject()
        json.member("action", side.action.rawValue)
        json.member("rule", side.rule)
        json.key("location")
        if let location = side.location {
            json.beginObject()
            json.member("file", location.file)
            json.member("line", location.line)
            json.endObject()
        } else {
            json.null()
        }
        json.member("detail", side.detail)
        json.member("warning", side.warning)
        json.member("marks", side.marks)
        json.endObject()
    }

    private static func write(_ witness: DifferenceWitness, to json: inout JSONWriter) {
        json.beginObject()
        json.member("image", witness.image)
        json.member("namespace", witness.namespace)
        write("namespaceLabels", witness.namespaceLabels, to: &json)
        write("podLabels", witness.podLabels, to: &json)
        json.member("place", witness.place.rawValue)
        json.member("operation", witness.operation.rawValue)
        json.member("selfImage", witness.selfImage?.text)
        for (name, decision) in [("old", witness.old), ("new", witness.new)] {
            json.key(name)
            json.beginObject()
            if let image = decision.images.first { DecisionJSON.writeMembers(image, to: &json) }
            json.key("patch")
            json.raw(String(decoding: PatchOperation.write(decision.patch), as: UTF8.self))
            json.endObject()
        }
        json.endObject()
    }

    private static func write(_ name: String, _ labels: [String: String]?, to json: inout JSONWriter) {
        json.key(name)
        guard let labels else { return json.null() }
        json.beginObject()
        for (key, value) in labels.sorted(by: { $0.key < $1.key }) { json.member(key, value) }
        json.endObject()
    }

    private static func write(_ reentry: DifferenceReentry, to json: inout JSONWriter) {
        json.beginObject()
        json.member("writer", reentry.isFromOld ? "old" : "new")
        json.key("writes")
        json.beginObject()
        DecisionJSON.writeRule(reentry.writer, to: &json)
        json.endObject()
        json.key("takesUp")
        json.beginObject()
        DecisionJSON.writeRule(reentry.taker, to: &json)
        json.endObject()
        json.member("image", reentry.image)
        json.member("output", reentry.output)
        json.member("result", reentry.result)
        json.member("namespace", reentry.namespace)
        write("namespaceLabels", reentry.namespaceLabels, to: &json)
        write("podLabels", reentry.podLabels, to: &json)
        json.member("place", reentry.place.rawValue)
        json.endObject()
    }

    private static func write(_ images: ImageComparison, to json: inout JSONWriter) {
        json.beginObject()
        json.member("images", images.images)
        json.member("objects", images.objects)
        json.member("notReferences", images.notReferences.map { "\(images.shown):\($0.line)" })
        json.key("changes")
        json.beginArray()
        for change in images.changes {
            json.beginObject()
            json.member("image", change.image)
            json.member("objects", change.objects)
            json.member("namespaces", change.namespaces.sorted())
            for (name, decision) in [("old", change.old), ("new", change.new)] {
                json.key(name)
                json.beginObject()
                DecisionJSON.writeMembers(decision, to: &json)
                json.endObject()
            }
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }
}
