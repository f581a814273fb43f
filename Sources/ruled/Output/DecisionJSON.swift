import Engine
import RuleLang

/// Decisions as JSON, version 1 of the interface.
enum DecisionJSON {
    /// What becomes of an image, as an object: the members that every command gives.
    static func writeMembers(_ decision: ImageDecision, to json: inout JSONWriter) {
        json.member("from", decision.field.text)
        json.member("to", decision.to)
        json.member("outcome", decision.outcome.rawValue)
        writeRule(decision.by, to: &json)
        json.member("reason", decision.reason)
        json.member("warnings", decision.warnings)
        json.member("denials", decision.denials)
        json.key("reference")
        if let reference = decision.reference {
            json.beginObject()
            json.member("registry", reference.registry)
            json.member("path", reference.path)
            json.member("tag", reference.tag)
            json.member("digest", reference.digest)
            json.member("normalised", reference.text)
            json.endObject()
        } else {
            json.null()
        }
    }

    /// The images of an object, each with where it stands.
    static func write(_ images: [ImageDecision], to json: inout JSONWriter) {
        json.beginArray()
        for image in images {
            json.beginObject()
            json.member("container", image.field.name)
            json.member("kind", image.field.place.rawValue)
            json.member("path", image.field.pointer)
            writeMembers(image, to: &json)
            json.endObject()
        }
        json.endArray()
    }

    /// The actions that were looked at.
    static func write(_ considered: [ConsideredAction], to json: inout JSONWriter) {
        json.beginArray()
        for action in considered {
            json.beginObject()
            json.member("rule", action.location.rule)
            json.key("location")
            write(action.location, to: &json)
            json.member("pattern", action.pattern)
            json.member("action", action.action)
            json.member("won", action.won)
            json.member("verdict", action.verdict)
            json.endObject()
        }
        json.endArray()
    }

    /// What decided, and where it stands; null where nothing did.
    static func writeRule(_ by: RuleLocation?, to json: inout JSONWriter) {
        json.member("rule", by?.rule)
        json.key("location")
        if let by { write(by, to: &json) } else { json.null() }
    }

    private static func write(_ location: RuleLocation, to json: inout JSONWriter) {
        json.beginObject()
        json.member("file", location.file)
        json.member("line", location.line)
        json.endObject()
    }
}

/// The line that helps where labels of a namespace were asked for and not given.
func unknownLabelsHint(_ program: Program, _ context: EvaluationContext) -> String? {
    guard program.asksForNamespaceLabels, context.namespaceLabels == nil else { return nil }
    return "the labels of namespace `\(context.namespace)` are not known here: give --namespace-labels k=v,... "
        + "or --namespace-file FILE (--namespace-labels \"\" for none)"
}
