import RuleLang

/// Files of manifests, as the command line names them.
enum ManifestInput {
    /// The documents of a file; what is wrong with it is a failure with its place.
    static func read(_ path: String) throws(InputFailure) -> [Manifest] {
        let shown = path == "-" ? "<stdin>" : path
        let bytes = try FileSystem.readInput(path, limit: Manifests.sizeLimit)
        do {
            return try Manifests.parse(bytes)
        } catch {
            let place = error.line.map { ":\($0)" + (error.column.map { ":\($0)" } ?? "") } ?? ""
            throw InputFailure(
                .manifestMalformed, "`\(shown)` does not parse", notes: ["at \(shown)\(place): \(error.message)"])
        }
    }
}
