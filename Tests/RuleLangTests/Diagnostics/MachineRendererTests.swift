import Foundation
import Testing

@testable import RuleLang

@Suite("Diagnostics for machines")
struct MachineRendererTests {
    static let clash = DiagnosticCode("E0301", "two rules clash")
    static let unused = DiagnosticCode("W0402", "a name is unused")
    static let files = [
        SourceFile(name: "rules/a b,c:%.rules", text: "language 1\r\n# 漢🚀e\u{301} x\r\n"),
        SourceFile(name: "b.rules", text: "one\ntwo\n"),
    ]

    /// An error at the `x`, behind characters of several bytes and scalars, and a warning without a place.
    static var diagnostics: [Diagnostic] {
        let x = files[0].bytes.firstIndex(of: UInt8(ascii: "x")) ?? 0
        return [
            Diagnostic(
                clash, "no `x`: 50%,\nthere", at: Span(file: 0, start: x, end: x + 1), label: "this \"one\"",
                secondary: [.init(span: Span(file: 1, start: 0, end: 5), text: "and this")],
                notes: ["witness: `a`"], help: ["write `y`"],
                fix: .init(span: Span(file: 0, start: x + 1, end: x + 1), text: "y\n")),
            Diagnostic(unused, "nothing", at: nil),
        ]
    }

    private func object(_ text: String) throws -> NSDictionary {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary)
    }

    @Test("JSON holds everything, with null for what has no place", arguments: [true, false])
    func json(pretty: Bool) throws {
        let text = JSONRenderer(files: Self.files).render(Self.diagnostics, pretty: pretty)
        let expected: NSDictionary = [
            "version": 1,
            "diagnostics": [
                [
                    "code": "W0402", "severity": "warning", "message": "nothing", "file": NSNull(), "line": NSNull(),
                    "column": NSNull(), "endLine": NSNull(), "endColumn": NSNull(), "label": NSNull(),
                    "related": [Any](), "notes": [Any](), "help": [Any](), "fix": NSNull(),
                ] as [String: Any],
                [
                    "code": "E0301", "severity": "error", "message": "no `x`: 50%,\nthere",
                    "file": "rules/a b,c:%.rules", "line": 2, "column": 7, "endLine": 2, "endColumn": 8,
                    "label": "this \"one\"",
                    "related": [
                        [
                            "file": "b.rules", "line": 1, "column": 1, "endLine": 2, "endColumn": 2,
                            "message": "and this",
                        ] as [String: Any]
                    ],
                    "notes": ["witness: `a`"], "help": ["write `y`"],
                    "fix": ["line": 2, "column": 8, "endLine": 2, "endColumn": 8, "text": "y\n"] as [String: Any],
                ] as [String: Any],
            ] as [Any],
        ]
        #expect(try object(text) == expected)
        #expect(text.hasSuffix("}\n"))
        let array = JSONRenderer(files: Self.files).renderArray(Self.diagnostics)
        #expect(try object("{\"version\":1,\"diagnostics\":\(array)}") == expected)
        #expect(JSONRenderer(files: []).render([], pretty: false) == "{\"version\":1,\"diagnostics\":[]}\n")
    }

    @Test("the writer keeps the order of keys and indents by two")
    func writer() {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        json.member("b", "x")
        json.member("a", ["y", "z"])
        json.key("empty")
        json.beginObject()
        json.endObject()
        json.member("none", nil as String?)
        json.member("yes", true)
        json.key("raw")
        json.raw("1e9")
        json.endObject()
        json.endObject()
        #expect(
            json.text == """
                {
                  "b": "x",
                  "a": [
                    "y",
                    "z"
                  ],
                  "empty": {},
                  "none": null,
                  "yes": true,
                  "raw": 1e9
                }
                """)
    }

    @Test("every scalar survives quoting, and no control character is left")
    func quoting() throws {
        for value in Array(UInt32(0)...0x2100) + [0xFEFF, 0xFFFF, 0x1F680, 0x10FFFF] {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let text = "a" + String(scalar) + "b"
            let quoted = JSONText.quote(text)
            let data = Data("[\(quoted)]".utf8)
            #expect(try JSONSerialization.jsonObject(with: data) as? [String] == [text], "U+\(value)")
            #expect(!quoted.unicodeScalars.contains { $0.properties.generalCategory == .control })
        }
        #expect(JSONText.quote("\"\\\n\r\t\u{1B}\u{2028}/") == #""\"\\\n\r\t\u001b\u2028/""#)
    }

    @Test("GitHub's commands are escaped, and give columns only for one line")
    func gitHub() {
        let text = GitHubRenderer(files: Self.files).render(
            Self.diagnostics + [Diagnostic(Self.unused, "two\u{1B}lines", at: Span(file: 1, start: 0, end: 5))])
        #expect(
            text == """
                ::warning title=W0402::nothing
                ::error file=rules/a b%2Cc%3A%25.rules,line=2,col=7,endLine=2,endColumn=8,title=E0301::no `x`: \
                50%25,%0Athere%0Athis "one"%0Ab.rules:1:1: and this%0Awitness: `a`%0Ahelp: write `y`
                ::warning file=b.rules,line=1,endLine=2,title=W0402::two␛lines

                """)
    }

    @Test("what stands in another file is shown there: by line and column in a block, else at its beginning")
    func hosts() throws {
        let text = "language 1\nrul a {}\n"
        func render(indent: Int?) -> (gitHub: String, sarif: String) {
            let files = [
                SourceFile(
                    name: "cm.yaml#a.rules", text: text,
                    host: SourceFile.Host(path: "cm.yaml", part: "a.rules", line: 7, indent: indent))
            ]
            let span = Span(file: 0, start: 11, end: 14)
            let found = [
                Diagnostic(
                    Self.clash, "no", at: span, secondary: [.init(span: Span(file: 0, start: 0, end: 8), text: "here")],
                    fix: .init(span: span, text: "rule\n"))
            ]
            let sarif = SARIFRenderer(files: files, version: "1").render(found, pretty: false)
            return (GitHubRenderer(files: files).render(found), sarif)
        }
        let block = render(indent: 4)
        #expect(
            block.gitHub == "::error file=cm.yaml,line=8,col=5,endLine=8,endColumn=8,title=E0301::"
                + "in `a.rules`: no%0Acm.yaml#a.rules:1:1: here\n")
        #expect(block.sarif.contains(#""region":{"startLine":8,"startColumn":5,"endLine":8,"endColumn":8}"#))
        #expect(block.sarif.contains(#""insertedContent":{"text":"rule\n    "}"#))
        #expect(block.sarif.contains(#"{"text":"in `a.rules`: here"}"#))
        let other = render(indent: nil)
        #expect(
            other.gitHub == "::error file=cm.yaml,line=7,title=E0301::in `a.rules`, line 2: no"
                + "%0Acm.yaml#a.rules:1:1: here\n")
        #expect(other.sarif.contains(#""region":{"startLine":7}}"#))
        #expect(other.sarif.contains(#"{"text":"in `a.rules`, line 1: here"}"#))
        #expect(!other.sarif.contains("fixes"))
    }

    @Test("SARIF counts code points, encodes names and carries the fix", arguments: [true, false])
    func sarif(pretty: Bool) throws {
        let renderer = SARIFRenderer(
            files: Self.files, version: "1.2.3", informationURI: "https://example.com/ruled",
            helpURIPrefix: "https://example.com/docs/")
        let document = try object(renderer.render(Self.diagnostics, pretty: pretty))
        let artifact: NSDictionary = ["uri": "rules/a%20b%2Cc%3A%25.rules"]
        func region(_ startLine: Int, _ startColumn: Int, _ endLine: Int, _ endColumn: Int) -> NSDictionary {
            ["startLine": startLine, "startColumn": startColumn, "endLine": endLine, "endColumn": endColumn]
        }
        func rule(_ id: String, _ title: String, _ level: String) -> [String: Any] {
            [
                "id": id, "shortDescription": ["text": title], "helpUri": "https://example.com/docs/" + id,
                "defaultConfiguration": ["level": level],
            ]
        }
        let expected: NSDictionary = [
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
            "runs": [
                [
                    "tool": [
                        "driver": [
                            "name": "ruled", "version": "1.2.3", "informationUri": "https://example.com/ruled",
                            "rules": [
                                rule("E0301", "two rules clash", "error"), rule("W0402", "a name is unused", "warning"),
                            ],
                        ] as [String: Any]
                    ],
                    "columnKind": "unicodeCodePoints",
                    "results": [
                        [
                            "ruleId": "W0402", "ruleIndex": 1, "level": "warning", "message": ["text": "nothing"],
                            "locations": [
                                [
                                    "physicalLocation": ["artifactLocation": artifact, "region": region(1, 1, 1, 1)]
                                ] as [String: Any]
                            ],
                        ] as [String: Any],
                        [
                            "ruleId": "E0301", "ruleIndex": 0, "level": "error",
                            "message": ["text": "no `x`: 50%,\nthere\nwitness: `a`\nhelp: write `y`"],
                            "locations": [
                                [
                                    "physicalLocation": ["artifactLocation": artifact, "region": region(2, 8, 2, 9)],
                                    "message": ["text": "this \"one\""],
                                ] as [String: Any]
                            ],
                            "relatedLocations": [
                                [
                                    "id": 1,
                                    "physicalLocation": [
                                        "artifactLocation": ["uri": "b.rules"], "region": region(1, 1, 2, 2),
                                    ] as [String: Any],
                                    "message": ["text": "and this"],
                                ] as [String: Any]
                            ],
                            "fixes": [
                                [
                                    "artifactChanges": [
                                        [
                                            "artifactLocation": artifact,
                                            "replacements": [
                                                [
                                                    "deletedRegion": region(2, 9, 2, 9),
                                                    "insertedContent": ["text": "y\n"],
                                                ] as [String: Any]
                                            ],
                                        ] as [String: Any]
                                    ]
                                ]
                            ],
                        ] as [String: Any],
                    ] as [Any],
                ] as [String: Any]
            ],
        ]
        #expect(document == expected)
        #expect(SARIFRenderer.uri("/a/ü") == "file:///a/%C3%BC")
    }
}
