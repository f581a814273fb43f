import Yams

/// Why a text is no manifest, and where.
struct ManifestError: Error {
    /// In lower case, without a full stop.
    let message: String
    /// From 1; nil where no line is to blame.
    let line: Int?
    /// From 1.
    let column: Int?

    init(_ message: String, line: Int? = nil, column: Int? = nil) {
        self.message = message
        self.line = line
        self.column = column
    }
}

/// YAML as kubectl reads it: plain `true`, `yes` and `1.20` are no strings, merge keys work, keys are texts.
struct YAMLDocuments {
    /// How many values all documents of one text may have once aliases are put in. An alias that holds aliases
    /// that hold aliases would otherwise fill any memory.
    private static let nodeLimit = 1_000_000
    /// How deep values may stand in one another; Kubernetes' own objects need about 20.
    private static let depthLimit = 256

    /// How many more values there may be.
    private var budget = nodeLimit
    /// How many lines stand before the text that is read.
    private var linesBefore = 0

    /// The documents of a text; empty ones are left out.
    static func parse(_ text: String) throws(ManifestError) -> [Manifest] {
        var reader = YAMLDocuments()
        return try reader.read(text)
    }

    /// The documents of a text of which some do not parse, each looked at by itself. A document begins at a line that
    /// begins with `---`, which can stand nowhere within one.
    static func parseEach(_ text: String) -> ManifestStream {
        var reader = YAMLDocuments()
        var stream = ManifestStream()
        var start = text.startIndex
        func end(_ end: String.Index, nextLine: Int) {
            let part = String(text[start..<end])
            do throws(ManifestError) {
                stream.documents += try reader.read(part)
            } catch {
                stream.faults.append(.init(error: error, documentLine: reader.linesBefore + 1, text: part))
            }
            start = end
            reader.linesBefore = nextLine
        }
        // By bytes: `\r\n` is one character.
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated().dropFirst() {
            guard line.starts(with: "---".utf8), line.dropFirst(3).first.map({ $0 <= 0x20 }) ?? true else { continue }
            end(line.startIndex, nextLine: number)
            // What is beyond the budget in one document is so in all that follow.
            if reader.budget <= 0 { return stream }
        }
        end(text.endIndex, nextLine: lines.count)
        return stream
    }

    private mutating func read(_ text: String) throws(ManifestError) -> [Manifest] {
        var documents: [Manifest] = []
        do {
            let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
            while let root = try parser.nextRoot() {
                let document = try convert(root, depth: 0)
                if case .null = document.value { continue }
                documents.append(document)
            }
        } catch let error as ManifestError {
            throw error
        } catch let error as YamlError {
            throw describe(error)
        } catch {
            throw ManifestError("not YAML")
        }
        return documents
    }

    private mutating func convert(_ node: Node, depth: Int) throws(ManifestError) -> Manifest {
        let line = linesBefore + (node.mark?.line ?? 1)
        budget -= 1
        guard budget > 0 else {
            throw ManifestError("more than \(Self.nodeLimit) values, once aliases are put in", line: line)
        }
        guard depth < Self.depthLimit else {
            throw ManifestError("values stand more than \(Self.depthLimit) deep in one another", line: line)
        }
        switch node {
        case .scalar(let scalar):
            return Manifest(Self.resolve(scalar), line: line)
        case .sequence(let sequence):
            var elements: [Manifest] = []
            for element in sequence {
                elements.append(try convert(element, depth: depth + 1))
            }
            return Manifest(.array(elements), line: line)
        case .mapping(let mapping):
            return Manifest(.object(try convert(mapping, depth: depth)), line: line)
        case .alias:
            throw ManifestError("an alias to nothing", line: line)
        }
    }

    private mutating func convert(
        _ mapping: Node.Mapping, depth: Int
    ) throws(ManifestError) -> [Manifest.Member] {
        var members: [Manifest.Member] = []
        var merged: [Manifest.Member] = []
        for (keyNode, valueNode) in mapping {
            let line = keyNode.mark.map { linesBefore + $0.line }
            guard let key = keyNode.scalar else {
                throw ManifestError("a key that is not a text", line: line, column: keyNode.mark?.column)
            }
            let value = try convert(valueNode, depth: depth + 1)
            if key.string == "<<", key.style == .plain {
                for source in value.elements ?? [value] {
                    guard let additions = source.members else {
                        throw ManifestError("`<<` takes a map, not \(source.typeName)", line: line)
                    }
                    merged += additions
                }
            } else {
                members.append(Manifest.Member(key: key.string, value: value))
            }
        }
        guard !merged.isEmpty else { return members }
        // What the map says itself counts, then the earlier of two merged maps.
        var known = Set(members.map(\.key))
        for member in merged where known.insert(member.key).inserted {
            members.append(member)
        }
        return members
    }

    /// What a scalar stands for: quoted ones are strings, plain ones what they look like.
    private static func resolve(_ scalar: Node.Scalar) -> Manifest.Value {
        switch scalar.tag.description {
        case "tag:yaml.org,2002:str", "!", "tag:yaml.org,2002:binary", "tag:yaml.org,2002:timestamp":
            return .string(scalar.string)
        case "tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:null":
            return plain(scalar.string)
        default:
            return scalar.style == .plain ? plain(scalar.string) : .string(scalar.string)
        }
    }

    /// What a plain scalar stands for, as the YAML library of kubectl has it.
    static func plain(_ text: String) -> Manifest.Value {
        switch text {
        case "", "~", "null", "Null", "NULL":
            return .null
        case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y":
            return .boolean(true)
        case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N":
            return .boolean(false)
        default:
            return isNumber(text) ? .number(text) : .string(text)
        }
    }

    private static func isNumber(_ text: String) -> Bool {
        var bytes = Array(text.utf8)[...]
        if let sign = bytes.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { bytes.removeFirst() }
        guard let first = bytes.first, first == UInt8(ascii: ".") || isDigit(first) else { return false }
        if first == UInt8(ascii: "0"), let radix = bytes.dropFirst().first, bytes.count > 2 {
            let digits = bytes.dropFirst(2).filter { $0 != UInt8(ascii: "_") }
            switch radix {
            case UInt8(ascii: "x"):
                return digits.allSatisfy { isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0 | 32) }
            case UInt8(ascii: "o"): return digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }
            case UInt8(ascii: "b"): return digits.allSatisfy { $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: "1") }
            default: break
            }
        }
        var digits = 0
        while let byte = bytes.first, isDigit(byte) || (byte == UInt8(ascii: "_") && digits > 0) {
            digits += 1
            bytes.removeFirst()
        }
        if bytes.first == UInt8(ascii: ".") {
            bytes.removeFirst()
            while let byte = bytes.first, isDigit(byte) {
                digits += 1
                bytes.removeFirst()
            }
        }
        guard digits > 0 else { return false }
        guard let exponent = bytes.first else { return true }
        guard exponent | 32 == UInt8(ascii: "e") else { return false }
        bytes.removeFirst()
        if let sign = bytes.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { bytes.removeFirst() }
        return !bytes.isEmpty && bytes.allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private func describe(_ error: YamlError) -> ManifestError {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            var message = problem
            if problem.hasPrefix("Maximum nesting level") {
                message = "values stand too deep in one another"
            } else if let context {
                message = "\(context.text) in line \(linesBefore + context.mark.line): \(problem)"
            }
            return ManifestError(message, line: linesBefore + mark.line, column: mark.column)
        case .duplicatedKeysInMapping(let duplicates, let context):
            let keys = duplicates.map { "`\($0)`" }.joined(separator: ", ")
            return ManifestError(
                "\(keys) stands twice in one map", line: linesBefore + context.mark.line, column: context.mark.column)
        case .reader(let problem, let offset, _, let yaml):
            let before = yaml.prefix(offset ?? 0)
            return ManifestError(problem, line: offset == nil ? nil : linesBefore + before.count { $0.isNewline } + 1)
        default:
            return ManifestError("not YAML: \(error)")
        }
    }
}
