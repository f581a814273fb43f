import Engine
import Foundation
import Logging
import NIOCore
import RuleLang
import Testing

@testable import Server

@Suite("What an operator sees")
struct ObservabilityTests {
    @Test("from the 201st rule on, images count under `other`")
    func ruleLimit() {
        let metrics = Metrics()
        for index in 0..<300 {
            let image = Metrics.ImageKey(outcome: .rewritten, rule: "rule-\(index)")
            metrics.reviewed(.patched, in: .microseconds(3), images: [image])
        }
        let text = metrics.text(.init(ready: true, connections: 0, bytesInFlight: 0))
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("ruled_images_total{") }
        #expect(lines.count == 201)
        #expect(lines.contains("ruled_images_total{outcome=\"rewritten\",rule=\"other\"} 100"))
        #expect(lines.contains("ruled_images_total{outcome=\"rewritten\",rule=\"rule-199\"} 1"))
    }

    @Test("a JSON log line is one JSON object, whatever is in it")
    func jsonLog() throws {
        let lines = TestServer.Lines()
        let log = ServerLog(level: .info, format: .json) { lines.add($0) }
        let hostile = "a\"b\\c\nd\u{0}e\u{1b}[31m\u{2028} }{"
        log.log(.warning, hostile, ["uid": hostile, "empty": ""])
        log.log(.debug, "not logged")
        #expect(lines.all.count == 1)
        let line = try #require(lines.all.first)
        #expect(line.hasSuffix("\n"))
        #expect(line.dropLast().contains("\n") == false)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
        #expect(object["message"] == hostile)
        #expect(object["uid"] == hostile)
        #expect(object["empty"]?.isEmpty == true)
        #expect(object["level"] == "warning")
        #expect(object["time"]?.hasSuffix("Z") == true)
    }

    @Test("a text log line cannot be forged by what a client wrote")
    func textLog() {
        let lines = TestServer.Lines()
        let log = ServerLog(level: .info, format: .text) { lines.add($0) }
        log.log(.notice, "denied", ["image": "x\n2026-01-01T00:00:00.000Z notice forged", "uid": "u1"])
        #expect(lines.all.count == 1)
        #expect(lines.all[0].dropLast().contains("\n") == false)
        #expect(lines.all[0].hasSuffix("denied image=\"x\\n2026-01-01T00:00:00.000Z notice forged\" uid=u1\n"))
    }

    @Test("of more than ten lines of a kind in a second, the rest are counted")
    func limitedLog() {
        let lines = TestServer.Lines()
        let log = ServerLog(level: .info) { lines.add($0) }
        for _ in 0..<100 { log.limited(.info, "denied", key: "denied") }
        // The hundred may fall into two seconds.
        #expect(lines.all.count >= 10)
        #expect(lines.all.count <= 21)
    }

    @Test("how many lines were held back is said, also where none of the kind follows")
    func suppressedLines() throws {
        let lines = TestServer.Lines()
        let log = ServerLog(level: .info, format: .json) { lines.add($0) }
        for _ in 0..<100 { log.limited(.info, "denied", key: "denied") }
        func counted() throws -> Int {
            try lines.all.reduce(0) { sum, line in
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                return sum + (object?["count"] as? Int ?? 1)
            }
        }
        for _ in 0..<1_000 where try counted() < 100 { usleep(10_000) }
        #expect(try counted() == 100)
    }

    @Test("what a terminal would obey, or what reorders text, reaches no log", arguments: LogFormat.allCases)
    func escapes(_ format: LogFormat) {
        let scalars =
            ["\u{0}", "\u{1b}", "\u{7f}", "\u{80}", "\u{85}", "\u{9b}", "\u{2028}", "\u{2029}", "\u{202a}"]
            + ["\u{202e}", "\u{2066}", "\u{2069}", "\u{200e}", "\u{200f}", "\u{61c}", "\n"]
        let lines = TestServer.Lines()
        let log = ServerLog(level: .info, format: format) { lines.add($0) }
        for scalar in scalars { log.log(.info, "a\(scalar)b", ["name": "é\(scalar)d"]) }
        #expect(lines.all.count == scalars.count)
        for (line, scalar) in zip(lines.all, scalars) {
            #expect(!line.dropLast().unicodeScalars.contains { "\($0)" == scalar }, "\(line)")
            let code = String(scalar.unicodeScalars.first?.value ?? 0, radix: 16)
            let escape = scalar == "\n" ? "\\n" : "\\u" + String(repeating: "0", count: 4 - code.count) + code
            #expect(line.contains("a\(escape)b") && line.contains("é\(escape)d"), "\(line)")
        }
    }

    @Test("a name of a file of rules cannot forge a line in the log, nor in /readyz")
    func hostileFileName() throws {
        let server = try TestServer(rules: ["a\u{1b}[31m\nforged.rules": "language 1\nrule\n"])
        let text = try server.get("/readyz?verbose").text
        #expect(text.contains("a\\u001b[31m\\nforged.rules"), "\(text)")
        for line in server.lines.all + [text] {
            #expect(!line.contains("\u{1b}") && !line.contains("\nforged"), "\(line)")
        }
    }

    @Test("numbers are numbers in a JSON log")
    func numbers() throws {
        let lines = TestServer.Lines()
        let log = ServerLog(level: .info, format: .json) { lines.add($0) }
        log.log(.notice, "draining", ["seconds": 1.5, "files": 3, "hash": "0012"])
        let line = try #require(lines.all.first)
        #expect(line.contains("\"files\":3,\"hash\":\"0012\",\"seconds\":1.5"), "\(line)")
    }

    @Test("a log that nobody reads holds nothing up for long")
    func stuckReader() {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let sink = LogSink(descriptor: ends[1])
        for _ in 0..<300 { sink.write(String(repeating: "x", count: 1_000)) }
        sink.flush(within: 0.1)
        // Read to the end, the rest arrives.
        let reader = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        var count = 0
        while count < 300_000 { count += reader.availableData.count }
        sink.flush(within: 60)
        close(ends[1])
        #expect(count == 300_000)
    }

    @Test("a review that is let pass undecided is logged with the reason")
    func reasonOfUndecided() throws {
        let server = try TestServer()
        _ = try server.post(TestServer.pod("nginx\",\"image\":5,\"x\":\""))
        #expect(
            server.lines.all.contains {
                $0.contains("let pass undecided") && $0.contains("reason=\"the object cannot be read: ")
            }, "\(server.lines.all)")
    }
}
