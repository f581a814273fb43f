import Foundation
import Testing

@testable import RuleLang

@Suite("Syntax errors")
struct ParserDiagnosticsTests {
    /// Reads a source in which a comment `#! CODE@COLUMN` beside a line says what is expected there.
    private func check(_ source: String, sourceLocation: SourceLocation = #_sourceLocation) {
        var expected: [String] = []
        for (index, line) in source.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard let mark = line.firstRange(of: "#!") else { continue }
            for word in line[mark.upperBound...].split(separator: " ") {
                let parts = word.split(separator: "@")
                expected.append("\(parts[0])@\(index + 1):\(parts[1])")
            }
        }
        let found = findings(source)
        #expect(found == expected, "\(parse(source).diagnostics.map(\.message))", sourceLocation: sourceLocation)
    }

    @Test("mistakes at the top of a file")
    func top() {
        check(
            """
            language 1
            let = "a"                       #! E0206@5
            let a "b"                       #! E0206@7
            let a == "b"                    #! E0206@7
            let a = b                       #! E0211@9
            let a =                         #! E0206@8
            lett a = "b"                    #! E0204@1
            "let" a = "b"                   #! E0214@1
            frobnicate all                  #! E0204@1
            when namespace a                #! E0205@1
            given namespace a               #! E0205@1
            ignore                          #! E0206@7
            ignore selff                    #! E0213@8
            ignore image quay.io/*          #! E0211@14
            ignore "a/*", "b/*"             #! E0206@8
            ignore namespace a b            #! E0217@19
            ignore namespace a,, b          #! E0206@20
            ignore self now                 #! E0207@13
            ignore self ignore self         #! E0207@13
            bypass direct.to/               #! E0211@8
            bypass "a/" "b/"                #! E0217@12
            bypass "a/",                    #! E0210@12
            ignore self
            ignore namespace a
                , b                         #! E0218@5
            }                               #! E0209@1
            = 3                             #! E0204@1
            """)
    }

    @Test("mistakes in conditions and selectors")
    func conditions() {
        check(
            """
            language 1
            rule a {
                when                                    #! E0206@9
                when names pace                         #! E0213@10
                when namespace                          #! E0206@19
                when namespace wher a = b               #! E0213@20
                when namespace labels a = b             #! E0213@20
                when namespace a = b                    #! E0206@20
                when pod were a                         #! E0213@14
                when pod where                          #! E0206@19
                when pod where a = , b                  #! E0206@24
                when pod where a in b                   #! E0206@25
                when pod where a not in (b)             #! E0213@22
                when pod where a notni (b)              #! E0213@22
                when pod where a (b)                    #! E0206@22
                when pod where a in (b c)               #! E0217@27
                when pod where a in (b, )               #! E0210@27
                when pod where a in (b                  #! E0208@27
                when pod where a > 1                    #! E0112@22
                when pod where a is b                   #! E0213@22
                when image in contaner, vol             #! E0213@19 E0213@29
                when image in nowhere                   #! E0213@19
                when image "a/*"                        #! E0206@16
                when image has                          #! E0206@19
                when image has no tagg                  #! E0213@23
                when operation delete                   #! E0213@20
                when operation "create"                 #! E0214@20
                when pod where a in (
                    b,
                    test,
                    c
                )
                observe
            }
            """)
    }

    @Test("mistakes in rules")
    func rules() {
        check(
            """
            language 1
            rule {                                          #! E0206@6
                observe
            }
            rule my rule {                                  #! E0207@9
                observe
            }
            rule a overrides {                              #! E0206@18
                observe
            }
            rule a overides b {                             #! E0213@8
                observe
            }
            rule a overrides b c {                          #! E0217@19
                observe
            }
            rule a overrides b,                             #! E0210@19
            rule b {
                observe
            }
            rule b
            {                                               #! E0218@1
                observe
            }
            rule c                                          #! E0206@7
                observe
            }
            rule d {
                rewrite "a/*" "b/*"                         #! E0206@19
                rewrite "a/*" "b/*" to "c/*"                #! E0217@18
                rewrite "a/*" too "b/*"                     #! E0213@19
                rewrite "a/*"
                    to "b/*"                                #! E0218@9
                rewrite "a/*",                              #! E0210@18
                    to "b/*"
                rewrite a/* to b/*                          #! E0211@13 E0211@20
                rewrite to "b/*"                            #! E0206@13
                rewrite "a/*"                               #! E0206@18
                rewrit "a/*" to "b/*"                       #! E0204@5
                rewrite "a/*" to "b/*" insert libary        #! E0213@35
                rewrite "a/*" to "b/*" insrt library        #! E0213@28
                rewrite "a/*" to "b/*" digest tag           #! E0213@35
                rewrite "a/*" to "b/*" frob                 #! E0213@28
                rewrite "a/*" to "b/*" {
                    frob the knob                           #! E0213@9
                    warn                                    #! E0206@13
                    drop library
                }
                deny "a/*"                                  #! E0206@15
                deny "a/*" because no                       #! E0211@24
                insert library                              #! E0218@5
                allow "a/*" to "b/*"                        #! E0213@17
                mark a = b                                  #! E0213@10
                mark label a b                              #! E0206@18
                mark label a                                #! E0206@17
                insert library                              #! E0205@5
                observe observe                             #! E0207@13
                let a = "b"                                 #! E0205@5
                expect a unchanged                          #! E0205@5
                accept W1 W2                                #! E0217@14
                observe {                                   #! E0207@13
                    mark label a = b
                }
            }
            """)
    }

    @Test("mistakes in tests")
    func tests() {
        check(
            """
            language 1
            test a {                                        #! E0211@6
                given namespace                             #! E0206@20
                given namespace where a = b                 #! E0213@21
                given pod labels a                          #! E0206@23
                given pod label a = b                       #! E0213@15
                given image at init                         #! E0213@17
                given name a                                #! E0213@11
                expect "a"                                  #! E0216@5
                expect                                      #! E0206@11
                expect quay.io/x:1 unchanged                #! E0109@12
                expect a becomes b                          #! E0211@22
                expect a "b"                                #! E0206@14
                expect a -> "b"                             #! E0112@14
                expect a unchnged                           #! E0213@14
                expect a unchanged denied                   #! E0215@24
                expect a becomes "b" unchanged              #! E0215@26
                expect a ignored becomes "b"                #! E0215@22
                expect a by b by c                          #! E0215@19
                expect a denied, warns "x"                  #! E0207@20
                becomes "x"                                 #! E0205@5
                rewrite "a/*" to "b/*"                      #! E0205@5
            }
            test {                                          #! E0206@6
                expect a unchanged
            }
            """)
    }

    @Test("a missing brace is reported once, with the brace that is open, and reading goes on")
    func missingBraces() {
        let source = """
            language 1
            rule a {
                allow "a"
            rule b {
                allow "b" {
                    warn "x"
                allow "c"
            }
            test "c" {
                expect a unchanged
            let d = "e"
            rule f {
            """
        let result = parse(source)
        #expect(findings(source) == ["E0208@4:1", "E0208@7:5", "E0208@11:1", "E0208@12:9"])
        #expect(result.diagnostics.map { $0.secondary.first?.span.start } == [18, 57, 101, 145])
        #expect(result.tree.statements.count == 6)
        // Adding the braces that are asked for makes the file good.
        #expect(findings("language 1\nrule a {\n}\nrule f {\n") == ["E0208@5:1"])
    }

    @Test("a let between the braces of a rule is misplaced, not a missing brace")
    func misplacedLet() {
        #expect(findings("language 1\nrule a {\nlet b = \"c\"\nobserve\n}\n") == ["E0205@3:1"])
        #expect(
            findings("language 1\nrule a {\n    test \"b\" {\n    expect c ignored\n}\nobserve\n}\n") == ["E0205@3:5"])
    }

    @Test("three mistakes are three findings, in the order of the source, and the rest survives")
    func recovery() {
        let source = """
            language 1
            bypass
            rule a {
                frobnicate the {
                    knob
                }
                allow "a"
            }
            ignore pod where a in (b,
                c d
            ignore self
            """
        #expect(findings(source) == ["E0206@2:7", "E0204@4:5", "E0217@10:6", "E0208@10:8"])
        let statements = parse(source).tree.statements
        #expect(statements.count == 3)
        #expect(findings("language 1\nlett a = \"b\"\nrule b { alow \"c\" }\ntest \"d\" { expect e }\n").count == 3)
    }

    @Test("fixes of syntax errors make the file good")
    func fixes() {
        for text in [
            "lett a = \"b\"", "\"let\" a = \"b\"", "let a == \"b\"", "let a = b", "let a \"b\"", "ignore selff",
            "ignore namespace a b", "ignore namespace a,, b", "ignore self ignore self", "bypass a/", "bypass \"a/\",",
            "}",
            "ignore namespace wher a = b", "ignore namespace a = b", "ignore pod where a not in (b)",
            "ignore pod where a = , b", "ignore pod where a in (b", "ignore pod where a (b)", "rule a\n{\n}",
            "rule a {",
            "rule a\nobserve\n}",
            "rule a { rewrite \"a/*\" \"b/*\" }", "rule a {\nrewrite \"a/*\"\n    to \"b/*\"\n}",
            "rule a { mark label a = }",
            "test a { expect b ignored }", "test \"a\" { expect b \"c\" }",
            "test \"a\" { expect b denied, warns \"c\" }",
            "language 1", "ignore operation \"create\"", "rule a {\nobserve\nignore self",
        ] {
            let source = "language 1\n" + text + "\n"
            let diagnostics = parse(source).diagnostics
            #expect(diagnostics.count == 1, "\(text): \(diagnostics.map(\.message))")
            guard let fix = diagnostics.first?.fix else {
                Issue.record("no fix for \(text)")
                continue
            }
            #expect(findings(applying(fix, to: source)) == [], "\(text)")
        }
        for text in ["", "# a", "# a\n", "ignore self\n", "# a\n\nignore self\n"] {
            let fix = parse(text).diagnostics.first?.fix
            #expect(fix.map { findings(applying($0, to: text)) } == [], "\(text.debugDescription)")
        }
    }

    @Test("messages are one line, in lower case, without a full stop")
    func style() {
        let source = "bypass\nrule {\n“x”\nfoo\u{1}\nwhen\nlanguage x\n}\n}\nlet a = \"\\q${\"\ntest a {"
        for diagnostic in parse(source).diagnostics {
            #expect(diagnostic.message.first?.isUppercase == false, "\(diagnostic.message)")
            #expect(!diagnostic.message.hasSuffix("."), "\(diagnostic.message)")
            #expect(!diagnostic.message.contains("\n"), "\(diagnostic.message)")
        }
    }
}
