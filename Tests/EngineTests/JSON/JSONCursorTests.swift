import Foundation
import Testing

@testable import Engine

@Suite("The JSON reader")
struct JSONCursorTests {
    /// Skips one whole text.
    private static func check(_ bytes: [UInt8]) throws(JSONError) {
        var cursor = JSONCursor()
        try cursor.skipValue(bytes.span)
        try cursor.finish(bytes.span)
    }

    private static func isAccepted(_ bytes: [UInt8]) -> Bool {
        do throws(JSONError) { try check(bytes) } catch { return false }
        return true
    }

    @Test("each text of JSONTestSuite, alone", .enabled(if: Shared.isThere, "the shared data is not here"))
    func suite() throws {
        let folder = Shared.file("json-test-suite")
        let names = Fixtures.names(in: folder).filter { $0.hasSuffix(".json") }
        #expect(names.count > 300)
        for name in names {
            let isAccepted = Self.isAccepted(try Fixtures.bytes(folder.appending(path: name)))
            if name.hasPrefix("y_") { #expect(isAccepted, "\(name)") }
            if name.hasPrefix("n_") { #expect(!isAccepted, "\(name)") }
        }
    }

    @Test(
        "what is JSON is accepted",
        arguments: [
            "null", " true\t", "\r\nfalse\n", "0", "-0", "10", "1.50", "1e5", "1E+5", "-0.0e-0", "[]", "{}", "[ ]",
            "{ }",
            "[1,2]", "[[],{}]", #"{"":""}"#, #"{"a":{"b":[{"c":[]},{}]},"a":1}"#, #""\"\\\/\b\f\n\r\t\u00e9""#,
            #""\ud800""#, #""\udc00\ud800""#, "\"\u{7f}\u{2028}\"", "123456789012345678901234567890e999999",
        ])
    func accepted(_ text: String) {
        #expect(Self.isAccepted(Array(text.utf8)))
    }

    @Test(
        "what is no JSON is refused with the place",
        arguments: [
            ("", 0), (" ", 1), ("[", 1), ("[1", 2), ("[1,", 3), ("[1,]", 3), ("[,1]", 1), ("[1 2]", 3), ("[1}", 2),
            ("]", 0),
            ("{", 1), (#"{"a""#, 4), (#"{"a":"#, 5), (#"{"a":}"#, 5), (#"{"a":1,}"#, 7), (#"{"a" 1}"#, 5),
            (#"{a:1}"#, 1),
            (#"{"a":1]"#, 6), (#"{,"a":1}"#, 1), ("1 2", 2), ("01", 1), ("-", 1), ("+1", 0), (".5", 0), ("1.", 2),
            ("1.e1", 2),
            ("1e", 2), ("1e+", 3), ("0x1", 1), ("nul", 3), ("nulL", 3), ("True", 0), ("NaN", 0), ("'a'", 0), (#"""#, 1),
            ("\"\n\"", 1), (#""\x""#, 2), (#""\u12g4""#, 5), (#""\u12"#, 5), (#""\"#, 2), ("\u{feff}{}", 0),
            ("/**/1", 0),
            ("1//", 1), ("\u{a0}1", 0),
        ])
    func refused(_ text: String, _ offset: Int) {
        let error = #expect(throws: JSONError.self) { try Self.check(Array(text.utf8)) }
        #expect(error?.offset == offset, "\(text): \(error?.reason ?? "")")
        #expect(error?.reason.isEmpty == false)
    }

    @Test(
        "a string that is not UTF-8 is refused, as a key too",
        arguments: [
            [0x80], [0xc0, 0x80], [0xc1, 0xbf], [0xc3], [0xc3, 0x28], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80],
            [0xe2, 0x82],
            [0xf0, 0x80, 0x80, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xff], [0xfe],
        ] as [[UInt8]])
    func notUTF8(_ bytes: [UInt8]) {
        let quote = [UInt8(ascii: "\"")]
        #expect(!Self.isAccepted(quote + bytes + quote))
        #expect(!Self.isAccepted(Array("{".utf8) + quote + bytes + quote + Array(":1}".utf8)))
    }

    @Test(
        "a string is decoded, and half a surrogate pair becomes U+FFFD",
        arguments: [
            (#""""#, ""), (#""a\u0062c""#, "abc"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
            (#""\ud83d\ude00""#, "😀"), (#""\uD834\uDD1E""#, "\u{1d11e}"), (#""\ud83d""#, "\u{fffd}"),
            (#""\ude00""#, "\u{fffd}"), (#""\ud83dx""#, "\u{fffd}x"), (#""\ud83d\n""#, "\u{fffd}\n"),
            (#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"), (#""\ude00\ud83d""#, "\u{fffd}\u{fffd}"),
            (#""\ud83d\u0041""#, "\u{fffd}A"), (#""\u0000""#, "\u{0}"), (#""\ue000\ufffd""#, "\u{e000}\u{fffd}"),
            (#""\udbff\udfff""#, "\u{10ffff}"), (#""é\u00e9☃""#, "éé☃"),
        ])
    func strings(_ text: String, _ expected: String) throws {
        let bytes = Array(text.utf8)
        var cursor = JSONCursor()
        let string = try cursor.readString(bytes.span)
        var decoded: [UInt8] = []
        string.decode(bytes.span, into: &decoded)
        #expect(decoded == Array(expected.utf8))
        #expect(string.hasEscapes == text.contains("\\"))
    }

    @Test("nesting of 512 is accepted and of 513 is not, in lists, in objects and in both")
    func depth() {
        for (open, close) in [("[", "]"), (#"{"a":"#, "}"), (#"[{"a":"#, "}]")] {
            let step = open.hasPrefix("[{") ? 2 : 1
            func nested(_ depth: Int) -> [UInt8] {
                Array((String(repeating: open, count: depth / step) + "1").utf8)
                    + Array(String(repeating: close, count: depth / step).utf8)
            }
            #expect(Self.isAccepted(nested(512)))
            #expect(!Self.isAccepted(nested(514)))
        }
        #expect(!Self.isAccepted(Array((String(repeating: "[", count: 513) + String(repeating: "]", count: 513)).utf8)))
    }

    /// Foundation's reader also takes other encodings, a byte order mark and some texts of its own; so a change of
    /// a byte is made among ASCII, and what the reader accepts Foundation has to accept.
    @Test("whatever it accepts of changed texts, Foundation accepts")
    func mutations() {
        let seed = testSeed("changed JSON")
        var random = SeededGenerator(seed: seed)
        let text = Array(#"{"a":[1,-2.5e3,"x\n\u00e9",true,false,null,{"b":{}}],"c":""}"#.utf8)
        let pieces = Array(#"{}[]",:\0123456789.eE+-truefalsn u"#.utf8)
        var accepted = 0
        for _ in 0..<20_000 {
            var copy = text
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let index = Int.random(in: 0..<copy.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: copy[index] = random.pick(pieces)
                case 1: copy.remove(at: index)
                default: copy.insert(random.pick(pieces), at: index)
                }
            }
            guard Self.isAccepted(copy) else { continue }
            accepted += 1
            let isJSON = (try? JSONSerialization.jsonObject(with: Data(copy), options: .fragmentsAllowed)) != nil
            // Foundation refuses halves of surrogate pairs and keys that stand twice.
            let shown = String(decoding: copy, as: UTF8.self)
            let isFoundationsOwn = shown.contains(#"\u"#) || shown.components(separatedBy: #""a":"#).count > 2
            #expect(isJSON || isFoundationsOwn, "seed \(seed): \(shown)")
        }
        #expect(accepted > 500)
    }
}
