/// The difference of two texts, line by line, in the unified format of diff(1) and patch(1).
enum UnifiedDiff {
    private static let contextLines = 3

    private enum Edit {
        case keep(Int, Int), remove(Int), insert(Int)
    }

    /// The difference; empty where the texts are equal.
    static func text(old: [UInt8], new: [UInt8], name: String) -> [UInt8] {
        guard old != new else { return [] }
        let before = lines(old)
        let after = lines(new)
        let edits = self.edits(before, after)
        var result = Array("--- \(name)\n+++ \(name)\n".utf8)
        var index = 0
        while index < edits.count {
            guard let first = edits[index...].firstIndex(where: { !isKept($0) }) else { break }
            let start = max(index, first - contextLines)
            var end = first
            var last = first
            while end < edits.count, end - last <= 2 * contextLines {
                if !isKept(edits[end]) { last = end }
                end += 1
            }
            end = min(edits.count, last + contextLines + 1)
            appendHunk(edits[start..<end], of: edits[..<start], before, after, to: &result)
            index = end
        }
        return result
    }

    private static func isKept(_ edit: Edit) -> Bool {
        if case .keep = edit { true } else { false }
    }

    private static func appendHunk(
        _ hunk: ArraySlice<Edit>, of earlier: ArraySlice<Edit>, _ before: [ArraySlice<UInt8>],
        _ after: [ArraySlice<UInt8>], to result: inout [UInt8]
    ) {
        func counts(_ edits: ArraySlice<Edit>) -> (old: Int, new: Int) {
            var old = 0
            var new = 0
            for edit in edits {
                switch edit {
                case .keep:
                    old += 1
                    new += 1
                case .remove: old += 1
                case .insert: new += 1
                }
            }
            return (old, new)
        }
        func range(_ start: Int, _ count: Int) -> String {
            let first = count == 0 ? start : start + 1
            return count == 1 ? "\(first)" : "\(first),\(count)"
        }
        let start = counts(earlier)
        let size = counts(hunk)
        result += Array("@@ -\(range(start.old, size.old)) +\(range(start.new, size.new)) @@\n".utf8)
        func append(_ mark: Character, _ line: ArraySlice<UInt8>) {
            result += Array(String(mark).utf8)
            result += line
            if line.last != UInt8(ascii: "\n") { result += Array("\n\\ No newline at end of file\n".utf8) }
        }
        for edit in hunk {
            switch edit {
            case .keep(let index, _): append(" ", before[index])
            case .remove(let index): append("-", before[index])
            case .insert(let index): append("+", after[index])
            }
        }
    }

    /// The lines, each with its line break.
    private static func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        for (offset, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
            lines.append(bytes[start...offset])
            start = offset + 1
        }
        if start < bytes.count { lines.append(bytes[start...]) }
        return lines
    }

    /// The edits that lead from one text to the other, fewest first (Swift's own `difference`, which is Myers').
    private static func edits(_ before: [ArraySlice<UInt8>], _ after: [ArraySlice<UInt8>]) -> [Edit] {
        let difference = after.difference(from: before)
        var removed = Set<Int>()
        var inserted = Set<Int>()
        for change in difference {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var edits: [Edit] = []
        var old = 0
        var new = 0
        while old < before.count || new < after.count {
            if old < before.count, removed.contains(old) {
                edits.append(.remove(old))
                old += 1
            } else if new < after.count, inserted.contains(new) {
                edits.append(.insert(new))
                new += 1
            } else {
                edits.append(.keep(old, new))
                old += 1
                new += 1
            }
        }
        return edits
    }
}
