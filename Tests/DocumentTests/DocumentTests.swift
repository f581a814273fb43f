import Engine
import Foundation
import RuleLang
import Testing

@Suite("the documentation")
struct DocumentTests {
    @Test("marks each block of rules in one of the three ways")
    func infoStrings() {
        let known = FencedBlock.whole.count + FencedBlock.fragments.count + FencedBlock.faulty.count
        #expect(FencedBlock.all("rules").count == known)
        #expect(!FencedBlock.whole.isEmpty && !FencedBlock.fragments.isEmpty && !FencedBlock.faulty.isEmpty)
    }

    @Test("shows rule sets that validate and whose tests pass", arguments: FencedBlock.whole)
    func wholeRuleSets(block: FencedBlock) throws {
        try Self.check(block.text, of: block)
    }

    @Test("shows fragments that validate and whose tests pass", arguments: FencedBlock.fragments)
    func fragments(block: FencedBlock) throws {
        try Self.check("language 1\n\nlet mirror = \"m.example.com\"\n\n" + block.text, of: block)
    }

    @Test("shows mistakes that are reported with the code that is named", arguments: FencedBlock.faulty)
    func mistakes(block: FencedBlock) {
        let load = RuleSet.load([SourceFile(name: "\(block)", text: block.text)])
        let codes = Set(load.diagnostics.map(\.code.rawValue)).subtracting(Self.leftOut(of: block))
        #expect(Set(codes.map { "error=" + $0 }) == Set(block.info.dropFirst()), "\(load.diagnostics.map(\.summary))")
    }

    @Test("has no link to a file of the repository that is not there", arguments: Repository.pages)
    func links(page: URL) throws {
        let text = try Repository.text(page)
        for match in text.matches(of: /\]\(([^)\s]+)\)/) {
            let target = String(match.1)
            if target.contains("://") || target.hasPrefix("mailto:") { continue }
            let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            let file =
                parts.first.map {
                    $0.isEmpty ? page : page.deletingLastPathComponent().appendingPathComponent(String($0))
                }
                ?? page
            #expect(FileManager.default.fileExists(atPath: file.path), "\(Repository.name(of: page)): \(target)")
            if parts.count == 2, file.pathExtension == "md" {
                let anchors = try Repository.text(file).headingAnchors
                #expect(anchors.contains(String(parts[1])), "\(Repository.name(of: page)): \(target)")
            }
        }
    }

    /// Examples show one thing, and leave out the `ignore self` that W0303 asks for, except where it is the thing.
    private static func leftOut(of block: FencedBlock) -> [String] {
        block.page.hasSuffix("W0303.md") ? [] : ["W0303"]
    }

    private static func check(_ text: String, of block: FencedBlock) throws {
        let load = RuleSet.load([SourceFile(name: block.testDescription, text: text)])
        let findings = load.diagnostics.filter { !Self.leftOut(of: block).contains($0.code.rawValue) }
        #expect(findings.map(\.summary) == [])
        #expect(try #require(load.ruleSet).runTests().flatMap(\.summaries) == [])
    }
}

extension String {
    /// The anchors that a forge gives the headings of a page.
    fileprivate var headingAnchors: Set<String> {
        Set(
            split(separator: "\n").filter { $0.hasPrefix("#") }.map { line in
                line.drop { $0 == "#" }.dropFirst().lowercased().compactMap { character in
                    if character == " " { return "-" }
                    return character.isLetter || character.isNumber || "-_".contains(character) ? "\(character)" : nil
                }.joined()
            })
    }
}
