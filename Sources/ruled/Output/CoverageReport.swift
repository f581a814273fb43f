import Engine
import RuleLang

/// Writes what the tests of a rule set reach.
struct CoverageReport {
    let coverage: Coverage
    /// The rule set, as the user named it.
    let path: String
    let console: Console

    /// For people: a line a rule, and what no test reaches.
    func writeHuman(to out: ByteStream) {
        let count = coverage.count
        let share = console.paint(count.percentText, count.isComplete ? .green : .yellow, on: out)
        out.line("\(path): coverage \(share), \(count.text)")
        var rows = [["rule", "actions", "conditions"]]
        rows += coverage.rules.map { [$0.name.sanitized, $0.actionCount.text, $0.conditionCount.textOrNothing] }
        for (name, exceptions) in [("ignore", coverage.ignores), ("bypass", coverage.bypasses)] {
            guard !exceptions.isEmpty else { continue }
            let reached = exceptions.count { $0.expectations > 0 }
            rows.append([name, "\(reached) of \(exceptions.count)", ""])
        }
        guard rows.count > 1 else { return }
        let widths = [0, 1].map { column in rows.map { $0[column].count }.max() ?? 0 }
        for (index, row) in rows.enumerated() {
            let line = "  \(row[0].padded(to: widths[0]))  \(row[1].padded(to: widths[1]))  \(row[2])"
            let trimmed = String(line.reversed().drop { $0 == " " }.reversed())
            out.line(index == 0 ? console.paint(trimmed, .dim, on: out) : trimmed)
        }
        writeGaps(to: out)
    }

    /// What no test reaches, a line each.
    func writeGaps(to stream: ByteStream) {
        for gap in coverage.gaps { stream.line("  \(gap.file):\(gap.line): \(gap.text)".sanitized) }
    }

    /// For scripts: an object.
    func write(to json: inout JSONWriter) {
        json.beginObject()
        write(coverage.count, to: &json)
        json.key("rules")
        json.beginArray()
        for rule in coverage.rules { write(rule, to: &json) }
        json.endArray()
        for (name, exceptions) in [("ignores", coverage.ignores), ("bypasses", coverage.bypasses)] {
            json.key(name)
            json.beginArray()
            for exception in exceptions {
                json.beginObject()
                json.member("text", exception.text)
                writeLocation(exception.file, exception.line, to: &json)
                json.member("expectations", exception.expectations)
                json.endObject()
            }
            json.endArray()
        }
        json.endObject()
    }

    private func write(_ count: CoverageCount, to json: inout JSONWriter) {
        json.key("percent")
        json.raw(count.percentNumber)
        json.member("reached", count.reached)
        json.member("total", count.total)
    }

    private func write(_ rule: Coverage.Rule, to json: inout JSONWriter) {
        json.beginObject()
        json.member("rule", rule.name)
        writeLocation(rule.file, rule.line, to: &json)
        json.key("actions")
        json.beginArray()
        for action in rule.actions {
            json.beginObject()
            json.member("pattern", action.pattern)
            writeLocation(action.file, action.line, to: &json)
            json.member("expectations", action.expectations)
            json.endObject()
        }
        json.endArray()
        json.key("conditions")
        json.beginArray()
        for condition in rule.conditions {
            json.beginObject()
            json.member("text", condition.text)
            writeLocation(condition.file, condition.line, to: &json)
            json.member("canFail", condition.canFail)
            json.member("holding", condition.holding)
            json.member("failing", condition.failing)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }

    private func writeLocation(_ file: String, _ line: Int, to json: inout JSONWriter) {
        json.key("location")
        json.beginObject()
        json.member("file", file)
        json.member("line", line)
        json.endObject()
    }
}

extension CoverageCount {
    /// Whether nothing is missing.
    var isComplete: Bool { reached == total }

    /// `3 of 4`
    var text: String { "\(reached) of \(total)" }

    fileprivate var textOrNothing: String { total == 0 ? "" : text }

    /// `83.3%`. Rounded down, so that 100% means everything.
    var percentText: String { percentNumber + "%" }

    /// `83.3`, rounded down.
    var percentNumber: String {
        guard total > 0, reached < total else { return "100" }
        let tenths = reached * 1_000 / total
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// Whether a share in percent is reached.
    func reaches(_ percent: Double) -> Bool {
        Double(reached) * 100 >= percent * Double(total)
    }
}
