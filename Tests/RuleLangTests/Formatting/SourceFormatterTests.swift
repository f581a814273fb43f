import Testing

@testable import RuleLang

@Suite("The canonical layout")
struct SourceFormatterTests {
    private func format(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) -> String {
        let result = parse(text)
        #expect(result.diagnostics.isEmpty, sourceLocation: sourceLocation)
        return SourceFormatter.format(result.tree)
    }

    @Test("words, signs and statements are spaced")
    func spacing() {
        #expect(
            format(
                "language   1\r\n\r\n\r\n\r\nlet a=\"x\" # c  \r\nignore namespace a ,b,\tc\nignore pod where a==b ,! c,d  in(e ,f)\n\n"
            ) == """
                language 1

                let a = "x"  # c
                ignore namespace a, b, c
                ignore pod where a = b, !c, d in (e, f)

                """)
    }

    @Test("a file that is laid out stays as it is")
    func stable() {
        let source = """
            # ECR pull-through cache
            language 1

            let ecr = "123456789012.dkr.ecr.us-east-1.amazonaws.com"

            ignore self  # the webhook's own image
            ignore namespace kube-system, kube-node-lease
            ignore pod where image-rewrite in (off, disabled)

            # the rule
            rule pull-through {
                when namespace where pull-through-enabled = true, !legacy
                rewrite "docker.io/*" to "${ecr}/docker.io/*" insert library
                rewrite "quay.io/*",
                    # GitHub
                    "ghcr.io/*",  # and
                    "registry.k8s.io/*" to "${ecr}/${registry}/*" {
                    insert library
                    warn "moved"
                }
                # at the end
            }

            test "an official image" {
                given namespace labels pull-through-enabled = true
                expect "nginx:1.27" becomes "${ecr}/docker.io/library/nginx:1.27" by pull-through
            }

            # the end

            """
        #expect(format(source) == source)
    }

    @Test("blocks are set off by one empty line, with the comments right above them")
    func blankLines() {
        #expect(
            format(
                "language 1\n# one\n\n\n# two\nrule a {\n\n\n  observe\n\n\n  # x\n\n}  # end\ntest \"t\" {}\nlet a = \"b\"\nrule b{}"
            ) == """
                language 1
                # one

                # two
                rule a {
                    observe

                    # x
                }  # end

                test "t" {
                }

                let a = "b"

                rule b {
                }

                """)
        #expect(format("\n\n# top\nlanguage 1\n\n\n") == "# top\nlanguage 1\n")
    }

    @Test("blocks on one line are opened")
    func blocks() {
        #expect(
            format("language 1\nrule a { rewrite \"a/*\" to \"b/*\" { drop library warn \"x\" } }") == """
                language 1

                rule a {
                    rewrite "a/*" to "b/*" {
                        drop library
                        warn "x"
                    }
                }

                """)
    }

    @Test("long lists are broken after commas, lists that are broken stay so")
    func long() {
        let pattern = "\"registry.example.com/some-team/*\""
        let text = "language 1\nrule a {\nrewrite \(pattern),\(pattern), \(pattern), \(pattern) to \"b/*\"\n}"
        #expect(
            format(text) == """
                language 1

                rule a {
                    rewrite \(pattern), \(pattern),
                        \(pattern), \(pattern) to "b/*"
                }

                """)
        #expect(
            format("language 1\nignore pod where a in (\nb, c,\nd\n),\n e notin (f\n)") == """
                language 1
                ignore pod where a in (
                    b, c,
                    d
                ),
                    e notin (f)

                """)
        let names = (1...60).map { "team-\($0)" }
        let long = format("language 1\nignore namespace " + names.joined(separator: ","))
        #expect(long.split(separator: "\n").allSatisfy { $0.count <= SourceFormatter.lineLength })
        #expect(format(long) == long)
    }

    @Test("no line begins with a value that would be taken for a statement")
    func keywords() {
        let names = Array(repeating: "rule", count: 40).joined(separator: ", ")
        let text = "language 1\nignore namespace x, \(names)\n"
        #expect(format(text) == text)
    }

    @Test("a file of nothing, or of comments only")
    func empty() {
        func layout(_ text: String) -> String {
            SourceFormatter.format(SyntaxTree.parse(SourceFile(name: "a", text: text)).tree)
        }
        #expect(layout("") == "")
        #expect(layout(" \n\n") == "")
        #expect(layout("\u{FEFF}# a\r\n\r\n\r\n   # b") == "# a\n\n# b\n")
    }

    @Test("formatting twice is formatting once, says the same and keeps every comment", arguments: 0..<20)
    func random(batch: Int) {
        for seed in UInt64(batch * 200)..<UInt64(batch * 200 + 200) {
            let text = RandomProgram.text(seed: seed)
            let first = parse(text)
            guard first.diagnostics.isEmpty else {
                Issue.record("seed \(seed) is not valid: \(first.diagnostics[0].message)\n\(text)")
                return
            }
            let once = SourceFormatter.format(first.tree)
            let second = parse(once)
            let twice = SourceFormatter.format(second.tree)
            let isRight =
                second.diagnostics.isEmpty && second.tree.means(first.tree) && once == twice
                && SourceFormatter.comments(of: first.tree) == SourceFormatter.comments(of: second.tree)
            guard isRight else {
                Issue.record(
                    "seed \(seed): \(second.diagnostics.map(\.message))\n\(text)\n=====\n\(once)\n=====\n\(twice)")
                return
            }
        }
    }

    @Test("trees that say the same are told from those that do not")
    func meaning() {
        func means(_ a: String, _ b: String) -> Bool {
            parse("language 1\n" + a).tree.means(parse("language 1\n" + b).tree)
        }
        #expect(means("ignore pod where a == b", "\n# c\nignore  pod where \"a\"=b"))
        #expect(means("rule a { allow \"x\" warn \"y\" }", "rule a {\nallow \"x\" {\nwarn \"y\"\n}\n}"))
        #expect(!means("ignore pod where a = b", "ignore pod where a != b"))
        #expect(!means("ignore pod where a in (b, c)", "ignore pod where a in (c, b)"))
        #expect(!means("ignore namespace kube-*", "ignore namespace \"kube-*\""))
        #expect(!means("let a = \"${b}\"", "let a = \"\\${b}\""))
        #expect(!means("ignore self", "ignore self\nignore self"))
        #expect(means("let a = \"x\\$\"", "let a = \"x$\""))
        #expect(
            means(
                "test \"t\" {\nexpect \"a\" becomes \"b\" by c\n}", "test \"t\" {\nexpect \"a\" by c becomes \"b\"\n}"))
        #expect(!means("test \"t\" {\nexpect \"a\" unchanged\n}", "test \"t\" {\nexpect \"a\" ignored\n}"))
    }
}
