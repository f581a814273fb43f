import RuleLang

/// The answer to a review.
public struct AdmissionResponse: Sendable, Equatable {
    /// The version of the review.
    public let apiVersion: String
    /// The request's identity.
    public let uid: String
    /// Why the object is refused; nil where it is allowed.
    public let denial: String?
    /// What to change; empty where nothing is.
    public let patch: [PatchOperation]
    /// What `kubectl` shows to whoever sent the object, each one line of at most 256 characters.
    public let warnings: [String]
    /// What the audit log gets: a plain name and a text.
    public let auditAnnotations: [String: String]

    /// The answer that lets an object pass as it is.
    public init(allowing review: AdmissionReview, warnings: [String] = []) {
        self.init(review, PodDecision(images: [], warnings: warnings))
    }

    /// The answer that refuses an object for a reason of the webhook's own, as a webhook that fails closed does.
    ///
    /// - Parameter keepingLines: whether line breaks in the reason stay, for reasons that no client wrote.
    public init(denying review: AdmissionReview, because reason: String, keepingLines: Bool = false) {
        apiVersion = review.apiVersion
        uid = review.uid
        denial = Self.cut(reason, to: 4_096, keepingLines: keepingLines)
        patch = []
        warnings = []
        auditAnnotations = [:]
    }

    /// The answer that a decision comes to.
    public init(_ review: AdmissionReview, _ decision: PodDecision) {
        apiVersion = review.apiVersion
        uid = review.uid
        denial = decision.isDenied ? Self.denial(decision) : nil
        patch = decision.isDenied ? [] : decision.patch
        warnings = Self.bounded(decision.warnings + decision.images.flatMap(\.warnings))
        // A differing value on reinvocation is an error in the API server's log, so there is none without a patch.
        auditAnnotations = patch.isEmpty ? [:] : Self.audit(decision)
    }

    private static func denial(_ decision: PodDecision) -> String {
        let lines = decision.images.filter { $0.outcome == .denied }.map { image in
            let rule = image.by.map { " (rule \($0.rule))" } ?? ""
            let title = Evaluation.title(image.field).replacing("`", with: "")
            // Names are not validated yet when a webhook is asked: one with a line break must not make a line.
            return cut(
                "\(title): image \(image.field.text): \(image.denials.joined(separator: "; "))\(rule)", to: 1_024)
        }
        return cut(lines.joined(separator: "\n"), to: 4_096, keepingLines: true)
    }

    /// The most Unicode scalars of an audit annotation.
    static let auditLimit = 4_096

    private static func audit(_ decision: PodDecision) -> [String: String] {
        let parts = decision.images.compactMap { image in
            image.to.map { to in
                // A bypassed image names the rule that it was kept from, which did not write the new text.
                let rule = image.outcome == .rewritten ? image.by.map { " (rule \($0.rule))" } ?? "" : " (bypassed)"
                return "\(image.field.place.rawValue)/\(image.field.name): \(image.field.text) -> \(to)\(rule)"
            }
        }
        return parts.isEmpty ? [:] : ["rewritten": cut(parts.joined(separator: "; "), to: auditLimit)]
    }

    /// What the API server takes: one line each, at most 256 characters, about 4096 in all. A control character would
    /// drop a warning silently.
    private static func bounded(_ warnings: [String]) -> [String] {
        var kept: [String] = []
        var known: Set<String> = []
        var length = 0
        var omitted = 0
        for warning in warnings {
            let text = cut(warning, to: 256)
            // The API server shows a text once, however many containers it is about.
            guard known.insert(text).inserted else { continue }
            let count = text.unicodeScalars.count
            if omitted == 0, length + count <= 3_900 {
                kept.append(text)
                length += count
            } else {
                omitted += 1
            }
        }
        if omitted > 0 { kept.append(omitted == 1 ? "and 1 more warning" : "and \(omitted) more warnings") }
        return kept
    }

    /// A text with a space for all that breaks or reorders a line, and with `…` at the end where it is longer than `limit`
    /// Unicode scalars, which is what the API server counts. What is beyond the limit is not looked at: names and
    /// images may be megabytes.
    private static func cut(_ text: String, to limit: Int, keepingLines: Bool = false) -> String {
        var scalars = String.UnicodeScalarView()
        for (count, scalar) in text.unicodeScalars.enumerated() {
            guard count < limit else {
                scalars.removeLast()
                scalars.append("…")
                break
            }
            // Nearly all of a text is printable ASCII.
            let isControl = !(0x20..<0x7f ~= scalar.value) && scalar.isControl
            scalars.append(isControl && !(keepingLines && scalar == "\n") ? " " : scalar)
        }
        return String(scalars)
    }

    /// The AdmissionReview to send back, as JSON.
    public func json() -> [UInt8] {
        var writer = AnswerWriter(capacity: 256)
        writer.begin(
            apiVersion: { JSONBytes.append(apiVersion, to: &$0) }, uid: { JSONBytes.append(uid, to: &$0) },
            isAllowed: denial == nil)
        if let denial { writer.denial(denial) }
        if !patch.isEmpty {
            writer.beginPatch()
            writer.bytes += PatchOperation.write(patch)
            writer.endPatch()
        }
        writer.warnings(warnings)
        writer.auditAnnotations(auditAnnotations)
        return writer.end()
    }
}
