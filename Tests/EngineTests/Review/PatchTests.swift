import Foundation
import RuleLang
import Testing

@testable import Engine

@Suite("JSON Patch")
struct PatchTests {
    private static func workload(_ json: String) throws -> Workload {
        guard case .workload(let workload) = try Workload.read(json: Array(json.utf8)) else {
            throw JSONPatchApplier.Failure(description: "not a workload: \(json)")
        }
        return workload
    }

    /// What a member is after a patch.
    private static func member(_ object: Any, _ keys: String...) -> Any? {
        keys.reduce(object as Any?) { ($0 as? [String: Any])?[$1] }
    }

    @Test(
        "labels and annotations can be put on a pod whatever its metadata is",
        arguments: [
            "", #""metadata":null,"#, #""metadata":{},"#, #""metadata":{"labels":null,"annotations":null},"#,
            #""metadata":{"labels":{},"annotations":{}},"#, #""metadata":{"labels":{"old":"stays","a/b~c":"goes"}},"#,
            #""metadata":{"annotations":{"old":"stays"}},"metadata":{},"#,
        ])
    func maps(_ metadata: String) throws {
        let pod = #"\#(metadata)"spec":{"containers":[{"name":"c","image":"nginx"}]}"#
        for json in [
            #"{"apiVersion":"v1","kind":"Pod",\#(pod)}"#,
            #"{"apiVersion":"apps/v1","kind":"Deployment","spec":{"template":{\#(pod)}}}"#,
            #"{"apiVersion":"batch/v1","kind":"CronJob","spec":{"jobTemplate":{"spec":{"template":{\#(pod)}}}}}"#,
        ] {
            let workload = try Self.workload(json)
            let operations = PatchBuilder.operations(
                setting: ["a/b~c": "1\n\"", "~1": "x"], annotations: ["é/☃": "\u{1}"], on: workload)
            // Foundation refuses a key that stands twice; the last one is what counts.
            let object = json.replacing(#""metadata":{"annotations":{"old":"stays"}},"#, with: "")
            var patched: Any? = try JSONPatchApplier.apply(PatchOperation.write(operations), to: Array(object.utf8))
            for key in workload.podPointer.split(separator: "/") {
                patched = (patched as? [String: Any])?[String(key)]
            }
            let result = try #require(patched)
            let old = metadata.contains(#""labels":{"old""#) ? ["old": "stays"] : [:]
            #expect(
                Self.member(result, "metadata", "labels") as? [String: String]
                    == old.merging(["a/b~c": "1\n\"", "~1": "x"]) { $1 })
            #expect(Self.member(result, "metadata", "annotations") as? [String: String] == ["é/☃": "\u{1}"])
            #expect(
                Self.member(result, "spec", "containers") as? [[String: String]] == [["name": "c", "image": "nginx"]])
        }
    }

    @Test("what stands there already is not written again")
    func nothingToDo() throws {
        let workload = try Self.workload(#"{"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"a":"b"}}}"#)
        #expect(PatchBuilder.operations(setting: ["a": "b"], annotations: [:], on: workload).isEmpty)
        #expect(PatchBuilder.operations(setting: [:], annotations: [:], on: workload).isEmpty)
        #expect(
            PatchBuilder.operations(setting: ["a": "c"], annotations: [:], on: workload)
                == [.add(pointer: "/metadata/labels/a", value: "c")])
    }

    @Test("a patch is JSON as RFC 6902 has it")
    func bytes() {
        let operations: [PatchOperation] = [
            .addObject(pointer: "/a"), .add(pointer: "/a/b~1c", value: "\"\\\n\t\r\u{0}\u{1f}é"),
            .replace(pointer: "/d/0", value: ""),
        ]
        #expect(
            String(decoding: PatchOperation.write(operations), as: UTF8.self)
                == #"[{"op":"add","path":"/a","value":{}},"#
                + #"{"op":"add","path":"/a/b~1c","value":"\"\\\n\t\r\u0000\u001fé"},"#
                + #"{"op":"replace","path":"/d/0","value":""}]"#)
        #expect(PatchOperation.write([]) == Array("[]".utf8))
    }

    @Test(
        "a key is escaped as RFC 6901 has it",
        arguments: [("", ""), ("a", "a"), ("a/b", "a~1b"), ("~", "~0"), ("~1", "~01"), ("/~", "~1~0"), ("é", "é")])
    func pointer(_ key: String, _ escaped: String) {
        #expect(JSONPointer.escape(key) == escaped)
    }

    @Test("base64 is that of RFC 4648, and what Foundation makes")
    func base64() {
        let seed = testSeed("base64")
        var random = SeededGenerator(seed: seed)
        for length in 0..<200 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            var encoded: [UInt8] = []
            encoded = bytes
            Base64.encode(&encoded, from: 0)
            #expect(String(decoding: encoded, as: UTF8.self) == Data(bytes).base64EncodedString(), "seed \(seed)")
        }
    }

    @Test("the patch of each recorded review applies, and every image is then what the decision says")
    func recorded() throws {
        let program = try ReviewTests.defaultRules()
        var patches = 0
        for name in ReviewTests.reviews {
            let bytes = try ReviewTests.bytes(name)
            let review = try AdmissionReview.read(bytes)
            let answer = program.answer(review, namespaceLabels: ReviewTests.enabled)
            guard !answer.patch.isEmpty, case .workload(let workload) = review.object else { continue }
            patches += 1
            let root = try JSONSerialization.jsonObject(with: Data(bytes))
            let object = try JSONSerialization.data(
                withJSONObject: try #require(Self.member(root, "request", "object")))
            let patched = try JSONSerialization.data(
                withJSONObject: JSONPatchApplier.apply(PatchOperation.write(answer.patch), to: Array(object)))
            guard case .workload(let after) = try Workload.read(json: Array(patched)) else {
                Issue.record("\(name): the patched object is no workload")
                continue
            }
            #expect(after.images.map(\.pointer) == workload.images.map(\.pointer), "\(name)")
            let replaced = answer.patch.compactMap { operation in
                if case .replace(let pointer, let value) = operation { (pointer, value) } else { nil }
            }
            let expected = Dictionary(uniqueKeysWithValues: replaced)
            for (old, new) in zip(workload.images, after.images) {
                #expect(new.text == expected[old.pointer] ?? old.text, "\(name)")
            }
        }
        #expect(patches > 10)
    }
}
