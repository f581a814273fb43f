import RuleLang

/// The names that `let` defines, and what they stand for.
struct NameTable {
    private struct Definition {
        let binding: Binding
        let name: String
    }

    /// What each name stands for; a name that could not be resolved is defined but has no value.
    private(set) var values: [String: String] = [:]
    private var defined: Set<String> = []
    private var sortedNames: [String] = []
    /// The bytes of all values together.
    private var size = 0
    /// Beyond this many bytes in all, names are refused: each may hold others many times over.
    private static let maximumSize = 16 * 1_048_576
    /// Whether some definition may be missing because its statement was broken, so that an unknown name may well be
    /// known.
    private let mayBeIncomplete: Bool

    /// Resolves all definitions of a rule set.
    init(
        _ trees: [SyntaxTree], settings: [String: String], mayBeIncomplete: Bool, diagnostics: inout [Diagnostic]
    ) {
        self.mayBeIncomplete = mayBeIncomplete
        var definitions: [String: Binding] = [:]
        var order: [Definition] = []
        for tree in trees {
            for case .binding(let binding) in tree.statements {
                guard let name = Self.checkedName(of: binding, diagnostics: &diagnostics) else { continue }
                if let earlier = definitions[name] {
                    diagnostics.append(
                        Diagnostic(
                            .duplicateName, "`\(name)` is defined twice", at: binding.name.span, label: "again here",
                            secondary: [.init(span: earlier.name.span, text: "first here")],
                            help: ["remove one of them, or give it another name"]))
                    continue
                }
                definitions[name] = binding
                order.append(Definition(binding: binding, name: name))
            }
        }
        defined = Set(definitions.keys)
        sortedNames = defined.sorted()
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
            if defined.contains(name) {
                values[name] = value
            } else if !mayBeIncomplete {
                let near = Suggestion.closest(to: name, among: defined.sorted())
                diagnostics.append(
                    Diagnostic(
                        .unknownSetting, "no `let` defines `\(name)`, so it cannot be set", at: nil,
                        help: near.map { ["did you mean `\($0)`?"] }
                            ?? ["define it: `let \(name) = \"…\"`"]))
            }
        }
        resolve(order.filter { settings[$0.name] == nil }, definitions, &diagnostics)
    }

    private static func checkedName(of binding: Binding, diagnostics: inout [Diagnostic]) -> String? {
        guard let name = binding.name.plainText, isName(name) else {
            diagnostics.append(
                Diagnostic(
                    .badName, "this is not a name", at: binding.name.span,
                    help: ["a name begins with a letter and has letters, digits, `_` and `-`"]))
            return nil
        }
        guard name != "registry" else {
            diagnostics.append(
                Diagnostic(
                    .reservedName, "`registry` is reserved: in a target, `${registry}` is the source's registry",
                    at: binding.name.span, help: ["choose another name, such as `mirror`"]))
            return nil
        }
        return name
    }

    /// Whether a text can stand between `${` and `}`.
    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, isLetter(first) else { return false }
        return text.utf8.allSatisfy { isLetter($0) || (48...57).contains($0) || $0 == 45 || $0 == 95 }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (65...90).contains(byte) || (97...122).contains(byte)
    }

    /// Resolves what can be, dependencies first, without recursion: a chain of names may be long.
    private mutating func resolve(
        _ order: [Definition], _ definitions: [String: Binding], _ diagnostics: inout [Diagnostic]
    ) {
        var dependents: [String: [Int]] = [:]
        var missing = [Int](repeating: 0, count: order.count)
        let indices = Dictionary(order.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        for (index, definition) in order.enumerated() {
            for name in Self.names(in: definition.binding.value) where indices[name] != nil {
                dependents[name, default: []].append(index)
                missing[index] += 1
            }
        }
        var ready = order.indices.filter { missing[$0] == 0 }
        var next = 0
        while next < ready.count {
            let index = ready[next]
            next += 1
            let definition = order[index]
            if size > Self.maximumSize { break }
            if let text = resolve(definition.binding.value, diagnostics: &diagnostics) {
                values[definition.name] = text.text
                size += text.text.utf8.count
            }
            if size > Self.maximumSize {
                diagnostics.append(
                    Diagnostic(
                        .textTooLong, "the values of all `let`s come to more than \(Self.maximumSize) bytes",
                        at: definition.binding.value.span, help: ["shorten what the names stand for"]))
            }
            for dependent in dependents[definition.name] ?? [] {
                missing[dependent] -= 1
                if missing[dependent] == 0 { ready.append(dependent) }
            }
        }
        var reported: Set<Int> = []
        for start in order.indices where missing[start] > 0 && !reported.contains(start) {
            if size > Self.maximumSize { break }
            var path: [Int] = []
            var onPath: Set<Int> = []
            var current = start
            while !onPath.contains(current), !reported.contains(current) {
                path.append(current)
                onPath.insert(current)
                guard
                    let name = Self.names(in: order[current].binding.value).first(where: {
                        indices[$0].map { missing[$0] > 0 } ?? false
                    }), let following = indices[name]
                else { break }
                current = following
            }
            reported.formUnion(path)
            guard let begin = path.firstIndex(of: current) else { continue }
            let cycle = path[begin...].map { order[$0] }
            guard let first = cycle.first else { continue }
            let names = (cycle.prefix(8) + (cycle.count > 8 ? [] : [first])).map { "`\($0.name)`" }.joined(
                separator: " -> ")
            diagnostics.append(
                Diagnostic(
                    .bindingCycle,
                    cycle.count == 1
                        ? "`\(first.name)` is defined by itself"
                        : "`\(first.name)` is defined by way of itself: \(names)",
                    at: first.binding.value.span,
                    secondary: cycle.dropFirst().prefix(8).map {
                        .init(span: $0.binding.value.span, text: "by way of this")
                    },
                    help: ["give one of them a value of its own"]))
        }
    }

    private static func names(in literal: Literal) -> [String] {
        literal.segments.compactMap { segment in
            if case .interpolation(let name) = segment.kind { name } else { nil }
        }
    }

    /// Puts names into a literal; what is wrong is reported, and the result nil.
    func resolve(
        _ literal: Literal, registry: String? = nil, diagnostics: inout [Diagnostic]
    ) -> ResolvedText? {
        let resolved = ResolvedText(literal) { name, span in
            if name == "registry" {
                if registry == nil {
                    diagnostics.append(
                        Diagnostic(
                            .misusedRegistryName, "`${registry}` stands in the target of a rewrite only", at: span,
                            help: ["it is the registry of the image that is rewritten, which is not known here"]))
                }
                return registry
            }
            if let value = values[name] { return value }
            if !defined.contains(name), !mayBeIncomplete {
                // A search of all names for each unknown one would take the square of their number.
                let candidates = defined.count <= 1_000 ? sortedNames : []
                let near = Suggestion.closest(to: name, among: candidates + (registry == nil ? [] : ["registry"]))
                diagnostics.append(
                    Diagnostic(
                        .unknownName, "nothing is called `\(name)`", at: span,
                        help: near.map { ["did you mean `${\($0)}`?"] }
                            ?? [
                                "define it: `let \(name) = \"…\"`",
                                "or write `\\${\(name)}` for the characters themselves",
                            ],
                        fix: near.map { .init(span: span, text: "${\($0)}") }))
            }
            return nil
        }
        guard let resolved else { return nil }
        guard resolved.text.utf8.count <= ResolvedText.maximumLength else {
            diagnostics.append(
                Diagnostic(
                    .textTooLong,
                    "the text is longer than \(ResolvedText.maximumLength) bytes once its names are put in",
                    at: literal.span, help: ["shorten what its names stand for"]))
            return nil
        }
        return resolved
    }
}
