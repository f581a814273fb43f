/// Diagnostics as JSON, for editors and scripts. Lines and columns start at 1, columns count characters, and an end
/// is the place after the last character. What has no place has `null` there.
public struct JSONRenderer: Sendable {
    private let files: [SourceFile]

    /// Makes a renderer for diagnostics about files that were read together.
    public init(files: [SourceFile]) {
        self.files = files
    }

    /// One document: `{"version": 1, "diagnostics": […]}` and a line break.
    public func render(_ diagnostics: [Diagnostic], pretty: Bool = true) -> String {
        var json = JSONWriter(pretty: pretty)
        json.beginObject()
        json.member("version", 1)
        json.key("diagnostics")
        write(diagnostics, to: &json)
        json.endObject()
        return json.text + "\n"
    }

    /// Only the array of the diagnostics, to be put into another document, without a line break at the end.
    public func renderArray(_ diagnostics: [Diagnostic], pretty: Bool = false) -> String {
        var json = JSONWriter(pretty: pretty)
        write(diagnostics, to: &json)
        return json.text
    }

    /// Writes the array of the diagnostics as the next value of a document.
    public func write(_ diagnostics: [Diagnostic], to json: inout JSONWriter) {
        json.beginArray()
        for diagnostic in diagnostics.inSourceOrder() { write(diagnostic, to: &json) }
        json.endArray()
    }

    private func write(_ diagnostic: Diagnostic, to json: inout JSONWriter) {
        json.beginObject()
        json.member("code", diagnostic.code.rawValue)
        json.member("severity", diagnostic.severity.rawValue)
        json.member("message", diagnostic.message)
        let place = diagnostic.primary.flatMap { Region($0.span, in: files) }
        json.member("file", place?.file.name)
        writePlace(place, to: &json)
        json.member("label", diagnostic.primary?.text)
        json.key("related")
        json.beginArray()
        for label in diagnostic.secondary {
            let place = Region(label.span, in: files)
            json.beginObject()
            json.member("file", place?.file.name)
            writePlace(place, to: &json)
            json.member("message", label.text)
            json.endObject()
        }
        json.endArray()
        json.member("notes", diagnostic.notes)
        json.member("help", diagnostic.help)
        json.key("fix")
        if let fix = diagnostic.fix {
            json.beginObject()
            writePlace(Region(fix.span, in: files), to: &json)
            json.member("text", fix.text)
            json.endObject()
        } else {
            json.null()
        }
        json.endObject()
    }

    private func writePlace(_ place: Region?, to json: inout JSONWriter) {
        json.member("line", place?.start.line)
        json.member("column", place?.start.column)
        json.member("endLine", place?.end.line)
        json.member("endColumn", place?.end.column)
    }
}
