import RuleLang

/// `accept CODE`: warnings that are meant, in a rule or in a file.
struct Acceptances {
    private struct Acceptance {
        let code: String
        let span: Span
        let scope: Scope
    }

    private enum Scope {
        case file(Int)
        case rule(Span)

        func covers(_ span: Span) -> Bool {
            switch self {
            case .file(let file): span.file == file
            case .rule(let rule): span.file == rule.file && rule.start <= span.start && span.end <= rule.end
            }
        }
    }

    private var acceptances: [Acceptance] = []

    /// Collects all acceptances, and reports those that name no warning.
    init(_ trees: [SyntaxTree], diagnostics: inout [Diagnostic]) {
        for tree in trees {
            for statement in tree.statements {
                switch statement {
                case .accept(let codes, _):
                    add(codes, .file(tree.file), &diagnostics)
                case .rule(let rule):
                    for case .accept(let codes, _) in rule.statements { add(codes, .rule(rule.span), &diagnostics) }
                default:
                    break
                }
            }
        }
    }

    private mutating func add(_ codes: [Literal], _ scope: Scope, _ diagnostics: inout [Diagnostic]) {
        let known = DiagnosticCode.checking
        for literal in codes {
            let code = literal.plainText ?? ""
            guard let found = known.first(where: { $0.rawValue == code }) else {
                let warnings = known.filter { $0.severity == .warning && $0 != .unusedAcceptance }.map(\.rawValue)
                diagnostics.append(
                    Diagnostic(
                        .unknownCode, "no warning has the code `\(code)`", at: literal.span,
                        help: Suggestion.closest(to: code, among: warnings).map { ["did you mean `\($0)`?"] }
                            ?? ["codes of warnings are " + warnings.map { "`\($0)`" }.joined(separator: ", ")]))
                continue
            }
            guard found.severity == .warning else {
                diagnostics.append(
                    Diagnostic(
                        .unknownCode, "`\(code)` is an error, which cannot be accepted", at: literal.span,
                        help: ["mend what it reports"]))
                continue
            }
            guard found != .unusedAcceptance else {
                diagnostics.append(
                    Diagnostic(
                        .unusedAcceptance, "accepting `\(code)` silences nothing", at: literal.span,
                        help: ["remove it, and each `accept` that W0401 reports"]))
                continue
            }
            acceptances.append(Acceptance(code: code, span: literal.span, scope: scope))
        }
    }

    /// Takes the accepted warnings out, and warns of acceptances of nothing.
    func apply(to diagnostics: inout [Diagnostic]) {
        var used = Set<Int>()
        diagnostics.removeAll { diagnostic in
            guard diagnostic.severity == .warning, let span = diagnostic.primary?.span else { return false }
            let matching = acceptances.indices.filter {
                acceptances[$0].code == diagnostic.code.rawValue && acceptances[$0].scope.covers(span)
            }
            used.formUnion(matching)
            return !matching.isEmpty
        }
        // An error may keep what is accepted from being looked for.
        guard !diagnostics.contains(where: { $0.severity == .error && $0.code != .unknownCode }) else { return }
        for (index, acceptance) in acceptances.enumerated() where !used.contains(index) {
            diagnostics.append(
                Diagnostic(
                    .unusedAcceptance, "`\(acceptance.code)` does not occur here", at: acceptance.span,
                    help: ["remove it from `accept`"]))
        }
    }
}
