import Foundation
import RuleLang
import Testing

@testable import Engine

/// The reader looks at eight bytes at once and reads a review in one go; the obvious one does neither. They agree on
/// every text: on what they read of it, or on what is wrong with it and where.
@Suite("The reader, held against the obvious one")
struct SimpleReaderTests {
    /// What a reader makes of a text: what it read, or the words of the error.
    private enum Outcome<Value: Equatable>: Equatable {
        case read(Value)
        case refused(String)
    }

    private static func fast(_ bytes: [UInt8]) -> Outcome<SimpleReview> {
        do throws(ReviewError) {
            return .read(SimpleReview(try AdmissionReview.read(bytes)))
        } catch {
            return .refused(error.reason)
        }
    }

    private static func simple(_ bytes: [UInt8]) -> Outcome<SimpleReview> {
        do throws(ReviewError) { return .read(try SimpleReview.simplyRead(bytes)) } catch {
            return .refused(error.reason)
        }
    }

    private static func fastObject(_ bytes: [UInt8]) -> Outcome<WorkloadReading> {
        do throws(JSONError) {
            return .read(try Workload.read(json: bytes))
        } catch {
            return .refused("\(error.offset): \(error.reason)")
        }
    }

    private static func simpleObject(_ bytes: [UInt8]) -> Outcome<WorkloadReading> {
        do throws(JSONError) {
            return .read(try Workload.simplyRead(json: bytes))
        } catch {
            return .refused("\(error.offset): \(error.reason)")
        }
    }

    /// Compares the readers on a text; returns whether they agree and it is a review.
    @discardableResult
    private static func compare(_ bytes: [UInt8], _ comment: @autoclosure () -> String) -> Bool {
        let expected = simple(bytes)
        let actual = fast(bytes)
        if actual != expected {
            Issue.record("\(comment()): \(actual) is not \(expected): \(String(decoding: bytes, as: UTF8.self))")
        }
        let expectedObject = simpleObject(bytes)
        let actualObject = fastObject(bytes)
        if actualObject != expectedObject {
            Issue.record(
                "\(comment()): \(actualObject) is not \(expectedObject): \(String(decoding: bytes, as: UTF8.self))")
        }
        if case .read = expected { return true }
        return false
    }

    private static let recorded: [(name: String, bytes: [UInt8])] = ReviewTests.reviews.compactMap { name in
        (try? ReviewTests.bytes(name)).map { (name, $0) }
    }

    @Test("on every recorded review, whole and cut off anywhere")
    func recordedReviews() {
        #expect(Self.recorded.count > 15)
        for (name, bytes) in Self.recorded {
            #expect(Self.compare(bytes, name))
            for length in stride(from: 0, to: bytes.count, by: 13) {
                Self.compare(Array(bytes[..<length]), "\(name) cut at \(length)")
            }
        }
    }

    @Test(
        "on every review of the shared data", .enabled(if: Shared.isThere, "the shared data is not here"),
        arguments: ["handmade", "kube-prometheus"])
    func sharedReviews(_ folder: String) throws {
        let folder = Shared.file("admission-reviews/\(folder)")
        for name in Fixtures.names(in: folder) where name.hasSuffix(".json") {
            #expect(Self.compare(try Fixtures.bytes(folder.appending(path: name)), name))
        }
    }

    @Test(
        "on each text of JSONTestSuite, alone and at places of a review where values may be anything",
        .enabled(if: Shared.isThere, "the shared data is not here"))
    func suite() throws {
        let folder = Shared.file("json-test-suite")
        let names = Fixtures.names(in: folder).filter { $0.hasSuffix(".json") }
        #expect(names.count > 300)
        for name in names {
            let value = try Fixtures.bytes(folder.appending(path: name))
            Self.compare(value, name)
            for place in Self.places { Self.compare(Self.put(value, in: place), "\(name) in \(place)") }
        }
    }

    /// Reviews with a place for a value, `@`.
    private static let places = [
        #"{"x":@,"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u"}}"#,
        #"{"kind":"AdmissionReview","apiVersion":@,"request":{"uid":"u"}}"#,
        #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":@}"#,
        review(#""uid":@"#), review(#""kind":@"#), review(#""kind":{"kind":@,"group":@}"#), review(#""object":@"#),
        review(#""object":@,"kind":{"kind":"CronJob","group":"batch"}"#), review(#""dryRun":@"#),
        review(#""kind":{"kind":"Pod"},"object":@"#), review(#""kind":{"kind":"Pod"},"oldObject":@"#),
        pod(#""metadata":@"#), pod(#""spec":@"#), pod(#""metadata":{"labels":@}"#),
        pod(#""metadata":{"annotations":{"a":@,"b~/c":@}}"#), pod(#""metadata":{"name":@,"x":@}"#),
        pod(#""spec":{"containers":@}"#), pod(#""spec":{"volumes":[@]}"#), pod(#""spec":{"containers":[{"image":@}]}"#),
        pod(#""spec":{"initContainers":[{"image":"a","name":@}]}"#),
        pod(#""spec":{"volumes":[{"image":{"reference":@}}]}"#),
        pod(#""spec":{"ephemeralContainers":[{"x":@,"image":"nginx"}]}"#),
    ]

    private static func review(_ members: String) -> String {
        #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u",\#(members)}}"#
    }

    private static func pod(_ members: String) -> String {
        review(#""operation":"CREATE","kind":{"kind":"Pod","group":""},"object":{\#(members)}"#)
    }

    private static func put(_ value: [UInt8], in place: String) -> [UInt8] {
        Array(
            place.split(separator: "@", omittingEmptySubsequences: false).map { Array($0.utf8) }.joined(
                separator: value))
    }

    @Test("on values of every type and size at every place")
    func values() {
        let digits = String(repeating: "9", count: 400)
        let deep = { (count: Int) in
            String(repeating: "[", count: count) + String(repeating: "]", count: count)
        }
        let values = [
            "null", "true", "false", "0", "-1.5e-7", digits, "1e\(digits)", "01", "1.", #""""#, #""x""#, "[]", "{}",
            "[1,2]",
            #"{"a":"b"}"#, #"{"a":null,"a":"b"}"#, #"{"\u0061":"\u0062"}"#, #""\ud83d\ude00""#, #""\ud83d""#,
            #""Kelvin \u212a""#,
            "\"ä\u{2028}\"", "\"\u{7f}\"", #""\q""#, #""\u12""#, "\"\n\"", "tru", "nulll", "[1,]", "{,}", #"{"a"}"#,
            " [ 1 , 2 ] ",
            "\n{ \"a\" : \"b\" , \"c\" : null }\t", deep(500), deep(509), deep(510), deep(511), deep(512), deep(513),
            #"{"name":"c","image":"nginx"}"#, #"{"ima\u0067e":"nginx","name":"\u0063"}"#,
            #"[{"image":"x"},null,{"image":null}]"#,
            #"{"containers":[{"image":"x"}],"containers":null}"#,
            #"{"template":{"spec":{"containers":[{"image":"x"}]}}}"#,
            #"{"jobTemplate":{"spec":{"template":{"metadata":{},"spec":{"volumes":[{"image":{"reference":"x"}}]}}}}}"#,
        ]
        for place in Self.places {
            for value in values { Self.compare(Self.put(Array(value.utf8), in: place), "\(value) in \(place)") }
        }
    }

    @Test("on strings with quotes, escapes, control characters and UTF-8 across every boundary of a word")
    func boundaries() {
        let ends: [[UInt8]] = [
            Array(#"\""#.utf8), Array(#"\\"#.utf8), Array(#"\\\""#.utf8), Array(#"\u0041"#.utf8),
            Array(#"\ud83d\ude00"#.utf8),
            Array(#"\u00"#.utf8), Array(#"\x"#.utf8), Array("é".utf8), Array("☃".utf8), Array("😀".utf8), [0x0a], [0x1f],
            [0x7f],
            [0x80], [0xc3], [0xe2, 0x98], [0xf0, 0x9f, 0x98], [0xed, 0xa0, 0x80], [0xff], [0xc3, 0x0a], [],
        ]
        for length in 0...70 {
            for end in ends {
                let run = [UInt8](repeating: UInt8(ascii: "x"), count: length)
                for tail in ["", "y", "yyyyyyyy", "yyyyyyyyyyyyyyyyyyyyyyyy"] {
                    let string = [UInt8(ascii: "\"")] + run + end + Array(tail.utf8) + [UInt8(ascii: "\"")]
                    // In the middle, and with nothing behind it: the last bytes are not read as whole words.
                    let image = Self.put(string, in: Self.pod(#""spec":{"containers":[{"image":@}]}"#))
                    Self.compare(image, "length \(length)")
                    Self.compare(string, "length \(length), alone")
                    Self.compare(Array(string.dropLast()), "length \(length), without its end")
                }
            }
        }
    }

    @Test("on reviews changed at random")
    func mutations() {
        let seed = testSeed("changed reviews")
        var random = SeededGenerator(seed: seed)
        let pieces: [[UInt8]] =
            [
                "{", "}", "[", "]", "\"", ",", ":", "\\", "\\\"", "\\u0061", "null", "true", "-1e5", " ", "\n", "\u{1}",
                "é",
                #""image":"x","#, #""spec":{},"#, #""kind":null,"#, #""ima\u0067e":"y","#, #""metadata":null,"#,
                #""labels":{"a":1},"#,
                #""containers":[{"image":"z"}],"#, #""object":null,"#, #""kind":{"kind":"Job","group":"batch"},"#, "{}",
                "[]",
            ].map { Array($0.utf8) } + [[0x80], [0xff], [0xc3]]
        var read = 0
        for (name, original) in Self.recorded {
            for _ in 0..<60 {
                var bytes = original
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    // Mostly behind a comma, where a member can stand.
                    var index = Int.random(in: 0..<bytes.count, using: &random)
                    if random.chance(70) {
                        index = bytes[index...].firstIndex(of: UInt8(ascii: ",")).map { $0 + 1 } ?? index
                    }
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: bytes.replaceSubrange(index..<min(index + 1, bytes.count), with: random.pick(pieces))
                    case 1:
                        bytes.removeSubrange(index..<min(index + Int.random(in: 1...30, using: &random), bytes.count))
                    default: bytes.insert(contentsOf: random.pick(pieces), at: index)
                    }
                    if bytes.isEmpty { bytes = original }
                }
                if Self.compare(bytes, "\(name), seed \(seed)") { read += 1 }
            }
        }
        #expect(read > 80)
    }
}
