import Engine
#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import RuleLang

/// An edit of the ConfigMap that holds the rules, and what is to be said about it.
struct RuleEdit: Sendable {
    /// What becomes of an edit.
    struct Judgement: Sendable, Equatable {
        /// Why it is refused, for a terminal; nil where it is not.
        var refusal: String?
        /// One line each.
        var warnings: [String] = []
    }

    /// Findings that a refusal shows; how many more there are is said.
    static let findingLimit = 10

    /// The `*.rules` files, in the order of their names.
    let files: [SourceFile]
    private let name: String

    /// Reads the edit from the review; nil where its object is no ConfigMap that can be read.
    init?(review body: [UInt8]) {
        struct ConfigMap: Decodable {
            struct Metadata: Decodable {
                var name: String?
            }
            var metadata: Metadata?
            var data: [String: String]?
            var binaryData: [String: Data]?
        }
        struct Review: Decodable {
            struct Request: Decodable {
                var object: ConfigMap?
            }
            var request: Request
        }
        guard let review = try? JSONDecoder().decode(Review.self, from: Data(body)), let map = review.request.object
        else { return nil }
        // The kubelet writes both kinds of keys as files.
        var contents = (map.data ?? [:]).mapValues { Array($0.utf8) }
        for (key, value) in map.binaryData ?? [:] { contents[key] = Array(value) }
        name = map.metadata?.name ?? "the ConfigMap"
        files = contents.filter { $0.key.hasSuffix(".rules") && !$0.key.hasPrefix(".") }
            .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .map { SourceFile(name: $0.key, bytes: $0.value) }
    }

    /// Checks the rules as the server would when they arrive.
    ///
    /// - Parameters:
    ///   - settings: values for `let` names.
    ///   - live: what decides now; nil where nothing does.
    ///   - labelRefusal: why rules that ask for labels of namespaces are refused; nil where they are not.
    /// - Returns: nil where the task was cancelled meanwhile.
    func judge(settings: [String: String], live: Program?, labelRefusal: String?) -> Judgement? {
        guard !files.isEmpty else { return Judgement(refusal: "`\(name)` would hold no `*.rules` key") }
        let load = RuleSet.load(files, settings: settings)
        if load.isCancelled { return nil }
        if let later = load.diagnostics.first(where: isOfLaterLanguage) {
            return Judgement(warnings: [
                "\(place(of: later))\(later.message): the rules were not checked, and replicas that do not know it "
                    + "keep their rules"
            ])
        }
        guard let ruleSet = load.ruleSet else { return Judgement(refusal: refusal(load.diagnostics)) }
        if let labelRefusal, ruleSet.program.asksForNamespaceLabels {
            let readers = ruleSet.program.namespaceLabelReaders.map { "\($0) asks for labels of the namespace" }
            return Judgement(refusal: (readers + [labelRefusal]).joined(separator: "\n"))
        }
        var warnings = load.diagnostics.map { "\(place(of: $0))\($0.code.rawValue): \($0.message)" }
        if let live, !ruleSet.program.isEquivalent(to: live) {
            warnings += Difference(from: live, to: ruleSet.program).reentries.filter(\.isFromOld).map(Self.line)
        }
        return Judgement(warnings: warnings)
    }

    private static func line(_ reentry: DifferenceReentry) -> String {
        let result = reentry.result ?? "denied"
        return "what the live rules write would be taken up again: "
            + "\(reentry.image) -> \(reentry.output) -> \(result)"
    }

    private func refusal(_ diagnostics: [Diagnostic]) -> String {
        let errors = diagnostics.filter { $0.severity == .error }
        let shown = Array(errors.prefix(Self.findingLimit))
        var text = "the rules are not valid\n\n" + HumanRenderer(files: files, color: false).render(shown)
        if errors.count > shown.count { text += "\nand \(errors.count - shown.count) more errors\n" }
        return text
    }

    private func isOfLaterLanguage(_ diagnostic: Diagnostic) -> Bool {
        guard diagnostic.code == .unknownLanguageVersion, let span = diagnostic.primary?.span,
            files.indices.contains(span.file), let version = Int(files[span.file].text(span.range))
        else { return false }
        return version > 1
    }

    private func place(of diagnostic: Diagnostic) -> String {
        guard let span = diagnostic.primary?.span, files.indices.contains(span.file) else { return "" }
        let position = files[span.file].position(at: span.start)
        return "\(files[span.file].name):\(position.line):\(position.column): "
    }
}
