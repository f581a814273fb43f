/// Diagnostics as SARIF 2.1.0 (OASIS), the format of code scanning services.
public struct SARIFRenderer: Sendable {
    private let files: [SourceFile]
    private let version: String
    private let informationURI: String?
    private let helpURIPrefix: String?

    /// Makes a renderer for diagnostics about files that were read together.
    ///
    /// - Parameters:
    ///   - files: The files that the diagnostics' spans count.
    ///   - version: The version of this program.
    ///   - informationURI: Where the program is described.
    ///   - helpURIPrefix: What, followed by a code, is the address of the page that explains it.
    public init(files: [SourceFile], version: String, informationURI: String? = nil, helpURIPrefix: String? = nil) {
        self.files = files
        self.version = version
        self.informationURI = informationURI
        self.helpURIPrefix = helpURIPrefix
    }

    /// One document with one run, and a line break.
    public func render(_ diagnostics: [Diagnostic], pretty: Bool = true) -> String {
        var codes: [String: DiagnosticCode] = [:]
        for diagnostic in diagnostics { codes[diagnostic.code.rawValue] = diagnostic.code }
        let rules = codes.values.sorted { $0.rawValue < $1.rawValue }
        var json = JSONWriter(pretty: pretty)
        json.beginObject()
        json.member("$schema", "https://json.schemastore.org/sarif-2.1.0.json")
        json.member("version", "2.1.0")
        json.key("runs")
        json.beginArray()
        json.beginObject()
        writeTool(rules, to: &json)
        json.member("columnKind", "unicodeCodePoints")
        json.key("results")
        json.beginArray()
        let indices = Dictionary(rules.enumerated().map { ($1.rawValue, $0) }) { first, _ in first }
        for diagnostic in diagnostics.inSourceOrder() {
            write(diagnostic, ruleIndex: indices[diagnostic.code.rawValue], to: &json)
        }
        json.endArray()
        json.endObject()
        json.endArray()
        json.endObject()
        return json.text + "\n"
    }

    private func writeTool(_ rules: [DiagnosticCode], to json: inout JSONWriter) {
        json.key("tool")
        json.beginObject()
        json.key("driver")
        json.beginObject()
        json.member("name", "ruled")
        json.member("version", version)
        if let informationURI { json.member("informationUri", informationURI) }
        json.key("rules")
        json.beginArray()
        for rule in rules {
            json.beginObject()
            json.member("id", rule.rawValue)
            writeMessage("shortDescription", rule.title, to: &json)
            if let helpURIPrefix { json.member("helpUri", helpURIPrefix + rule.rawValue) }
            json.key("defaultConfiguration")
            json.beginObject()
            json.member("level", rule.severity.rawValue)
            json.endObject()
            json.endObject()
        }
        json.endArray()
        json.endObject()
        json.endObject()
    }

    private func write(_ diagnostic: Diagnostic, ruleIndex: Int?, to json: inout JSONWriter) {
        json.beginObject()
        json.member("ruleId", diagnostic.code.rawValue)
        if let ruleIndex { json.member("ruleIndex", ruleIndex) }
        json.member("level", diagnostic.severity.rawValue)
        let remarks = diagnostic.notes + diagnostic.help.map { "help: " + $0 }
        let part = diagnostic.primary.flatMap { Region($0.span, in: files) }?.partPrefix ?? ""
        writeMessage("message", ([part + diagnostic.message] + remarks).joined(separator: "\n"), to: &json)
        json.key("locations")
        json.beginArray()
        if let primary = diagnostic.primary {
            writeLocation(primary, id: nil, to: &json)
        } else if !files.isEmpty {
            // GitHub refuses the whole document if one finding has no place.
            writeLocation(Diagnostic.Label(span: Span(file: 0, start: 0, end: 0)), id: nil, to: &json)
        }
        json.endArray()
        let related = diagnostic.secondary.filter { files.indices.contains($0.span.file) }
        if !related.isEmpty {
            json.key("relatedLocations")
            json.beginArray()
            for (index, label) in related.enumerated() { writeLocation(label, id: index + 1, to: &json) }
            json.endArray()
        }
        if let fix = diagnostic.fix, let region = Region(fix.span, in: files, counting: .codePoints),
            region.boundsOnDisk != nil
        {
            write(fix, region, to: &json)
        }
        json.endObject()
    }

    private func write(_ fix: Diagnostic.Replacement, _ region: Region, to json: inout JSONWriter) {
        json.key("fixes")
        json.beginArray()
        json.beginObject()
        json.key("artifactChanges")
        json.beginArray()
        json.beginObject()
        writeArtifact(region, to: &json)
        json.key("replacements")
        json.beginArray()
        json.beginObject()
        write("deletedRegion", region, to: &json)
        writeMessage("insertedContent", region.textOnDisk(fix.text), to: &json)
        json.endObject()
        json.endArray()
        json.endObject()
        json.endArray()
        json.endObject()
        json.endArray()
    }

    private func writeLocation(_ label: Diagnostic.Label, id: Int?, to json: inout JSONWriter) {
        guard let region = Region(label.span, in: files, counting: .codePoints) else { return }
        json.beginObject()
        if let id { json.member("id", id) }
        json.key("physicalLocation")
        json.beginObject()
        writeArtifact(region, to: &json)
        write("region", region, to: &json)
        json.endObject()
        // The message of the finding itself says where the first label is.
        let part = id == nil ? "" : region.partPrefix
        if !label.text.isEmpty { writeMessage("message", part + label.text, to: &json) }
        json.endObject()
    }

    private func write(_ key: String, _ region: Region, to json: inout JSONWriter) {
        json.key(key)
        json.beginObject()
        json.member("startLine", region.lineOnDisk)
        if let (start, end) = region.boundsOnDisk {
            json.member("startColumn", start.column)
            json.member("endLine", end.line)
            json.member("endColumn", end.column)
        }
        json.endObject()
    }

    private func writeArtifact(_ region: Region, to json: inout JSONWriter) {
        json.key("artifactLocation")
        json.beginObject()
        json.member("uri", Self.uri(region.pathOnDisk))
        json.endObject()
    }

    private func writeMessage(_ key: String, _ text: String, to json: inout JSONWriter) {
        json.key(key)
        json.beginObject()
        json.member("text", text)
        json.endObject()
    }

    /// A path as a URI reference (RFC 3986): everything but unreserved characters and slashes is percent-encoded.
    static func uri(_ path: String) -> String {
        let digits = Array("0123456789ABCDEF")
        var result = path.hasPrefix("/") ? "file://" : ""
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "/"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                result += "%" + String(digits[Int(byte >> 4)]) + String(digits[Int(byte & 15)])
            }
        }
        return result
    }
}
