import RuleLang

/// The files of one rule set, as a PATH on the command line names it.
struct RuleSetInput {
    /// The path as the user wrote it, for summaries.
    let name: String
    /// The files, in the order of their names.
    let files: [SourceFile]

    /// The most bytes of all files of a rule set together.
    static let sizeLimit = 64 << 20

    /// The names that its files define with `let`.
    var definedNames: Set<String> {
        var names: Set<String> = []
        for (index, file) in files.enumerated() {
            for case .binding(let binding) in SyntaxTree.parse(file, file: index).tree.statements {
                if let name = binding.name.plainText { names.insert(name) }
            }
        }
        return names
    }

    /// Reads a rule set: a directory of `*.rules` files, one such file, or a ConfigMap; `-` is standard input.
    static func read(_ path: String) throws(InputFailure) -> RuleSetInput {
        if path == "-" {
            return try fromManifestOrRules(
                try FileSystem.readInput(path, limit: sizeLimit), path: path, shown: "<stdin>")
        }
        switch FileSystem.kind(of: path) {
        case .missing:
            throw missing(path)
        case .directory:
            return try directory(path)
        case .file, .other:
            let content = try FileSystem.readInput(path, limit: sizeLimit)
            if path.hasSuffix(".rules") {
                return RuleSetInput(name: path, files: [SourceFile(name: path, bytes: content)])
            }
            return try fromManifestOrRules(content, path: path, shown: path)
        }
    }

    /// What to say where nothing stands at a path.
    static func missing(_ path: String) -> InputFailure {
        var help: [String] = []
        let parent = FileSystem.parent(of: path)
        let siblings = (try? FileSystem.list(parent)) ?? []
        if siblings.contains(FileSystem.name(of: path)) {
            return InputFailure(
                .inputMissing, "`\(path)` is a link that leads nowhere",
                help: ["restore what it points to, or remove it: `ls -l \(path)`"])
        }
        if let near = Suggestion.closest(to: FileSystem.name(of: path), among: siblings.filter { !$0.hasPrefix(".") }) {
            help.append("did you mean `\(FileSystem.join(path.contains("/") ? parent : ".", near))`?")
        } else if path == "rules" {
            help.append("name the directory, the file or the ConfigMap that holds the rules")
        }
        return InputFailure(.inputMissing, "`\(path)` does not exist", help: help)
    }

    private static func directory(_ path: String) throws(InputFailure) -> RuleSetInput {
        let names: [String]
        do {
            names = try FileSystem.list(path).filter { !$0.hasPrefix(".") }
        } catch {
            throw InputFailure(.inputUnreadable, "`\(path)` cannot be read: \(error)")
        }
        var files: [SourceFile] = []
        var budget = sizeLimit
        for name in names where name.hasSuffix(".rules") {
            let file = FileSystem.join(path, name)
            guard FileSystem.kind(of: file) != .directory else { continue }
            let content = try FileSystem.readInput(file, limit: budget)
            budget -= content.count
            files.append(SourceFile(name: file, bytes: content))
        }
        if files.isEmpty { throw withoutRules(path, names: names) }
        return RuleSetInput(name: path, files: files)
    }

    private static func withoutRules(_ path: String, names: [String]) -> InputFailure {
        var notes: [String] = []
        var help: [String] = []
        if names.isEmpty {
            notes.append("the directory is empty")
        } else {
            let shown = names.prefix(5).map { "`\($0)`" }.joined(separator: ", ")
            notes.append("it holds \(shown)\(names.count > 5 ? " and \(names.count - 5) more" : "")")
        }
        for name in names {
            let full = FileSystem.join(path, name)
            if FileSystem.kind(of: full) == .directory {
                let inner = (try? FileSystem.list(full)) ?? []
                if inner.contains(where: { $0.hasSuffix(".rules") && !$0.hasPrefix(".") }) {
                    help.append("sub-folders are rule sets of their own; name `\(full)`")
                }
            } else if name.hasSuffix(".rules.txt") || name.hasSuffix(".rule") || name.lowercased().hasSuffix(".rules") {
                let stem = name.prefix { $0 != "." }
                help.append("rename it: mv \(full) \(FileSystem.join(path, "\(stem).rules"))")
            } else if name.hasSuffix(".yaml") || name.hasSuffix(".yml") || name.hasSuffix(".json") {
                help.append("if `\(full)` is a ConfigMap of rules, name the file itself")
            }
        }
        return InputFailure(
            .inputWithoutRules, "`\(path)` holds no `*.rules` file", notes: notes, help: Array(help.prefix(3)))
    }

    /// What comes on standard input, or in a file of another name: a ConfigMap, or (on standard input) rules.
    private static func fromManifestOrRules(
        _ content: [UInt8], path: String, shown: String
    ) throws(InputFailure) -> RuleSetInput {
        if path == "-", !looksLikeManifest(content) {
            return RuleSetInput(name: shown, files: [SourceFile(name: shown, bytes: content)])
        }
        let documents: [Manifest]
        do {
            documents = Manifests.objects(of: try Manifests.parse(content))
        } catch {
            let place = error.line.map { ":\($0)" + (error.column.map { ":\($0)" } ?? "") } ?? ""
            throw InputFailure(
                .inputOfUnknownKind, "`\(shown)` is neither a `.rules` file nor a ConfigMap that parses",
                notes: ["as YAML, at \(shown)\(place): \(error.message)"],
                help: ["rules stand in files whose names end in `.rules`"])
        }
        let maps = documents.filter { $0["kind"]?.text == "ConfigMap" }
        guard !maps.isEmpty else {
            let kinds = documents.compactMap { $0["kind"]?.text }
            throw InputFailure(
                .inputOfUnknownKind, "`\(shown)` is neither a `.rules` file nor a ConfigMap",
                notes: kinds.first.map { ["it is of kind `\($0)`"] } ?? [],
                help: ["rules stand in files whose names end in `.rules`, or in such keys of a ConfigMap"])
        }
        return try configMaps(maps, shown: shown, content)
    }

    private static func configMaps(
        _ maps: [Manifest], shown: String, _ content: [UInt8]
    ) throws(InputFailure) -> RuleSetInput {
        let lines = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        var files: [SourceFile] = []
        var otherKeys: [String] = []
        for map in maps {
            let name = maps.count > 1 ? "\(map["metadata"]?["name"]?.text ?? "")/" : ""
            for member in map["data"]?.members ?? [] {
                guard member.key.hasSuffix(".rules") else {
                    otherKeys.append(member.key)
                    continue
                }
                guard let text = member.value.text else {
                    throw InputFailure(
                        .inputOfUnknownKind, "`\(member.key)` in `\(shown)` is \(member.value.typeName), not text",
                        notes: ["at \(shown):\(member.value.line)"], help: ["\(member.key): |"])
                }
                let part = "\(name)\(member.key)"
                let indent = blockIndent(of: text, after: member.value.line, in: lines)
                files.append(
                    SourceFile(
                        name: "\(shown)#\(part)", text: text,
                        host: SourceFile.Host(
                            path: shown, part: part, line: member.value.line + (indent == nil ? 0 : 1), indent: indent)
                    ))
            }
        }
        guard !files.isEmpty else {
            let shownKeys = otherKeys.prefix(5).map { "`\($0)`" }.joined(separator: ", ")
            throw InputFailure(
                .configMapWithoutRules, "the ConfigMap in `\(shown)` holds no key that ends in `.rules`",
                notes: [otherKeys.isEmpty ? "its `data` is empty" : "its keys are \(shownKeys)"],
                help: ["kubectl create configmap NAME --from-file=rules/"])
        }
        files.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        return RuleSetInput(name: shown, files: files)
    }

    /// The indentation of a text that stands line by line after a line (from 1) of a file, as a literal block of YAML
    /// does; nil where it is written otherwise.
    private static func blockIndent(of text: String, after line: Int, in lines: [ArraySlice<UInt8>]) -> Int? {
        var wanted = Array(text.utf8).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        while wanted.last?.isEmpty ?? false { wanted.removeLast() }
        guard !wanted.isEmpty, line >= 0, line + wanted.count <= lines.count else { return nil }
        var indent: Int?
        for (written, wanted) in zip(lines[line...], wanted) {
            let written = written.last == UInt8(ascii: "\r") ? written.dropLast() : written
            if wanted.isEmpty, written.allSatisfy({ $0 == UInt8(ascii: " ") }) { continue }
            let width = written.count - wanted.count
            guard width >= 0, indent ?? width == width, written.suffix(wanted.count) == wanted,
                written.prefix(width).allSatisfy({ $0 == UInt8(ascii: " ") })
            else { return nil }
            indent = width
        }
        return indent
    }

    /// Rules never begin a line with these.
    private static func looksLikeManifest(_ content: [UInt8]) -> Bool {
        let space: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
        if content.first(where: { !space.contains($0) }) == UInt8(ascii: "{") { return true }
        for line in content.split(separator: UInt8(ascii: "\n")) {
            if line.starts(with: "apiVersion:".utf8) || line.starts(with: "kind:".utf8) { return true }
        }
        return false
    }
}
