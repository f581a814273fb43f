import Testing

@testable import RuleLang

@Suite("Parser")
struct ParserTests {
    private func rule(_ body: String) -> [RuleStatement] {
        let result = parse("language 1\nrule r {\n\(body)\n}\n")
        #expect(result.diagnostics.isEmpty, "\(result.diagnostics.map(\.message))")
        guard case .rule(let rule)? = result.tree.statements.last else { return [] }
        return rule.statements
    }

    private func condition(_ source: String) -> Condition.Kind? {
        guard case .when(let condition, _)? = rule("when \(source)").first else { return nil }
        return condition.kind
    }

    private func testBlock(_ body: String) -> TestDeclaration? {
        let result = parse("language 1\ntest \"t\" {\n\(body)\n}\n")
        #expect(result.diagnostics.isEmpty, "\(result.diagnostics.map(\.message))")
        guard case .test(let test)? = result.tree.statements.last else { return nil }
        return test
    }

    @Test("a file with every statement in every form has no findings")
    func everything() {
        let result = parse(wholeFile)
        #expect(result.diagnostics.isEmpty, "\(result.diagnostics.map(\.message))")
        #expect(result.tree.statements.count == 16)
    }

    @Test("a whole file reads the same with any line ends and on few lines")
    func layout() {
        #expect(findings(wholeFile.replacing("\n", with: "\r\n")) == [])
        #expect(findings("language 1\nrule a { allow \"b\" { warn \"c\" } }\ntest \"t\" { expect a unchanged }") == [])
    }

    @Test("the statements at the top say what was written")
    func top() {
        let source =
            "language 1 # x\nlet a = \"b\"\nignore self\nignore image \"a\", \"b/*\"\nbypass \"d/\"\naccept W1,\n  W2"
        let statements = parse(source).tree.statements
        guard statements.count == 6, case .language(let version, let span) = statements[0],
            case .binding(let binding) = statements[1], case .ignore(.selfImage, _) = statements[2],
            case .ignore(.images(let images), _) = statements[3], case .bypass(let prefixes, _) = statements[4],
            case .accept(let codes, _) = statements[5]
        else {
            Issue.record("\(statements)")
            return
        }
        #expect(text(version) == "1")
        #expect(span == Span(file: 0, start: 0, end: 10))
        #expect(text(binding.name) == "a" && text(binding.value) == "\"b\"")
        #expect(images.map(text) == ["\"a\"", "\"b/*\""])
        #expect(prefixes.map(text) == ["\"d/\""])
        #expect(codes.map(text) == ["W1", "W2"])
    }

    @Test("a literal has a segment for each escape and interpolation, in step with the source")
    func segments() {
        let source = #"let a = "x\"ü${b-1}\$$y""#
        guard case .binding(let binding)? = parse("language 1\n" + source).tree.statements.last else {
            Issue.record("no binding")
            return
        }
        #expect(
            binding.value.segments.map(\.kind) == [
                .text("x"), .text("\""), .text("ü"), .interpolation("b-1"), .text("$"), .text("$y"),
            ])
        let bytes = Array(("language 1\n" + source).utf8)
        #expect(
            binding.value.segments.map { String(decoding: bytes[$0.span.range], as: UTF8.self) } == [
                "x", "\\\"", "ü", "${b-1}", "\\$", "$y",
            ])
        #expect(binding.value.plainText == nil)
        #expect(parse("language 1\nlet a = \"\"").tree.statements.count == 2)
    }

    @Test("conditions say what was written")
    func conditions() {
        guard case .namespaceNames(let names)? = condition("namespace a, \"where\", team-*") else {
            Issue.record("no names")
            return
        }
        #expect(names.map(text) == ["a", "\"where\"", "team-*"])
        guard case .places(let places)? = condition("image in container, init") else {
            Issue.record("no places")
            return
        }
        #expect(places.map(\.value) == [.container, .initContainer])
        guard case .operations(let operations)? = condition("operation update") else {
            Issue.record("no operations")
            return
        }
        #expect(operations.map(\.value) == [.update])
        #expect(condition("image has tag") == .imageHas(.tag, isNegated: false))
        #expect(condition("image has no digest") == .imageHas(.digest, isNegated: true))
    }

    @Test("selectors have all of Kubernetes' operators")
    func selectors() {
        let source = "pod where a = b, c == d, e != f, g in (h, \"i\"), j notin (\n k\n), l, !m, n in ()"
        guard case .podLabels(let selector)? = condition(source) else {
            Issue.record("no selector")
            return
        }
        let shown = selector.requirements.map { requirement in
            let key = text(requirement.key)
            return switch requirement.kind {
            case .equals(let value): "\(key)=\(text(value))"
            case .notEquals(let value): "\(key)!=\(text(value))"
            case .isIn(let values): "\(key) in \(values.map(text))"
            case .notIn(let values): "\(key) notin \(values.map(text))"
            case .exists: key
            case .doesNotExist: "!\(key)"
            }
        }
        #expect(
            shown == ["a=b", "c=d", "e!=f", #"g in ["h", "\"i\""]"#, #"j notin ["k"]"#, "l", "!m", "n in []"])
        #expect(selector.span.start == 35)
    }

    @Test("actions carry modifiers on the line, in a block, or both")
    func actions() {
        let statements = rule(
            """
            rewrite "a/*",
                "b/*" to "c/*" insert library { # why
                digest to tag
                warn "w" } # after
            allow "d"
            deny "e" because "f" drop library
            observe
            mark label k = v
            mark annotation "l" = ""
            """)
        guard statements.count == 6, case .action(let rewrite) = statements[0], case .action(let allow) = statements[1],
            case .action(let deny) = statements[2], case .observe = statements[3],
            case .mark(let label) = statements[4],
            case .mark(let annotation) = statements[5], case .rewrite(let target) = rewrite.kind,
            case .deny(let reason) = deny.kind, rewrite.modifiers.count == 3,
            case .warn(let warning) = rewrite.modifiers[2].kind
        else {
            Issue.record("\(statements)")
            return
        }
        #expect(rewrite.patterns.map(text) == ["\"a/*\"", "\"b/*\""])
        #expect(text(target) == "\"c/*\"")
        #expect(rewrite.modifiers[0].kind == .insertLibrary && rewrite.modifiers[1].kind == .digestToTag)
        #expect(text(warning) == "\"w\"")
        #expect(allow.kind == .allow && allow.modifiers.isEmpty)
        #expect(text(reason) == "\"f\"" && deny.modifiers.map(\.kind) == [.dropLibrary])
        #expect(label.kind == .label && text(label.key) == "k" && text(label.value) == "v")
        #expect(annotation.kind == .annotation && text(annotation.value) == "\"\"")
    }

    @Test("spans of statements leave comments out")
    func spans() {
        let source = "language 1\nrule r { # a\n  allow \"b\" # c\n} # d\n"
        guard case .rule(let rule)? = parse(source).tree.statements.last,
            case .action(let action)? = rule.statements.first
        else {
            Issue.record("no rule")
            return
        }
        let bytes = Array(source.utf8)
        #expect(String(decoding: bytes[action.span.range], as: UTF8.self) == "allow \"b\"")
        #expect(String(decoding: bytes[rule.span.range], as: UTF8.self) == "rule r { # a\n  allow \"b\" # c\n}")
    }

    @Test("tests say what is given and what is expected")
    func tests() {
        let test = testBlock(
            """
            given namespace labels a = b, c = ""
            given image was "n:1"
            given operation create
            given image in init
            expect n becomes "x" by r
            expect "d/n" by "r" warns "w" bypassed becomes "n" warns "v"
            expect "e" denied "because"
            expect denied denied
            """)
        guard let test, test.givens.count == 4, test.expectations.count == 4 else {
            Issue.record("\(String(describing: test))")
            return
        }
        guard case .namespaceLabels(let labels) = test.givens[0].kind, case .oldImage(let old) = test.givens[1].kind,
            case .operation(let operation) = test.givens[2].kind, case .place(let place) = test.givens[3].kind
        else {
            Issue.record("\(test.givens)")
            return
        }
        #expect(labels.map { text($0.key) + "=" + text($0.value) } == ["a=b", "c=\"\""])
        #expect(text(old) == "\"n:1\"" && operation.value == .create && place.value == .initContainer)
        let first = test.expectations[0]
        #expect(first.outcome == nil && first.becomes.map(text) == "\"x\"" && first.rule.map(text) == "r")
        let second = test.expectations[1]
        #expect(second.outcome?.value == .bypassed && second.becomes.map(text) == "\"n\"")
        #expect(second.warnings.map(text) == ["\"w\"", "\"v\""])
        #expect(test.expectations[2].denial.map(text) == "\"because\"")
        #expect(text(test.expectations[3].image) == "denied")
    }

    @Test(
        "the language is said first, once, in a version that is known",
        arguments: [
            ("", ["E0201@1:1"]),
            ("# only a comment", ["E0201@1:17"]),
            ("ignore self\n", ["E0201@1:1"]),
            ("langauge 1\nignore self\n", ["E0204@1:1"]),
            ("ignore self\nlanguage 1\n", ["E0203@2:1"]),
            ("language 1\nlanguage 1\n", ["E0203@2:1"]),
            ("language 1\nlanguage 2\n", ["E0203@2:1"]),
            ("language\nignore self\n", ["E0206@1:9"]),
            ("language \"1\"\n", ["E0214@1:10"]),
            ("language one\n", ["E0202@1:10"]),
            ("language 2\nfoo }}} “\n", ["E0202@1:10"]),
            ("“ foo\nlanguage 17\n", ["E0202@2:10"]),
        ])
    func language(source: String, expected: [String]) {
        #expect(findings(source) == expected)
    }

    @Test("a file in a later version of the language has no statements and one finding")
    func laterVersion() {
        let result = parse("language 3\nrule a { }\n")
        #expect(result.tree.statements.isEmpty)
        #expect(result.diagnostics.first?.message.contains("version 3") == true)
    }

    @Test("every code stands in its catalogue once, with its phase's number")
    func catalogues() {
        let all = DiagnosticCode.lexing + DiagnosticCode.syntax
        #expect(Set(all.map(\.rawValue)).count == all.count)
        #expect(DiagnosticCode.lexing.allSatisfy { $0.rawValue.hasPrefix("E01") })
        #expect(DiagnosticCode.syntax.allSatisfy { $0.rawValue.hasPrefix("E02") })
    }
}
