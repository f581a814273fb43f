import Foundation
import RuleLang
import Testing

/// What the sources and the documentation know of diagnostics.
enum DiagnosticPages {
    /// Every code that the sources declare, with its title.
    static let codes: [String: String] = {
        var codes: [String: String] = [:]
        for file in Repository.files(under: "Sources", suffix: ".swift") {
            let text = (try? Repository.text(file)) ?? ""
            for match in text.matches(of: /DiagnosticCode\(\s*"([EW][0-9]{4})",\s*"([^"]*)"/) {
                codes[String(match.1)] = String(match.2)
            }
        }
        return codes
    }()

    /// The pages.
    static let pages = Repository.files(under: "docs/diagnostics", suffix: ".md")
        .filter { $0.lastPathComponent != "README.md" }
}

@Suite("the pages of the diagnostics")
struct DiagnosticPageTests {
    @Test("are one for each code, and no more")
    func oneEach() {
        #expect(
            DiagnosticPages.pages.map { $0.deletingPathExtension().lastPathComponent }
                == DiagnosticPages.codes.keys.sorted())
    }

    @Test("have the code and its title as their heading, an example and a fix", arguments: DiagnosticPages.pages)
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
        #expect(headings == ["# \(code): \(DiagnosticPages.codes[code] ?? "")", "## Example", "## Fix"])
    }

    @Test("are listed in the index under their titles")
    func index() throws {
        let text = try Repository.text(Repository.root.appendingPathComponent("docs/diagnostics/README.md"))
        for (code, title) in DiagnosticPages.codes {
            #expect(text.contains("- [\(code)](\(code).md): \(title)\n"), "\(code)")
        }
    }
}
