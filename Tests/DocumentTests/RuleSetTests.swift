import Engine
import RuleLang
import Testing

@Suite("the shipped rule sets")
struct RuleSetTests {
    @Test("are where the documentation says")
    func areThere() {
        #expect(
            Repository.ruleSets == [
                "rules", "rules/examples/copying-mirror", "rules/examples/docker-hub-proxy",
                "rules/examples/many-prefix-map", "rules/examples/regional-google-mirrors",
            ])
    }

    @Test("validate without an error or a warning", arguments: Repository.ruleSets)
    func validate(folder: String) throws {
        let load = RuleSet.load(try Repository.ruleFiles(in: folder))
        #expect(load.diagnostics.map(\.summary) == [])
        #expect(load.ruleSet != nil)
    }

    @Test("pass their own tests", arguments: Repository.ruleSets)
    func pass(folder: String) throws {
        let ruleSet = try #require(RuleSet.load(try Repository.ruleFiles(in: folder)).ruleSet)
        let results = ruleSet.runTests()
        #expect(results.count >= 5)
        #expect(results.flatMap(\.summaries) == [])
    }

    @Test("are reached by their tests, every action, condition, ignore and bypass", arguments: Repository.ruleSets)
    func covered(folder: String) throws {
        let ruleSet = try #require(RuleSet.load(try Repository.ruleFiles(in: folder)).ruleSet)
        #expect(ruleSet.coverage().gaps.map { "\($0.file):\($0.line): \($0.text)" } == [])
    }

    @Test("are formatted", arguments: Repository.ruleSets)
    func formatted(folder: String) throws {
        for file in try Repository.ruleFiles(in: folder) {
            let text = SourceFormatter.format(SyntaxTree.parse(file).tree)
            #expect(Array(text.utf8) == file.bytes, "\(file.name): run `ruled fmt`")
        }
    }

    @Test("have lines of at most 100 columns", arguments: Repository.ruleSets)
    func lineLength(folder: String) throws {
        for file in try Repository.ruleFiles(in: folder) {
            for line in file.lineStarts.indices {
                #expect(file.text(file.lineRange(line)).count <= 100, "\(file.name):\(line + 1)")
            }
        }
    }
}

extension Diagnostic {
    /// The code and the message, as failures show them.
    var summary: String { "\(code.rawValue) \(message) \(notes)" }
}

extension TestResult {
    /// What failed, as failures show it.
    var summaries: [String] {
        failures.map { "\(file):\($0.line): \($0.image): expected \($0.expected), got \($0.actual)" }
    }
}
