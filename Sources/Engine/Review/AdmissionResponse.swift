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
            return "\(title): image \(image.field.text): \(image.denials.joined(separator: "; "))\(rule)"
        }
        return cut(lines.joined(separator: "\n"), to: 4_096, keepingLines: true)
    }

    private static func audit(_ decision: PodDecision) -> [String: String] {
        let parts = decision.images.compactMap { image in
            image.to.map { to in
                let rule = image.by.map { " (rule \($0.rule))" } ?? " (bypassed)"
                return "\(image.field.place.rawValue)/\(image.field.name): \(image.field.text) -> \(to)\(rule)"
            }
        }
        return parts.isEmpty ? [:] : ["rewritten": cut(parts.joined(separator: "; "), to: 4_096)]
    }

    /// What the API server takes: one line each, at most 256 characters, about 4096 in all. A control character would
    /// drop a warning silently.
    private static func bounded(_ warnings: [String]) -> [String] {
        var kept: [String] = []
        var length = 0
        for (index, warning) in warnings.enumerated() {
            let text = cut(warning, to: 256)
            length += text.unicodeScalars.count
            guard length <= 3_900 else {
                kept.append("and \(warnings.count - index) more warnings")
                break
            }
            if !kept.contains(text) { kept.append(text) }
        }
        return kept
    }

    private static func cut(_ text: String, to limit: Int, keepingLines: Bool = false) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value)
            scalars.append(isControl && !(keepingLines && scalar == "\n") ? " " : scalar)
            guard scalars.count <= limit else {
                scalars.removeLast(2)
                scalars.append("…")
                break
            }
        }
        return String(scalars)
    }

    /// The AdmissionReview to send back, as JSON.
    public func json() -> [UInt8] {
        var bytes = Array("{\"apiVersion\":".utf8)
        JSONBytes.append(apiVersion, to: &bytes)
        bytes += Array(",\"kind\":\"AdmissionReview\",\"response\":{\"uid\":".utf8)
        JSONBytes.append(uid, to: &bytes)
        bytes += Array(",\"allowed\":\(denial == nil)".utf8)
        if let denial {
            bytes += Array(",\"status\":{\"code\":403,\"reason\":\"Forbidden\",\"message\":".utf8)
            JSONBytes.append(denial, to: &bytes)
            bytes.append(UInt8(ascii: "}"))
        }
        if !patch.isEmpty {
            bytes += Array(",\"patchType\":\"JSONPatch\",\"patch\":\"".utf8)
            Base64.append(PatchOperation.write(patch), to: &bytes)
            bytes.append(UInt8(ascii: "\""))
        }
        if !warnings.isEmpty {
            bytes += Array(",\"warnings\":[".utf8)
            for (index, warning) in warnings.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                JSONBytes.append(warning, to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        }
        if !auditAnnotations.isEmpty {
            bytes += Array(",\"auditAnnotations\":{".utf8)
            for (index, entry) in auditAnnotations.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                JSONBytes.append(entry.key, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                JSONBytes.append(entry.value, to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
        bytes += Array("}}".utf8)
        return bytes
    }
}
