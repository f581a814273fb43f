public import RuleLang

/// What the engine has to know besides the object itself.
public struct EvaluationContext: Sendable, Equatable {
    /// The namespace the object is in.
    public var namespace: String
    /// The namespace's labels; nil where they are not known, which is not the same as having none.
    public var namespaceLabels: [String: String]?
    /// What is being done.
    public var operation: Operation
    /// The object before an update.
    public var old: Workload?
    /// Whether the request is for `pods/ephemeralcontainers`, where the API server drops all other changes.
    public var isEphemeralContainersUpdate: Bool
    /// The webhook's own image, for `ignore self`; its tag and digest do not matter.
    public var selfImage: Reference?

    /// Makes a context.
    public init(
        namespace: String = "default", namespaceLabels: [String: String]? = nil, operation: Operation = .create,
        old: Workload? = nil, isEphemeralContainersUpdate: Bool = false, selfImage: Reference? = nil
    ) {
        self.namespace = namespace
        self.namespaceLabels = namespaceLabels
        self.operation = operation
        self.old = old
        self.isEphemeralContainersUpdate = isEphemeralContainersUpdate
        self.selfImage = selfImage
    }
}

/// A rule, and where its action stands.
public struct RuleLocation: Sendable, Hashable {
    /// The rule's name.
    public let rule: String
    /// The name of the file.
    public let file: String
    /// The line of the action's pattern, from 1.
    public let line: Int

    /// Makes a location.
    public init(rule: String, file: String, line: Int) {
        self.rule = rule
        self.file = file
        self.line = line
    }
}

/// What becomes of one image.
public struct ImageDecision: Sendable, Equatable {
    /// What happened; the raw value is what JSON output says.
    public enum Outcome: String, Sendable, CaseIterable {
        case rewritten, unchanged, ignored, bypassed, denied, declined, unparsed
    }

    /// Where the image stands.
    public let field: ImageField
    /// What it becomes; nil where it stays as it is.
    public let to: String?
    /// What happened.
    public let outcome: Outcome
    /// The action that decided, if one did.
    public let by: RuleLocation?
    /// Why, in a sentence fragment for people: `no rule names this image`.
    public let reason: String
    /// Warnings for the user of the cluster, unbounded; the answer cuts them to what the API server takes.
    public let warnings: [String]
    /// What a rule that observes would do, without its name; the last of the warnings says so. Nil where that is what
    /// happens.
    public let observation: String?
    /// The messages of the denials that speak; empty unless denied.
    public let denials: [String]
    /// The reference, normalised, without bypass prefixes; nil where it does not parse.
    public let reference: Reference?

    /// Makes a decision.
    public init(
        field: ImageField, to: String? = nil, outcome: Outcome, by: RuleLocation? = nil, reason: String,
        warnings: [String] = [], observation: String? = nil, denials: [String] = [], reference: Reference? = nil
    ) {
        self.field = field
        self.to = to
        self.outcome = outcome
        self.by = by
        self.reason = reason
        self.warnings = warnings
        self.observation = observation
        self.denials = denials
        self.reference = reference
    }
}

/// What becomes of a pod or a workload.
public struct PodDecision: Sendable, Equatable {
    /// The images, in the workload's order.
    public let images: [ImageDecision]
    /// Warnings about the pod as a whole, such as unknown namespace labels; those of images are with the images.
    public let warnings: [String]
    /// The patch that brings the object to what it becomes; empty where nothing changes or something is denied.
    public let patch: [PatchOperation]

    /// Makes a decision.
    public init(images: [ImageDecision], warnings: [String] = [], patch: [PatchOperation] = []) {
        self.images = images
        self.warnings = warnings
        self.patch = patch
    }

    /// Whether some image is denied, and so the object refused.
    public var isDenied: Bool { images.contains { $0.outcome == .denied } }
}

/// One action that was looked at for an image, and what spoke for or against it.
public struct ConsideredAction: Sendable, Equatable {
    /// The rule, and where the action stands.
    public let location: RuleLocation
    /// The pattern as written, with `let` names put in.
    public let pattern: String
    /// What the action does, in short: ``rewrite to `m.corp/*` ``.
    public let action: String
    /// Whether this action decided.
    public let won: Bool
    /// Why it did or did not: `wins`, `less specific than …`, `namespace label x is not set`.
    public let verdict: String

    /// How far an action got with an image.
    enum Standing: Sendable {
        /// The pattern names the repository, and another tag.
        case otherTag
        /// The pattern holds the image, and a condition does not hold.
        case conditionFails
        /// The action claims the image, whether or not another one won it.
        case claims
    }
    /// How far the action got.
    let standing: Standing

    /// Makes an entry of a trace.
    init(
        location: RuleLocation, pattern: String, action: String, won: Bool, verdict: String, standing: Standing
    ) {
        self.location = location
        self.pattern = pattern
        self.action = action
        self.won = won
        self.verdict = verdict
        self.standing = standing
    }
}
