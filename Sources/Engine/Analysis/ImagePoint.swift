import RuleLang

/// One image in one situation, ready to be decided.
struct ImagePoint: Hashable {
    var text: String
    var namespace = "default"
    var namespaceLabels: [String: String]? = [:]
    var podLabels: [String: String] = [:]
    var place = Place.container
    var operation = Operation.create
    var selfImage: Reference?

    init(text: String) { self.text = text }

    init(_ witness: Witness, text: String? = nil, operation: Operation? = nil) {
        self.text = text ?? witness.image
        namespace = witness.namespace
        namespaceLabels = witness.namespaceLabels
        podLabels = witness.podLabels
        place = witness.place
        self.operation = operation ?? witness.operation
    }

    /// What a program makes of it.
    func decide(by program: Program) -> PodDecision {
        let field = ImageField(place: place, name: "", pointer: "/image", text: text)
        let workload = Workload(kind: "Pod", labels: podLabels, annotations: [:], images: [field])
        let context = EvaluationContext(
            namespace: namespace, namespaceLabels: namespaceLabels,
            operation: place == .ephemeral ? .update : operation, selfImage: selfImage)
        return program.decide(workload, in: context)
    }
}
