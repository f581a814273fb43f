import Foundation
import RuleLang
import Testing

@Suite("the pages of the diagnostics")
struct DiagnosticPageTests {
    /// Every code that the sources declare, with its title.
    private static let codes: [String: String] = {
        var codes: [String: String] = [:]
        for file in Repository.files(under: "Sources", suffix: ".swift") {
            let text = (try? Repository.text(file)) ?? ""
            for match in text.matches(of: /DiagnosticCode\(\s*"([EW][0-9]{4})",\s*"([^"]*)"/) {
                codes[String(match.1)] = String(match.2)
            }
        }
        return codes
    }()

    private static let pages = Repository.files(under: "docs/diagnostics", suffix: ".md")
        .filter { $0.lastPathComponent != "README.md" }

    @Test("are one for each code, and no more")
    func oneEach() {
        #expect(Self.pages.map { $0.deletingPathExtension().lastPathComponent } == Self.codes.keys.sorted())
    }

    @Test("have the code and its title as their heading, an example and a fix", arguments: pages)
    func form(page: URL) throws {
        let code = page.deletingPathExtension().lastPathComponent
        // Comments in an example begin with `#` too, so that only lines outside of blocks count.
        let text = try Repository.text(page)
        let outside = text.split(separator: "```", omittingEmptySubsequences: false).enumerated().filter {
            $0.offset.isMultiple(of: 2)
        }
        let headings = outside.flatMap {
            $0.element.split(separator: "\n").filter { $0.hasPrefix("#") }.map(String.init)
        }
        #expect(headings == ["# \(code): \(Self.codes[code] ?? "")", "## Example", "## Fix"])
    }

    @Test("are listed in the index under their titles")
    func index() throws {
        let text = try Repository.text(Repository.root.appendingPathComponent("docs/diagnostics/README.md"))
        for (code, title) in Self.codes {
            #expect(text.contains("- [\(code)](\(code).md): \(title)\n"), "\(code)")
        }
    }
}
