/// A condition, as `when`, `ignore` and `given` spell it.
public struct Condition: Sendable, Equatable {
    /// What is asked.
    public enum Kind: Sendable, Equatable {
        /// `namespace NAME, …`; a name may end in `*`.
        case namespaceNames([Literal])
        /// `namespace where SELECTOR`
        case namespaceLabels(Selector)
        /// `pod where SELECTOR`
        case podLabels(Selector)
        /// `image in container, init, …`
        case places([Keyword<Place>])
        /// `operation create, …`
        case operations([Keyword<Operation>])
        /// `image has [no] tag|digest`
        case imageHas(ImagePart, isNegated: Bool)
    }
    /// What is asked.
    public let kind: Kind
    /// The condition's words.
    public let span: Span

    /// Makes a condition.
    public init(kind: Kind, span: Span) {
        self.kind = kind
        self.span = span
    }
}

/// A keyword that stands for a value, and where it was written.
public struct Keyword<Value: Sendable & Equatable>: Sendable, Equatable {
    /// What the keyword stands for.
    public let value: Value
    /// Where it stands.
    public let span: Span

    /// Makes a keyword.
    public init(value: Value, span: Span) {
        self.value = value
        self.span = span
    }
}

/// A place in a pod that names an image; the raw value is the keyword.
public enum Place: String, Sendable, CaseIterable {
    case container
    case initContainer = "init"
    case ephemeral
    case volume
}

/// What is being done to the pod; the raw value is the keyword.
public enum Operation: String, Sendable, CaseIterable {
    case create
    case update
}

/// A part of a reference that may be written or not; the raw value is the keyword.
public enum ImagePart: String, Sendable, CaseIterable {
    case tag
    case digest
}

/// A label selector as `kubectl get -l` takes it: all requirements hold.
public struct Selector: Sendable, Equatable {
    /// The requirements in order; at least one.
    public let requirements: [Requirement]
    /// The selector's source.
    public let span: Span

    /// Makes a selector.
    public init(requirements: [Requirement], span: Span) {
        self.requirements = requirements
        self.span = span
    }
}

/// One requirement of a selector.
public struct Requirement: Sendable, Equatable {
    /// What is required of the key.
    public enum Kind: Sendable, Equatable {
        /// `key = value` or `key == value`
        case equals(Literal)
        /// `key != value`; holds where the key is absent
        case notEquals(Literal)
        /// `key in (a, b)`; the list may be empty here, the checker refuses that
        case isIn([Literal])
        /// `key notin (a, b)`; holds where the key is absent
        case notIn([Literal])
        /// `key`
        case exists
        /// `!key`
        case doesNotExist
    }
    /// The label's key.
    public let key: Literal
    /// What is required of it.
    public let kind: Kind
    /// The requirement's source.
    public let span: Span

    /// Makes a requirement.
    public init(key: Literal, kind: Kind, span: Span) {
        self.key = key
        self.kind = kind
        self.span = span
    }
}
