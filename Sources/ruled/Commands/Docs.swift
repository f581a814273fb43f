import ArgumentParser
import RuleLang

/// `ruled docs`: the documentation in the terminal.
struct Docs: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the page of a diagnostic or a topic.",
        discussion: """
            Without an argument it lists the topics.

              ruled docs E0203       what the error means and how to get rid of it
              ruled docs language    the language reference
            """
    )

    @Argument(
        help: "A code such as E0203, or a topic.",
        completion: .list(Document.all.map(\.name).filter { $0 != "README" }))
    var topic: String?

    func run() throws {
        let out = ByteStream(descriptor: 1)
        guard let topic else {
            list(to: out)
            out.flush()
            return
        }
        guard let document = Self.find(topic) else {
            let names = Document.all.map(\.name)
            let near =
                Suggestion.closest(to: topic.lowercased(), among: names)
                ?? Suggestion.closest(to: topic.uppercased(), among: names)
            let hint = near.map { "did you mean `ruled docs \($0)`?" } ?? "`ruled docs` lists the topics"
            throw ValidationError("there is no page `\(topic)`; \(hint)")
        }
        out.write(document.text)
        if !document.text.hasSuffix("\n") { out.line() }
        out.flush()
    }

    /// The page of a name: a path or its last part, upper or lower case, a code also without its leading zero.
    static func find(_ topic: String) -> Document? {
        var wanted = topic.lowercased()
        if wanted.hasSuffix(".md") { wanted.removeLast(3) }
        if wanted.hasPrefix("docs/") { wanted.removeFirst(5) }
        var spellings = [wanted]
        if let letter = wanted.first, letter == "e" || letter == "w", wanted.dropFirst().allSatisfy(\.isNumber) {
            let digits = wanted.dropFirst()
            spellings.append(String(letter) + String(repeating: "0", count: max(0, 4 - digits.count)) + digits)
        } else if wanted.count <= 4, wanted.allSatisfy(\.isNumber) {
            let number = String(repeating: "0", count: 4 - wanted.count) + wanted
            spellings += ["e" + number, "w" + number]
        }
        for spelling in spellings {
            for document in Document.all
            where document.path.lowercased() == spelling || document.name.lowercased() == spelling {
                return document
            }
        }
        return nil
    }

    private func list(to out: ByteStream) {
        let topics = Document.all.filter { !$0.path.hasPrefix("diagnostics/") && $0.name != "README" }
        let codes = Document.all.filter { $0.path.hasPrefix("diagnostics/") }
        let width = Document.all.map(\.path.count).max() ?? 0
        out.line("Topics:")
        for document in topics {
            out.line("  " + document.path.padded(to: width) + "  " + document.title)
        }
        guard !codes.isEmpty else { return }
        out.line()
        out.line("Diagnostics:")
        for document in codes {
            out.line("  " + document.name.padded(to: width) + "  " + document.title)
        }
    }
}
