import RuleLang

/// Files of manifests, as the command line names them.
enum ManifestInput {
    /// The documents of a file; what is wrong with it is a failure with its place.
    static func read(_ path: String) throws(InputFailure) -> [Manifest] {
        let bytes = try FileSystem.readInput(path, limit: Manifests.sizeLimit)
        return try parse(bytes, shown: path == "-" ? "<stdin>" : path)
    }

    /// The documents of a text that stands in a file.
    static func parse(_ bytes: [UInt8], shown: String) throws(InputFailure) -> [Manifest] {
        do {
            return try Manifests.parse(bytes)
        } catch {
            let place = error.line.map { ":\($0)" + (error.column.map { ":\($0)" } ?? "") } ?? ""
            throw InputFailure(
                .manifestMalformed, "`\(shown)` does not parse", notes: ["at \(shown)\(place): \(error.message)"])
        }
    }
}
