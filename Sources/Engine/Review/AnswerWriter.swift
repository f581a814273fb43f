/// Writes an AdmissionReview that answers, part by part in this order: `begin`, a denial or a patch, warnings, audit
/// annotations, `end`.
struct AnswerWriter {
    var bytes: [UInt8] = []
    private var patchStart = 0

    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    mutating func begin(apiVersion: (inout [UInt8]) -> Void, uid: (inout [UInt8]) -> Void, isAllowed: Bool) {
        literal("{\"apiVersion\":")
        apiVersion(&bytes)
        literal(",\"kind\":\"AdmissionReview\",\"response\":{\"uid\":")
        uid(&bytes)
        literal(isAllowed ? ",\"allowed\":true" : ",\"allowed\":false")
    }

    mutating func denial(_ message: String) {
        literal(",\"status\":{\"code\":403,\"reason\":\"Forbidden\",\"message\":")
        JSONBytes.append(message, to: &bytes)
        literal("}")
    }

    /// What is written until `endPatch` is the patch, as JSON.
    mutating func beginPatch() {
        literal(",\"patchType\":\"JSONPatch\",\"patch\":\"")
        patchStart = bytes.count
    }

    mutating func endPatch() {
        Base64.encode(&bytes, from: patchStart)
        literal("\"")
    }

    mutating func warnings(_ warnings: [String]) {
        guard !warnings.isEmpty else { return }
        for (index, warning) in warnings.enumerated() {
            literal(index == 0 ? ",\"warnings\":[" : ",")
            JSONBytes.append(warning, to: &bytes)
        }
        literal("]")
    }

    mutating func auditAnnotations(_ annotations: [String: String]) {
        guard !annotations.isEmpty else { return }
        for (index, entry) in annotations.sorted(by: { $0.key < $1.key }).enumerated() {
            literal(index == 0 ? ",\"auditAnnotations\":{" : ",")
            JSONBytes.append(entry.key, to: &bytes)
            literal(":")
            JSONBytes.append(entry.value, to: &bytes)
        }
        literal("}")
    }

    mutating func end() -> [UInt8] {
        literal("}}")
        return bytes
    }

    @inline(__always)
    mutating func text(_ text: String) { bytes.append(contentsOf: text.utf8) }

    @inline(__always)
    mutating func literal(_ text: StaticString) {
        // `unsafe` because a literal's bytes come as a pointer, with their number.
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// A number from 0, without a string for it.
    mutating func number(_ number: Int) {
        if number >= 10 { self.number(number / 10) }
        bytes.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number % 10))
    }
}
