import Engine
import RuleLang

/// Any rule set that loads decides over any image without a trap, and never makes an invalid reference.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let source = SourceFile(name: "fuzz.rules", bytes: Array(UnsafeBufferPointer(start: data, count: count)))
    guard let ruleSet = RuleSet.load([source]).ruleSet else { return 0 }
    _ = ruleSet.runTests()
    _ = ruleSet.coverage().gaps
    for (place, text) in zip(
        Place.allCases,
        ["nginx", "quay.io/a/b:1", "direct.to/a.gcr.io/x@sha256:" + String(repeating: "0", count: 64), "X"])
    {
        let field = ImageField(place: place, name: "c", pointer: "/image", text: text)
        let decision = ruleSet.program.decide(
            Workload(kind: "Pod", images: [field]), in: EvaluationContext(namespaceLabels: [:]))
        for image in decision.images {
            guard let to = image.to else { continue }
            guard case .success = Reference.parse(to) else { preconditionFailure(to) }
        }
    }
    return 0
}
