/// A page of the documentation, as it is embedded in the executable.
struct Document: Sendable {
    /// The path under `docs/` without `.md`: `language`, `diagnostics/E0203`.
    let path: String
    /// The Markdown text.
    let text: String

    /// The name that people ask for: the last component.
    var name: String { FileSystem.name(of: path) }

    /// The first heading.
    var title: String {
        for line in text.split(separator: "\n") where line.hasPrefix("# ") {
            return String(line.dropFirst(2))
        }
        return name
    }
}
