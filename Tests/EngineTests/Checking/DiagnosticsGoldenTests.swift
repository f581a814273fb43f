import Engine
import Foundation
import RuleLang
import Testing

@Suite("Diagnostics of faulty rule sets")
struct DiagnosticsGoldenTests {
    static let folder = Fixtures.root.appending(path: "diagnostics")
    static let cases = Fixtures.names(in: folder)

    @Test("there are enough of them")
    func count() { #expect(Self.cases.count >= 60) }

    /// Each folder is a rule set; `expected.txt` in it is what a person sees. RULED_UPDATE_GOLDEN=1 writes them.
    @Test("they read as they are meant to", arguments: cases)
    func golden(_ name: String) throws {
        let folder = Self.folder.appending(path: name)
        let files = try Fixtures.names(in: folder).filter { $0.hasSuffix(".rules") }.map { file in
            SourceFile(name: file, bytes: try Fixtures.bytes(folder.appending(path: file)))
        }
        let load = RuleSet.load(files)
        #expect(!load.diagnostics.isEmpty)
        #expect((load.ruleSet == nil) == load.diagnostics.contains { $0.severity == .error })
        let actual = HumanRenderer(files: files, color: false).render(load.diagnostics)
        let golden = folder.appending(path: "expected.txt")
        if Fixtures.updatesGoldenFiles {
            try actual.write(to: golden, atomically: true, encoding: .utf8)
        }
        let expected = try String(contentsOf: golden, encoding: .utf8)
        #expect(actual == expected)
    }

    @Test("a message is one line in lower case without a full stop", arguments: cases)
    func style(_ name: String) throws {
        let folder = Self.folder.appending(path: name)
        let files = try Fixtures.names(in: folder).filter { $0.hasSuffix(".rules") }.map { file in
            SourceFile(name: file, bytes: try Fixtures.bytes(folder.appending(path: file)))
        }
        for diagnostic in RuleSet.load(files).diagnostics {
            #expect(!diagnostic.message.contains("\n"))
            #expect(!diagnostic.message.hasSuffix("."))
            #expect(diagnostic.message.first?.isUppercase != true, "\(diagnostic.message)")
            #expect(!diagnostic.help.isEmpty || !diagnostic.notes.isEmpty, "\(diagnostic.code.rawValue) gives no help")
        }
    }
}
