import Engine

extension Manifest {
    /// What the engine reads of the object; what is wrong with it is a failure with its place.
    ///
    /// - Parameter shown: the name of the file that it stands in.
    func workloadReading(shown: String) throws(InputFailure) -> WorkloadReading {
        let reading: WorkloadReading
        do {
            reading = try Workload.read(json: json)
        } catch {
            throw InputFailure(.manifestUnusable, "`\(shown)`: \(error.reason)")
        }
        guard case .malformed(let reason) = reading else { return reading }
        // The line of the value that the reason names is better than that of the object.
        let pointer = reason.split(separator: "`").dropFirst(reason.hasPrefix("`") ? 0 : 1).first.map(String.init) ?? ""
        let path = pointer.hasPrefix("/") ? pointer : "/" + pointer
        let line = (value(at: path) ?? self).line
        throw InputFailure(
            .manifestUnusable, "\(title) in `\(shown)` cannot be read: \(reason)", notes: ["at \(shown):\(line)"])
    }

    private var title: String {
        guard let kind = self["kind"]?.text else { return "what stands" }
        return "the \(kind)" + (self["metadata"]?["name"]?.text.map { " `\($0)`" } ?? "")
    }
}
