import Foundation
import RuleLang
import Testing

/// The files of this repository that the tests read.
enum Repository {
    /// The root of the package, found through the place of this file.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The path of a file relative to the root.
    static func name(of file: URL) -> String {
        let path = file.standardizedFileURL.path
        let prefix = root.standardizedFileURL.path + "/"
        return path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path
    }

    /// The files under a folder whose names end in a suffix, sorted by path.
    static func files(under folder: String, suffix: String) -> [URL] {
        let start = root.appendingPathComponent(folder)
        let found = FileManager.default.enumerator(at: start, includingPropertiesForKeys: nil)
        return (found?.compactMap { $0 as? URL } ?? []).filter { $0.lastPathComponent.hasSuffix(suffix) }
            .sorted { $0.path < $1.path }
    }

    /// The text of a file.
    static func text(_ file: URL) throws -> String {
        try String(contentsOf: file, encoding: .utf8)
    }

    /// Every Markdown page: those at the root and those under `docs`.
    static let pages: [URL] = {
        let top = (try? FileManager.default.contentsOfDirectory(at: root, includingPropertiesForKeys: nil)) ?? []
        return top.filter { $0.pathExtension == "md" }.sorted { $0.path < $1.path }
            + files(under: "docs", suffix: ".md")
    }()

    /// Every folder that is a rule set, as a path relative to the root.
    static let ruleSets: [String] = {
        let folders = files(under: "rules", suffix: ".rules").map { name(of: $0.deletingLastPathComponent()) }
        return Set(folders).sorted()
    }()

    /// The rule files of one folder, not of those within it.
    static func ruleFiles(in folder: String) throws -> [SourceFile] {
        try files(under: folder, suffix: ".rules").filter { name(of: $0.deletingLastPathComponent()) == folder }
            .map { SourceFile(name: name(of: $0), bytes: Array(try Data(contentsOf: $0))) }
    }
}

/// A fenced block of a Markdown page.
struct FencedBlock: Sendable, CustomTestStringConvertible {
    /// The page, relative to the root.
    let page: String
    /// The line of the opening fence, from 1.
    let line: Int
    /// What stands after the opening fence, word by word.
    let info: [String]
    /// The text between the fences, with a line break at its end.
    let text: String

    var testDescription: String { "\(page):\(line)" }

    /// The blocks of all pages.
    static let all: [FencedBlock] = Repository.pages.flatMap { page in
        ((try? Repository.text(page)) ?? "").fencedBlocks(of: Repository.name(of: page))
    }

    /// The blocks whose info string begins with a word.
    static func all(_ language: String) -> [FencedBlock] {
        all.filter { $0.info.first == language }
    }

    /// `rules`: whole rule sets that are right.
    static let whole = all("rules").filter { $0.info.count == 1 }
    /// `rules fragment`: what follows `language 1` and `let mirror = "m.example.com"`.
    static let fragments = all("rules").filter { $0.info.dropFirst() == ["fragment"] }
    /// `rules error=CODE`: whole rule sets with a mistake.
    static let faulty = all("rules").filter { $0.info.count == 2 && $0.info[1].hasPrefix("error=") }
}

extension String {
    fileprivate func fencedBlocks(of page: String) -> [FencedBlock] {
        var blocks: [FencedBlock] = []
        var open: (line: Int, info: [String], lines: [Substring])?
        for (index, line) in split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard line.hasPrefix("```") else {
                open?.lines.append(line)
                continue
            }
            if let block = open {
                let text = block.lines.map { $0 + "\n" }.joined()
                blocks.append(FencedBlock(page: page, line: block.line, info: block.info, text: text))
                open = nil
            } else {
                open = (index + 1, line.dropFirst(3).split(separator: " ").map(String.init), [])
            }
        }
        return blocks
    }
}
