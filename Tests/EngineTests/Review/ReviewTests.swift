import Engine
import Foundation
import RuleLang
import Testing

@Suite("Reviews and their answers")
struct ReviewTests {
    static let reviews = Fixtures.names(in: Fixtures.root.appending(path: "reviews")).filter { $0.hasSuffix(".json") }
    static let enabled = ["pull-through-enabled": "true", "kubernetes.io/metadata.name": "shop"]

    static func bytes(_ name: String) throws -> [UInt8] {
        try Fixtures.bytes(Fixtures.root.appending(path: "reviews/\(name)"))
    }

    /// The rule set that the project ships.
    static func defaultRules() throws -> Program {
        let folder = Fixtures.package.appending(path: "rules")
        let files = try Fixtures.names(in: folder).filter { $0.hasSuffix(".rules") }.map {
            SourceFile(name: "rules/\($0)", bytes: try Fixtures.bytes(folder.appending(path: $0)))
        }
        let load = RuleSet.load(files)
        return try #require(load.ruleSet?.program, "\(load.diagnostics)")
    }

    private static func object(_ bytes: [UInt8]) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }

    /// What an answer says, with its patch decoded, as stable text.
    private static func readable(_ answer: [UInt8]) throws -> String {
        var object = try object(answer)
        var response = try #require(object["response"] as? [String: Any])
        if let patch = response["patch"] as? String {
            response["patch"] = try JSONSerialization.jsonObject(with: try #require(Data(base64Encoded: patch)))
        }
        object["response"] = response
        let data = try JSONSerialization.data(
            withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        return String(decoding: data, as: UTF8.self) + "\n"
    }

    /// RULED_UPDATE_GOLDEN=1 writes the expected answers.
    @Test("each recorded review has the answer it should have under the default rules", arguments: reviews)
    func golden(_ name: String) throws {
        let review = try AdmissionReview.read(try Self.bytes(name))
        let answer = try Self.defaultRules().answer(review, namespaceLabels: Self.enabled)
        let actual = try Self.readable(answer.json())
        let golden = Fixtures.root.appending(path: "answers/\(name)")
        if Fixtures.updatesGoldenFiles { try actual.write(to: golden, atomically: true, encoding: .utf8) }
        #expect(actual == (try String(contentsOf: golden, encoding: .utf8)))
    }

    @Test("any cut or changed review is answered or refused, and the answer is JSON", arguments: reviews)
    func mutations(_ name: String) throws {
        let seed = testSeed("mutated \(name)")
        var random = SeededGenerator(seed: seed)
        let program = try Self.defaultRules()
        let bytes = try Self.bytes(name)
        var answered = 0
        func attempt(_ bytes: [UInt8]) throws {
            guard let review = try? AdmissionReview.read(bytes) else { return }
            answered += 1
            _ = try Self.object(program.answer(review, namespaceLabels: Self.enabled).json())
        }
        for length in stride(from: 0, to: bytes.count, by: 7) { try attempt(Array(bytes[..<length])) }
        for _ in 0..<300 {
            var copy = bytes
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let index = Int.random(in: 0..<copy.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: copy[index] = UInt8.random(in: 0...255, using: &random)
                case 1: copy.remove(at: index)
                case 2: copy.insert(random.pick(Array("{}[]\",:\\0n".utf8)), at: index)
                default: copy.replaceSubrange(index..<min(copy.count, index + 40), with: [])
                }
            }
            try attempt(copy)
        }
        #expect(answered > 0)
    }

    @Test("the order of keys does not matter, a key may be escaped, and of two the last counts")
    func keys() throws {
        let text = #"""
            {"request":{"object":{"spec":{"containers":[{"im\u0061ge":"x","image":"nginx","name":"c"}]},
            "metadata":{"labels":{"a":"b"},"labels":{"c":"d"}}},"kind":{"kind":"Pod","group":""},"operation":"CREATE",
            "namespace":"shop","uid":"u"},"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}
            """#
        let review = try AdmissionReview.read(Array(text.utf8))
        guard case .workload(let workload) = review.object else { throw Unexpected(what: "\(review)") }
        #expect(workload.images.map(\.text) == ["nginx"])
        #expect(workload.labels == ["c": "d"])
    }

    @Test(
        "an object of another shape passes, with a warning",
        arguments: [
            #"{"spec":{"containers":{"a":1}}}"#, #"{"spec":[]}"#, #"{"spec":{"containers":[{"image":5}]}}"#,
            #"{"metadata":{"labels":["a"]}}"#, #"{"metadata":{"labels":{"a":1}}}"#, #"[]"#, #"7"#,
        ])
    func malformed(_ object: String) throws {
        let text =
            #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","operation":"CREATE","kind":{"kind":"Pod"},"object":\#(object)}}"#
        let answer = try Self.defaultRules().answer(try AdmissionReview.read(Array(text.utf8)))
        #expect(answer.denial == nil && answer.patch.isEmpty)
        #expect(answer.warnings.count == 1)
    }

    @Test(
        "a review that does not say what to decide passes with a warning; what needs no decision without one",
        arguments: [
            (#""operation":"CREATE","kind":{"kind":"Pod"}"#, "the request has no object"),
            (#""operation":"UPDATE","kind":{"kind":"Job","group":"batch"},"object":null"#, "the request has no object"),
            (#""operation":"CREATE","object":{}"#, "the request names no kind"),
            (#""operation":"CREATE","kind":null"#, "the request names no kind"),
            (#""kind":{"kind":"Pod"},"object":{}"#, "the request names no operation"),
            (#""operation":"PATCH\u202e","kind":{"kind":"Pod"},"object":{}"#, "the operation `PATCH ` is not known"),
            (#""operation":"Create","kind":{"kind":"Foo"},"object":{}"#, "the operation `Create` is not known"),
            (#""operation":"CREATE","kind":{"kind":"Foo"}"#, nil),
            (#""operation":"CREATE","kind":{"kind":"Pod","group":"x"},"object":{}"#, nil),
            (#""operation":"DELETE","kind":{"kind":"Pod"}"#, nil), (#""operation":"CONNECT""#, nil),
        ])
    func incomplete(_ request: String, _ reason: String?) throws {
        let text =
            #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u",\#(request)}}"#
        let program = try Self.defaultRules()
        let answer = program.answer(try AdmissionReview.read(Array(text.utf8)))
        #expect(answer.denial == nil && answer.patch.isEmpty)
        #expect(answer.warnings == (reason.map { ["nothing is rewritten: the object cannot be read: \($0)"] } ?? []))
        var answerer = ReviewAnswerer()
        #expect(try answerer.answer(Array(text.utf8), by: program) { _ in nil }.json == answer.json())
    }

    @Test("neither what a terminal obeys nor what reorders text is in a denial or a warning")
    func controls() throws {
        let review = try AdmissionReview.read(try Self.bytes("create-nginx-no-tag.json"))
        let text = "a\u{85}\u{9b}\u{2028}\u{202a}\u{202e}\u{2066}\u{2069}\u{200e}\u{200f}\u{61c}é"
        let answer = AdmissionResponse(review, PodDecision(images: [], warnings: [text]))
        #expect(answer.warnings == ["a          é"])
        #expect(AdmissionResponse(denying: review, because: text).denial == "a          é")
    }

    @Test(
        "what is no review is refused with what it is",
        arguments: [
            ("", "not JSON at byte 0"), ("{", "not JSON"), ("[]", "an AdmissionReview is expected"),
            (#"{"kind":"Pod"}"#, "not a `Pod`"),
            (#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v2"}"#, "`admission.k8s.io/v2`"),
            (#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}"#, "no request"),
            (#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{}}"#, "no uid"),
            (
                #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":7}}"#,
                "`uid` is a number"
            ),
        ])
    func refused(_ text: String, _ reason: String) {
        let error = #expect(throws: ReviewError.self) { try AdmissionReview.read(Array(text.utf8)) }
        #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
    }

    @Test("a warning is one line of at most 256 characters, and all of them stay below what the API server takes")
    func warnings() throws {
        let review = try AdmissionReview.read(try Self.bytes("create-nginx-no-tag.json"))
        let long = String(repeating: "ä\n\u{1b}", count: 200)
        let answer = AdmissionResponse(review, PodDecision(images: [], warnings: (0..<100).map { "\($0) \(long)" }))
        #expect(answer.warnings.allSatisfy { $0.unicodeScalars.count <= 256 })
        #expect(answer.warnings.allSatisfy { $0.unicodeScalars.allSatisfy { $0.value >= 0x20 } })
        #expect(answer.warnings.reduce(0) { $0 + $1.unicodeScalars.count } <= 4_096)
        #expect(answer.warnings.last?.hasPrefix("and ") == true)
    }

    struct Unexpected: Error { let what: String }
}
