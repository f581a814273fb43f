import Testing

@testable import RuleLang

@Suite("Suggestions for misspelt words")
struct SuggestionTests {
    static let keywords = [
        "language", "let", "ignore", "bypass", "rule", "test", "accept", "when", "rewrite", "allow", "deny", "observe",
        "mark", "given", "expect", "to", "by", "container", "init", "ephemeral", "volume", "annotation", "unchanged",
    ]

    @Test(
        "a slip of the keyboard finds the keyword",
        arguments: [
            ("rewirte", "rewrite"), ("Rewrite", "rewrite"), ("ALLOW", "allow"), ("alow", "allow"), ("ot", "to"),
            ("ephermal", "ephemeral"), ("unchaged", "unchanged"), ("tset", "test"), ("annot", "annotation"),
            ("initContainer", "init"), ("igonre", "ignore"), ("bypas", "bypass"),
        ])
    func near(word: String, expected: String) {
        #expect(Suggestion.closest(to: word, among: Self.keywords) == expected)
    }

    @Test("a word that resembles nothing gets no suggestion", arguments: ["", "x", "kubernetes", "zz", "replace-all"])
    func far(word: String) {
        #expect(Suggestion.closest(to: word, among: Self.keywords) == nil)
    }

    @Test("the order of the candidates does not matter")
    func ties() {
        #expect(Suggestion.closest(to: "rule-c", among: ["rule-b", "rule-a"]) == "rule-a")
        #expect(Suggestion.closest(to: "rule-c", among: ["rule-a", "rule-b"]) == "rule-a")
        #expect(Suggestion.closest(to: "ALLOW", among: ["allot", "Allow", "allow"]) == "Allow")
    }

    @Test("a very long word is answered at once")
    func long() {
        let word = String(repeating: "a", count: 100_000)
        #expect(Suggestion.closest(to: word, among: [word + "b", "a"]) == nil)
        #expect(Suggestion.closest(to: word, among: [word.uppercased()]) == word.uppercased())
    }
}
