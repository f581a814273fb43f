import Engine
import Foundation
import Logging
import NIOCore
import RuleLang
import Testing

@testable import Server

/// Edits of the rules, as the cluster asks about them.
@Suite struct ValidationTests {
    private static let rules = """
        language 1
        ignore self
        rule r {
            rewrite "quay.io/*" to "m.corp/quay/*"
        }

        """

    /// A review of a ConfigMap.
    static func review(
        _ data: [String: String], binary: [String: String] = [:], operation: String = "UPDATE",
        kind: String = "ConfigMap"
    ) throws -> [UInt8] {
        let review: [String: Any] = [
            "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
            "request": [
                "uid": "u1", "kind": ["group": "", "version": "v1", "kind": kind], "namespace": "ruled",
                "name": "ruled-rules", "operation": operation, "oldObject": ["data": ["a.rules": "old"]],
                "object": [
                    "apiVersion": "v1", "kind": kind, "metadata": ["name": "ruled-rules"], "data": data,
                    "binaryData": binary,
                ] as [String: Any],
            ] as [String: Any],
        ]
        return Array(try JSONSerialization.data(withJSONObject: review))
    }

    private struct Verdict: Decodable {
        struct Response: Decodable {
            struct Status: Decodable {
                var message: String
            }
            var uid: String
            var allowed: Bool
            var status: Status?
            var warnings: [String]?
        }
        var response: Response
    }

    private func ask(_ server: TestServer, _ review: [UInt8]) throws -> Verdict.Response {
        let client = try server.connect()
        client.send(Client.post(review, path: "/validate?timeout=10s"))
        let response = try #require(client.response(timeout: 600))
        #expect(response.status == 200)
        let verdict = try JSONDecoder().decode(Verdict.self, from: Data(response.body)).response
        #expect(verdict.uid == "u1")
        return verdict
    }

    @Test("rules that are valid are let in, under data and binaryData alike, and other keys do not count")
    func valid() throws {
        let server = try TestServer(rules: ["a.rules": Self.rules])
        let binary = Data("language 1\nlet x = \"y\"\n".utf8).base64EncodedString()
        for operation in ["CREATE", "UPDATE"] {
            let verdict = try ask(
                server,
                Self.review(["a.rules": Self.rules, "notes": "{"], binary: ["b.rules": binary], operation: operation))
            #expect(verdict.allowed)
        }
        #expect(try server.metric("ruled_rule_edits_total{outcome=\"accepted\"}") == 2)
    }

    @Test("rules that are not valid are refused with the compiler's words, line by line")
    func invalid() throws {
        let server = try TestServer(rules: ["a.rules": Self.rules])
        let broken = Self.rules.replacingOccurrences(of: "rewrite", with: "rewrit")
        let verdict = try ask(server, Self.review(["a.rules": broken]))
        #expect(!verdict.allowed)
        let message = verdict.status?.message ?? ""
        #expect(message.contains("\n --> a.rules:4:5\n"))
        #expect(message.contains("did you mean `rewrite`"))
        #expect(message.contains("^^^^^^"))
        #expect(server.lines.all.contains { $0.contains("an edit of the rules was refused") && $0.contains("uid=u1") })
        #expect(!message.contains("\u{1B}"))
        #expect(try ask(server, Self.review(["notes": "x"])).status?.message.contains("no `*.rules` key") == true)
    }

    @Test("many errors are cut to what can be read")
    func manyErrors() throws {
        let server = try TestServer(rules: ["a.rules": Self.rules])
        let broken = "language 1\n" + String(repeating: "nonsense\n", count: 500)
        let message = try ask(server, Self.review(["a.rules": broken])).status?.message ?? ""
        #expect(message.unicodeScalars.count <= 4_096)
    }

    @Test("warnings come back as lines of their own, also about what the live rules have written")
    func warnings() throws {
        let server = try TestServer(rules: ["a.rules": Self.rules])
        let unused = Self.rules + "accept W0501\n"
        let verdict = try ask(server, Self.review(["a.rules": unused]))
        #expect(verdict.allowed)
        #expect(verdict.warnings?.contains { $0.hasPrefix("a.rules:") } == true)
        let moved = Self.rules.replacingOccurrences(
            of: "quay.io/*\" to \"m.corp/quay", with: "m.corp/*\" to \"n.corp/all")
        let again = try ask(server, Self.review(["a.rules": moved]))
        #expect(again.allowed)
        #expect(
            again.warnings?.contains { $0.contains("would be taken up again") && $0.contains("n.corp/all/quay/") }
                == true,
            "\(again)")
        #expect(try ask(server, Self.review(["a.rules": Self.rules])).warnings == nil)
    }

    @Test("a language that is newer than this program is let in with a warning, another that is none is not")
    func language() throws {
        let server = try TestServer(rules: ["a.rules": Self.rules])
        let newer = try ask(server, Self.review(["a.rules": "language 2\nwhatever { comes\n", "b.rules": Self.rules]))
        #expect(newer.allowed)
        #expect(newer.warnings?.first?.contains("version 2 of the language is not known") == true)
        #expect(try !ask(server, Self.review(["a.rules": "language one\n"])).allowed)
        #expect(try !ask(server, Self.review(["a.rules": "language 0\n"])).allowed)
    }

    @Test("rules that ask for labels are refused where the server would refuse them")
    func labels() throws {
        let server = try TestServer(rules: ["a.rules": Self.rules]) { configuration, _ in
            configuration.namespaceLabelRefusal = "do this"
        }
        let asking = Self.rules.replacingOccurrences(of: "{\n", with: "{\n    when namespace where a = b\n")
        let verdict = try ask(server, Self.review(["a.rules": asking]))
        #expect(verdict.status?.message.contains("do this") == true)
    }

    @Test("what is no edit of a ConfigMap passes, and what is no review is told so")
    func others() throws {
        let server = try TestServer(rules: ["a.rules": Self.rules])
        #expect(try ask(server, Self.review(["a.rules": "x"], kind: "Secret")).allowed)
        #expect(try ask(server, Self.review(["a.rules": "x"], operation: "DELETE")).allowed)
        let client = try server.connect()
        client.send(Client.post(Array("{}".utf8), path: "/validate"))
        #expect(client.response()?.status == 400)
    }

    @Test("an edit that takes too long is let through with a warning, and more than a few at once are too")
    func budget() async throws {
        var configuration = ServerConfiguration(rules: "", tls: .off)
        configuration.editSeconds = 0.001
        let endpoint = ValidationEndpoint(
            configuration: configuration, metrics: Metrics(), log: ServerLog(level: .error) { _ in },
            rules: { nil })
        defer { endpoint.stop() }
        // Enough rules to take longer than a millisecond.
        let text =
            "language 1\n"
            + (0..<3_000).map { "rule r\($0) { rewrite \"h\($0).io/*\" to \"m.corp/h\($0)/*\" }\n" }.joined()
        let body = try Self.review(["a.rules": text])
        let loop = TestServer.loop
        let replies = (0..<20).map { _ in endpoint.reply(to: RequestHead(), body: body, from: "", on: loop) }
        var texts: [String] = []
        for reply in replies {
            switch reply {
            case .now(let answer): texts.append(String(decoding: answer.body, as: UTF8.self))
            case .later(let answer): texts.append(String(decoding: try await answer.get().body, as: UTF8.self))
            }
        }
        #expect(texts.allSatisfy { $0.contains("\"allowed\":true") && $0.contains("the rules were not checked") })
        #expect(texts.contains { $0.contains("too many edits") })
    }

    @Test("a check that nobody waits for any more is given up")
    func cancelled() async throws {
        let edit = try #require(RuleEdit(review: Self.review(["a.rules": Self.rules])))
        let judged = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return edit.judge(settings: [:], live: nil, labelRefusal: nil)
        }
        #expect(await judged.value == nil)
        #expect(edit.judge(settings: [:], live: nil, labelRefusal: nil) == RuleEdit.Judgement())
    }

    @Test("reviews go on while edits are checked")
    func flood() async throws {
        let server = try TestServer(rules: ["a.rules": Self.rules])
        let text =
            "language 1\n"
            + (0..<2_000).map { "rule r\($0) { rewrite \"h\($0).io/*\" to \"m.corp/h\($0)/*\" }\n" }.joined()
        let edit = try Self.review(["a.rules": text])
        let flood = Task.detached {
            for _ in 0..<10 {
                let client = try server.connect()
                client.send(Client.post(edit, path: "/validate"))
                _ = client.response(timeout: 600)
            }
        }
        let client = try server.connect()
        var slowest = 0.0
        for _ in 0..<200 {
            let start = Date()
            client.send(Client.post(TestServer.pod("quay.io/a/b")))
            #expect(client.response()?.text.contains("JSONPatch") == true)
            slowest = max(slowest, Date().timeIntervalSince(start))
        }
        try await flood.value
        // A limit that catches waiting for a check, not a slow machine.
        #expect(slowest < 2)
    }
}
