import Engine
import Foundation
import RuleLang
import Testing

@Suite("Answers to reviews")
struct AdmissionResponseTests {
    private static func review(_ version: String = "v1", uid: String = "u-1") throws -> AdmissionReview {
        let uid = uid.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        let text = """
            {"kind":"AdmissionReview","apiVersion":"admission.k8s.io/\(version)",
            "request":{"uid":"\(uid)","kind":{"group":"","kind":"Pod"},"operation":"CREATE"}}
            """
        return try AdmissionReview.read(Array(text.utf8))
    }

    private static let location = RuleLocation(rule: "no-latest", file: "a.rules", line: 3)

    private static func image(
        _ outcome: ImageDecision.Outcome, _ place: Place = .container, name: String = "web", text: String = "nginx",
        to: String? = nil, by: RuleLocation? = location, warnings: [String] = [], denials: [String] = []
    ) -> ImageDecision {
        ImageDecision(
            field: ImageField(place: place, name: name, pointer: "/spec/containers/0/image", text: text), to: to,
            outcome: outcome, by: by, reason: "", warnings: warnings, denials: denials)
    }

    /// The members of an answer, as Foundation reads them.
    private static func response(_ answer: AdmissionResponse) throws -> (review: [String: Any], body: [String: Any]) {
        let object = try JSONSerialization.jsonObject(with: Data(answer.json())) as? [String: Any]
        let review = try #require(object)
        return (review, try #require(review["response"] as? [String: Any]))
    }

    @Test("version and uid are repeated to the letter", arguments: ["v1", "v1beta1"])
    func echo(_ version: String) throws {
        let uid = "a\"\\é/☃"
        let answer = AdmissionResponse(allowing: try Self.review(version, uid: uid), warnings: ["careful"])
        let (review, body) = try Self.response(answer)
        #expect(review["apiVersion"] as? String == "admission.k8s.io/\(version)")
        #expect(review["kind"] as? String == "AdmissionReview")
        #expect(Set(review.keys) == ["apiVersion", "kind", "response"])
        #expect(body["uid"] as? String == uid)
        #expect(body["allowed"] as? Bool == true)
        #expect(body["warnings"] as? [String] == ["careful"])
        #expect(Set(body.keys) == ["uid", "allowed", "warnings"])
    }

    @Test("an object that nothing becomes of has an answer of two members")
    func unchanged() throws {
        let decision = PodDecision(images: [Self.image(.unchanged)])
        let (_, body) = try Self.response(AdmissionResponse(try Self.review(), decision))
        #expect(Set(body.keys) == ["uid", "allowed"])
    }

    @Test("a patch stands with its type, and the audit log has what it does")
    func patch() throws {
        let decision = PodDecision(
            images: [
                Self.image(.rewritten, to: "m.corp/nginx"), Self.image(.unchanged, name: "other"),
                // A rule would have rewritten it, but the bypass did.
                Self.image(.bypassed, .initContainer, name: "i", text: "direct.to/a", to: "a"),
            ],
            patch: [.replace(pointer: "/spec/containers/0/image", value: "m.corp/nginx")])
        let (_, body) = try Self.response(AdmissionResponse(try Self.review(), decision))
        #expect(Set(body.keys) == ["uid", "allowed", "patchType", "patch", "auditAnnotations"])
        #expect(body["patchType"] as? String == "JSONPatch")
        let encoded = try #require(body["patch"] as? String)
        let decoded = try #require(Data(base64Encoded: encoded))
        #expect(Array(decoded) == PatchOperation.write(decision.patch))
        #expect(
            body["auditAnnotations"] as? [String: String] == [
                "rewritten":
                    "container/web: nginx -> m.corp/nginx (rule no-latest); init/i: direct.to/a -> a (bypassed)"
            ])
    }

    @Test("a denial says each image on a line of its own, and patches nothing")
    func denial() throws {
        let decision = PodDecision(
            images: [
                Self.image(.denied, denials: ["use a tag", "or a digest"]), Self.image(.rewritten, to: "x"),
                Self.image(.denied, .volume, name: "v\nforged line", text: "evil", by: nil, denials: ["no"]),
            ],
            patch: [.replace(pointer: "/spec/containers/1/image", value: "x")])
        let (_, body) = try Self.response(AdmissionResponse(try Self.review(), decision))
        #expect(Set(body.keys) == ["uid", "allowed", "status"])
        #expect(body["allowed"] as? Bool == false)
        let status = try #require(body["status"] as? [String: Any])
        #expect(status["code"] as? Int == 403)
        #expect(status["reason"] as? String == "Forbidden")
        #expect(
            status["message"] as? String
                == "container web: image nginx: use a tag; or a digest (rule no-latest)\n"
                + "volume v forged line: image evil: no")
    }

    @Test("texts of any length make an answer of bounded length, and quickly")
    func bounds() throws {
        let long = String(repeating: "é", count: 300_000)
        let images = (0..<50).map {
            Self.image(.denied, name: "c\($0)", text: long, warnings: ["\($0)\(long)"], denials: [long])
        }
        let denied = AdmissionResponse(try Self.review(), PodDecision(images: images))
        #expect(denied.denial?.unicodeScalars.count == 4_096)
        #expect(denied.denial?.last == "…")
        #expect(denied.json().count < 32_768)
        let rewritten = AdmissionResponse(
            try Self.review(),
            PodDecision(
                images: [Self.image(.rewritten, text: long, to: long)], patch: [.replace(pointer: "/a", value: "b")]))
        #expect(rewritten.auditAnnotations["rewritten"]?.unicodeScalars.count == 4_096)
    }

    @Test(
        "whatever the API server would drop a warning for becomes a space",
        arguments: [
            ("a\nb", "a b"), ("a\r\nb", "a  b"), ("\u{0}\u{1f}\u{7f}\u{80}\u{9f}", "     "), ("a\u{2028}b", "a b"),
            ("ä ☃ 😀", "ä ☃ 😀"), (String(repeating: "x", count: 256), String(repeating: "x", count: 256)),
            (String(repeating: "x", count: 257), String(repeating: "x", count: 255) + "…"),
        ])
    func warningText(_ text: String, _ expected: String) throws {
        let answer = AdmissionResponse(allowing: try Self.review(), warnings: [text])
        #expect(answer.warnings.map { Array($0.unicodeScalars) } == [Array(expected.unicodeScalars)])
    }

    @Test("one warning about many containers is shown once, and what is left out is counted")
    func warningCount() throws {
        let review = try Self.review()
        let same = AdmissionResponse(allowing: review, warnings: Array(repeating: "careful", count: 10_000))
        #expect(same.warnings == ["careful"])
        let many = AdmissionResponse(
            allowing: review, warnings: (100..<200).map { "\($0)" + String(repeating: "x", count: 253) })
        #expect(many.warnings.count == 16 && many.warnings.last == "and 85 more warnings")
    }
}
