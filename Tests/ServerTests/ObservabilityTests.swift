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
}
