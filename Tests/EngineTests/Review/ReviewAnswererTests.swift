import Foundation
import RuleLang
import Testing

@testable import Engine

/// From bytes to bytes is the same as by way of values: review, decision, response, JSON.
@Suite("The answerer, held against the way by values")
struct ReviewAnswererTests {
    private static func load(_ text: String) -> Program? {
        RuleSet.load([SourceFile(name: "f.rules", text: text)]).ruleSet?.program
    }

    private static let labels: [[String: String]?] = [
        ReviewTests.enabled, ["env": "prod"], [:], nil,
    ]

    /// Answers both ways; returns what the answerer says, or nil where the text is no review.
    @discardableResult
    private static func compare(
        _ bytes: [UInt8], _ program: Program, _ labels: [String: String]?, _ answerer: inout ReviewAnswerer,
        _ comment: @autoclosure () -> String
    ) -> ReviewAnswer.Outcome? {
        let own = Reference(registry: "docker.io", path: "library/nginx")
        do throws(ReviewError) {
            let actual = try answerer.answer(bytes, by: program, selfImage: own) { _ in labels }
            let review = try AdmissionReview.read(bytes)
            let expected = program.answer(review, namespaceLabels: labels, selfImage: own)
            if actual.json != expected.json() {
                Issue.record(
                    "\(comment()): \(String(decoding: actual.json, as: UTF8.self)) is not \(String(decoding: expected.json(), as: UTF8.self))"
                )
            }
            if case .decided(let isPatched) = actual.outcome {
                #expect(isPatched == !expected.patch.isEmpty && expected.warnings.isEmpty && expected.denial == nil)
                guard case .decided(let decision) = program.outcome(of: review, namespaceLabels: labels, selfImage: own)
                else { return actual.outcome }
                #expect(
                    decision.images.map { "\($0.outcome) \($0.by?.rule ?? "")" }
                        == (0..<answerer.imageCount).map {
                            let image = answerer.image($0, by: program)
                            return "\(image.outcome) \(image.rule ?? "")"
                        })
            }
            return actual.outcome
        } catch {
            if let review = try? AdmissionReview.read(bytes) { Issue.record("\(comment()): \(error), not \(review)") }
            return nil
        }
    }

    @Test("on every recorded review, under the default rules and under random ones")
    func recorded() throws {
        let seed = testSeed("answers")
        var random = SeededGenerator(seed: seed)
        var programs = [try ReviewTests.defaultRules()]
        while programs.count < 60 {
            if let program = Self.load(RandomRuleSet(using: &random).text) { programs.append(program) }
        }
        var answerer = ReviewAnswerer()
        var patched = 0
        for name in ReviewTests.reviews {
            let bytes = try ReviewTests.bytes(name)
            for program in programs {
                for labels in Self.labels {
                    let outcome = Self.compare(bytes, program, labels, &answerer, "\(name), seed \(seed)")
                    if outcome == .decided(isPatched: true) { patched += 1 }
                }
            }
        }
        #expect(patched > 100)
    }

    @Test(
        "on every review of the shared data", .enabled(if: Shared.isThere, "the shared data is not here"),
        arguments: ["handmade", "kube-prometheus"])
    func shared(_ folder: String) throws {
        let folder = Shared.file("admission-reviews/\(folder)")
        let program = try ReviewTests.defaultRules()
        var answerer = ReviewAnswerer()
        for name in Fixtures.names(in: folder) where name.hasSuffix(".json") {
            Self.compare(
                try Fixtures.bytes(folder.appending(path: name)), program, ReviewTests.enabled, &answerer, name)
        }
    }

    @Test("on reviews changed at random")
    func mutations() throws {
        let seed = testSeed("changed answers")
        var random = SeededGenerator(seed: seed)
        let program = try #require(
            Self.load(
                """
                language 1
                bypass "direct.to/"
                ignore pod where app in (x), !stay
                rule a {
                    rewrite "docker.io/*", "quay.io/*" to "m.example.com/*" drop library
                }
                rule b {
                    when pod where tier = web
                    rewrite "ghcr.io/*" to "m.example.com/${registry}/*"
                }
                rule c { deny "docker.io/library/a:bad" because "no \\"bad\\"" }
                rule d {
                    mark label swapped = yes
                    rewrite "gcr.io/*" to "n.example.com/gcr/*" digest to tag
                }
                """))
        let images = [
            "nginx", "quay.io/a/b:1", "ghcr.io/a/b", "gcr.io/a@sha256:" + String(repeating: "0", count: 64),
            "direct.to/nginx",
            "X", "a:bad", "nginx\\u002fx", #"a\"b"#, "ngin\\u0078", "é", "",
        ]
        let pieces = [
            #""labels":{"app":"x"},"#, #""labels":{"tier":"w\u0065b"},"#, #""labels":{"ti\u0065r":"web","stay":null},"#,
            #""name":"ä","#, #""name":"a\"b","#, #""annotations":{"kubernetes.io/config.mirror":"x"},"#,
            #""annotations":{"ruled.dev/bypassed":"container/web=nginx, init/x"},"#, #""operation":"UPDATE","#,
            #""image":null,"#, #""uid":"\u0075\n","#, #""namespace":"n\u0061","#, "null,", "1,",
        ]
        var answerer = ReviewAnswerer()
        var outcomes = [0, 0, 0]
        for name in ReviewTests.reviews {
            let original = String(decoding: try ReviewTests.bytes(name), as: UTF8.self)
            for _ in 0..<20 {
                let image = "\"image\":\"\(random.pick(images))\""
                var text = Array(original.replacing(#""image":"nginx""#, with: image).utf8)
                for _ in 0..<Int.random(in: 0...2, using: &random) {
                    let places = text.indices.filter { text[$0] == UInt8(ascii: "{") }
                    text.insert(contentsOf: random.pick(pieces).utf8, at: random.pick(places) + 1)
                }
                switch Self.compare(text, program, [:], &answerer, "\(name), seed \(seed)") {
                case .decided: outcomes[0] += 1
                case .explained: outcomes[1] += 1
                default: outcomes[2] += 1
                }
            }
        }
        #expect(outcomes.allSatisfy { $0 > 5 }, "\(outcomes)")
    }

    @Test("an answer about many images is cut where the way by values cuts it")
    func manyImages() throws {
        let program = try ReviewTests.defaultRules()
        var answerer = ReviewAnswerer()
        for count in [1, 20, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 60, 5_000] {
            let containers = (0..<count).map { #"{"name":"c\#($0)","image":"busybox:\#($0)"}"# }.joined(separator: ",")
            let text =
                #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","kind":{"kind":"Pod"},"#
                + #""operation":"CREATE","namespace":"shop","object":{"spec":{"containers":[\#(containers)]}}}}"#
            let outcome = Self.compare(Array(text.utf8), program, ReviewTests.enabled, &answerer, "\(count)")
            #expect(outcome == .decided(isPatched: true))
        }
    }
}
