import Engine
import RuleLang

private let program: Program? = RuleSet.load([
    SourceFile(
        name: "fuzz.rules",
        text: """
            language 1
            bypass "direct.to/"
            ignore namespace kube-system
            rule a {
                rewrite "docker.io/*" to "m.example.com/*" drop library
                mark label swapped = yes
            }
            rule b {
                deny "*/*:latest" because "no latest"
            }
            rule c {
                allow "docker.io/*:latest"
            }
            """)
]).ruleSet?.program

nonisolated(unsafe) private var answerer = ReviewAnswerer()

/// Any bytes: a review is refused, or answered with an answer that is read back as JSON; and it is answered the same
/// from bytes to bytes and by way of values.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    guard let program else { preconditionFailure("the rules of the fuzz target are not valid") }
    _ = try? Workload.read(json: bytes)
    let direct = try? answerer.answer(bytes, by: program) { _ in [:] }
    guard let review = try? AdmissionReview.read(bytes) else {
        precondition(direct == nil, "answered, though it is no review")
        return 0
    }
    let answer = program.answer(review, namespaceLabels: [:]).json()
    precondition(direct?.json == answer, "the two ways to an answer differ")
    do {
        guard case .malformed = try Workload.read(json: answer) else { return 0 }
    } catch {
        preconditionFailure("the answer is not JSON: \(error)")
    }
    return 0
}
