import Foundation
import Testing

@testable import RuleLang

@Suite("Diagnostics for people")
struct HumanRendererTests {
    static let clash = DiagnosticCode("E0301", "rules clash")
    static let unused = DiagnosticCode("W0402", "a name is unused")

    /// The span of a text in a file; the text has to occur.
    static func span(of text: String, in source: SourceFile, file: Int = 0) throws -> Span {
        let needle = Array(text.utf8)
        let start = try #require(
            source.bytes.indices.first { source.bytes[$0...].starts(with: needle) }, "no such text in the source")
        return Span(file: file, start: start, end: start + needle.count)
    }

    /// What is rendered for one label on the text, which stands once in the source.
    private func render(_ source: String, at text: String, label: String = "here") throws -> [String] {
        let file = SourceFile(name: "a.rules", text: source)
        let diagnostic = Diagnostic(Self.clash, "no", at: try Self.span(of: text, in: file), label: label)
        return HumanRenderer(files: [file], color: false).render([diagnostic]).split(separator: "\n").map(String.init)
    }

    private static var twoFiles: (files: [SourceFile], diagnostic: Diagnostic) {
        get throws {
            let lines = String(repeating: "\n", count: 6)
            let team = SourceFile(
                name: "rules/team-a.rules",
                text: lines + "    rewrite \"*.gcr.io/google-containers/*\" to \"${corp}/gc/*\"\n")
            let ecr = SourceFile(
                name: "rules/ecr.rules", text: lines + "\n\n\n\n\n    rewrite \"us.gcr.io/*\" to \"${ecr}/gcr/*\"\n")
            let diagnostic = Diagnostic(
                clash, "`team-a` and `pull-through` both claim some images, and neither is more specific",
                at: try span(of: "\"*.gcr.io/google-containers/*\"", in: team), label: "this one",
                secondary: [.init(span: try span(of: "\"us.gcr.io/*\"", in: ecr, file: 1), text: "and this one")],
                notes: ["witness: `us.gcr.io/google-containers/a` in any namespace"],
                help: ["add a rule for `us.gcr.io/google-containers/*`:\nrule both {\n}"])
            return ([team, ecr], diagnostic)
        }
    }

    @Test("two files that disagree each show their line")
    func twoFilesDisagree() throws {
        let (files, diagnostic) = try Self.twoFiles
        #expect(
            HumanRenderer(files: files, color: false).render([diagnostic]) == """
                error[E0301]: `team-a` and `pull-through` both claim some images, and neither is more specific
                  --> rules/team-a.rules:7:13
                   |
                 7 |     rewrite "*.gcr.io/google-containers/*" to "${corp}/gc/*"
                   |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ this one
                  --> rules/ecr.rules:12:13
                   |
                12 |     rewrite "us.gcr.io/*" to "${ecr}/gcr/*"
                   |             ------------- and this one
                   |
                   = witness: `us.gcr.io/google-containers/a` in any namespace
                   = help: add a rule for `us.gcr.io/google-containers/*`:
                           rule both {
                           }

                """)
    }

    @Test("colours stand around the text and do not change it")
    func colors() throws {
        let (files, diagnostic) = try Self.twoFiles
        let colored = HumanRenderer(files: files, color: true).render([diagnostic])
        #expect(colored.contains("\u{1B}[1;31merror[E0301]\u{1B}[0m"))
        #expect(colored.contains("\u{1B}[1;34m-->\u{1B}[0m"))
        #expect(colored.contains("\u{1B}[1;36mhelp: \u{1B}[0m"))
        let plain = colored.replacing(/\u{1B}\[[0-9;]*m/, with: "")
        #expect(plain == HumanRenderer(files: files, color: false).render([diagnostic]))
    }

    @Test("a tab takes the columns up to the next stop")
    func tab() throws {
        #expect(try render("\tlet\ta = b", at: "a")[3...] == ["1 |     let a = b", "  |         ^ here"])
    }

    @Test("wide characters, emoji and combining marks are underlined exactly")
    func wide() throws {
        #expect(try render("# 漢字 x", at: "x")[3...] == ["1 | # 漢字 x", "  |        ^ here"])
        #expect(try render("# 漢字 x", at: "字")[4] == "  |     ^^ here")
        #expect(try render("# 🚀👩‍👩‍👧🇩🇪 x", at: "x")[4] == "  |          ^ here")
        #expect(try render("# e\u{301}x", at: "x")[4] == "  |    ^ here")
        #expect(try render("# ✔\u{FE0F}x", at: "x")[4] == "  |     ^ here")
        #expect(try render("# ｱ한x", at: "x")[4] == "  |      ^ here")
    }

    @Test("nothing in a file, a name or a message controls the terminal")
    func controls() throws {
        let file = SourceFile(name: "a\u{1B}]0;x\u{07}.rules", text: "let \u{1B}[31m\u{202E}\u{9B} x\rend\u{7F}")
        let diagnostic = Diagnostic(
            Self.clash, "un\u{1B}[2Jknown\nline", at: try Self.span(of: "x", in: file), label: "\u{08}label",
            notes: ["\u{1B}c"], help: ["a\u{1B}b\nc\rd"])
        let text = HumanRenderer(files: [file], color: false).render([diagnostic])
        let forbidden = text.unicodeScalars.filter {
            ($0.properties.generalCategory == .control && $0 != "\n") || $0.properties.generalCategory == .format
        }
        #expect(forbidden.isEmpty)
        #expect(
            text.split(separator: "\n").map(String.init)[3...4] == [
                "1 | let ␛[31m\u{FFFD}\u{FFFD} x␍end␡", "  |             ^ ␈label",
            ])
    }

    @Test("bytes that are not UTF-8 take one column each")
    func invalid() throws {
        let file = SourceFile(name: "a", bytes: [0x61, 0xFF, 0xC3, 0x78, 0xE2, 0x82])
        let text = HumanRenderer(files: [file], color: false).render([
            Diagnostic(Self.clash, "no", at: Span(file: 0, start: 3, end: 4))
        ])
        #expect(text.contains("1 | a\u{FFFD}\u{FFFD}x\u{FFFD}\u{FFFD}\n  |    ^\n"))
    }

    @Test("CRLF line ends are not shown")
    func crlf() throws {
        let lines = try render("let a\r\nlet b\r\n", at: "b")
        #expect(lines[1...] == [" --> a.rules:2:5", "  |", "2 | let b", "  |     ^ here"])
    }

    @Test("an insertion and the end of the file are one mark wide")
    func empty() {
        let file = SourceFile(name: "a", text: "rule x {\n")
        let text = HumanRenderer(files: [file], color: false).render([
            Diagnostic(Self.clash, "open", at: Span(file: 0, start: 9, end: 9), label: "expected `}`")
        ])
        #expect(text == "error[E0301]: open\n --> a:2:1\n  |\n2 |\n  | ^ expected `}`\n")
        let blank = HumanRenderer(files: [SourceFile(name: "e", text: "")], color: false).render([
            Diagnostic(Self.clash, "empty", at: Span(file: 0, start: 0, end: 0))
        ])
        #expect(blank == "error[E0301]: empty\n --> e:1:1\n  |\n1 |\n  | ^\n")
    }

    @Test("a finding without a place shows its message and its help")
    func placeless() {
        let text = HumanRenderer(files: [], color: false).render([
            Diagnostic(Self.unused, "nothing here", at: nil, help: ["write a rule"]),
            Diagnostic(Self.clash, "no such file", at: Span(file: 7, start: 3, end: 9)),
        ])
        #expect(text == "warning[W0402]: nothing here\n  = help: write a rule\n\nerror[E0301]: no such file\n")
    }

    @Test("several labels on a line hang below each other")
    func several() throws {
        let file = SourceFile(name: "a", text: "one two three\n\n\n\nfour\nfive\n\nsix")
        let text = HumanRenderer(files: [file], color: false).render([
            Diagnostic(
                Self.clash, "no", at: try Self.span(of: "two", in: file), label: "second",
                secondary: [
                    .init(span: try Self.span(of: "three", in: file), text: "third"),
                    .init(span: try Self.span(of: "one", in: file), text: "first"),
                    .init(span: try Self.span(of: "two three", in: file), text: "both"),
                    .init(span: try Self.span(of: "six", in: file), text: ""),
                    .init(span: try Self.span(of: "five", in: file), text: "5"),
                ])
        ])
        #expect(
            text == """
                error[E0301]: no
                 --> a:1:5
                  |
                1 | one two three
                  | --- ^^^ ----- third
                  | |   |
                  | |   second
                  | first
                  |     --------- both
                ...
                6 | five
                  | ---- 5
                7 |
                8 | six
                  | ---

                """)
    }

    @Test("a span over several lines is underlined to the end of its first")
    func multiline() throws {
        let lines = try render("rule a {\n    observe\n}\nlet b", at: "{\n    observe\n}")
        #expect(lines[3...] == ["1 | rule a {", "  |        ^ here", "..."])
        let whole = try render("rule a {\nlet b", at: "rule a {\n")
        #expect(whole[3...] == ["1 | rule a {", "  | ^^^^^^^^ here"])
    }

    @Test("a long line is cut around what matters", arguments: [0, 50, 150, 400, 5000, 70_000])
    func long(before: Int) throws {
        let source = String(repeating: "ab 漢", count: before / 4) + " HERE " + String(repeating: "x", count: 9000)
        let lines = try render(source, at: "HERE")
        let shown = lines[3].dropFirst(4)
        let marks = lines[4].dropFirst(4)
        func width(_ text: Substring) -> Int { text.reduce(0) { $0 + ($1 == "漢" ? 2 : 1) } }
        #expect(width(shown) <= 162)
        #expect(shown.hasSuffix("…"))
        let hit = try #require(shown.range(of: "HERE"))
        #expect(width(shown[..<hit.lowerBound]) == marks.prefix { $0 == " " }.count)
        #expect(marks.drop { $0 == " " } == "^^^^ here")
    }

    @Test("labels far apart on a long line do not hide the primary one")
    func farApart() throws {
        let file = SourceFile(
            name: "a",
            text: "first " + String(repeating: "x", count: 1000) + " HERE " + String(repeating: "y", count: 50))
        let text = HumanRenderer(files: [file], color: false).render([
            Diagnostic(
                Self.clash, "no", at: try Self.span(of: "HERE", in: file), label: "second",
                secondary: [.init(span: try Self.span(of: "first", in: file), text: "first")])
        ])
        #expect(text.contains(" HERE ") && text.contains("^^^^ second") && text.contains("first\n"))
    }

    @Test("diagnostics come in source order, and are counted")
    func order() {
        func at(_ file: Int, _ start: Int, _ code: DiagnosticCode) -> Diagnostic {
            Diagnostic(code, "m", at: Span(file: file, start: start, end: start))
        }
        let sorted = [at(0, 0, Self.clash), at(0, 5, Self.clash), at(0, 5, Self.unused), at(1, 0, Self.clash)]
        let first = Diagnostic(Self.unused, "m", at: nil)
        #expect((sorted.reversed() + [first]).inSourceOrder() == [first] + sorted)
        #expect(HumanRenderer.summary(sorted) == "3 errors, 1 warning")
        #expect(HumanRenderer.summary([first, first]) == "2 warnings")
        #expect(HumanRenderer.summary([at(0, 0, Self.clash)]) == "1 error")
        #expect(HumanRenderer.summary([]) == "no errors")
    }

    @Test("no span, however wrong, stops the renderer")
    func hostile() {
        var random = SeededGenerator(seed: 7)
        let alphabet: [UInt8] = [
            0x61, 0x20, 0x09, 0x0A, 0x0D, 0xE2, 0x82, 0xAC, 0xF0, 0x9F, 0x9A, 0x80, 0xCC, 0x81, 0x1B,
        ]
        for _ in 0..<300 {
            let bytes = (0..<random.below(60)).map { _ in alphabet[random.below(alphabet.count)] }
            let file = SourceFile(name: "a", bytes: bytes)
            func span() -> Span {
                Span(file: random.below(3) - 1, start: random.below(80) - 10, end: random.below(80) - 10)
            }
            let diagnostic = Diagnostic(
                Self.clash, "no", at: span(), secondary: [.init(span: span()), .init(span: span(), text: "t")],
                fix: .init(span: span(), text: "f"))
            _ = HumanRenderer(files: [file], color: true).render([diagnostic])
            _ = JSONRenderer(files: [file]).render([diagnostic])
            _ = GitHubRenderer(files: [file]).render([diagnostic])
            _ = SARIFRenderer(files: [file], version: "1", informationURI: "u").render([diagnostic])
        }
    }
}
