import RuleLang

/// Files of manifests, as the command line names them.
enum ManifestInput {
    /// What could be read of a file, and what is wrong with the rest.
    struct Reading {
        let documents: [Manifest]
        let failures: [InputFailure]
    }

    /// The documents of a file; what is wrong with it is a failure with its place.
    static func read(_ path: String) throws(InputFailure) -> [Manifest] {
        let reading = try readEach(path)
        if let failure = reading.failures.first { throw failure }
        return reading.documents
    }

    /// The documents of a file that parse, and a failure for each that does not.
    static func readEach(_ path: String) throws(InputFailure) -> Reading {
        let bytes = try FileSystem.readInput(path, limit: Manifests.sizeLimit)
        return parseEach(bytes, shown: path == "-" ? "<stdin>" : path)
    }

    /// The documents of a text that stands in a file, and a failure for each that does not parse.
    static func parseEach(_ bytes: [UInt8], shown: String) -> Reading {
        let stream = Manifests.stream(bytes)
        let isAlone = stream.documents.isEmpty && stream.faults.count == 1
        return Reading(
            documents: stream.documents, failures: stream.faults.map { failure($0, isAlone: isAlone, shown: shown) })
    }

    private static func failure(_ fault: ManifestStream.Fault, isAlone: Bool, shown: String) -> InputFailure {
        let error = fault.error
        let place = error.line.map { ":\($0)" + (error.column.map { ":\($0)" } ?? "") } ?? ""
        return InputFailure(
            .manifestMalformed,
            isAlone ? "`\(shown)` does not parse" : "the document at `\(shown):\(fault.documentLine)` does not parse",
            notes: ["at \(shown)\(place): \(error.message)"],
            help: fault.text.contains("{{")
                ? ["if this is a template of a Helm chart, render it first: `helm template CHART | ruled plan -`"] : [])
    }
}
