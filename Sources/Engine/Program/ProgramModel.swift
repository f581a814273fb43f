import RuleLang

/// What an action does to the images it wins.
enum Effect: Hashable, Sendable {
    case rewrite(RewriteTarget, RewriteOptions)
    case allow
    case deny(String)

    var isDenial: Bool { if case .deny = self { true } else { false } }

    /// The effect in short, for people.
    var text: String {
        switch self {
        case .rewrite(let target, _): "rewrite to `\(target.text)`"
        case .allow: "allow"
        case .deny(let reason): "deny because \"\(reason)\""
        }
    }
}

/// A label or annotation that a rule writes where it rewrote an image.
struct Mark: Hashable, Sendable, Comparable {
    let kind: MarkStatement.Kind
    let key: String
    let value: String

    /// Labels before annotations, then by key.
    static func < (left: Mark, right: Mark) -> Bool {
        (left.kind == .label ? 0 : 1, left.key, left.value) < (right.kind == .label ? 0 : 1, right.key, right.value)
    }
}

/// A rule as the program knows it.
struct CompiledRule: Hashable, Sendable {
    let name: String
    let conditions: ConditionSet
    /// Sorted by kind and key.
    let marks: [Mark]
    let isObserved: Bool
    /// The names of the rules that it overrides, sorted.
    let overrides: [String]
}

/// One pattern of a rule, and what happens to its images.
struct CompiledAction: Hashable, Sendable {
    /// The index of the rule.
    var rule: Int
    let pattern: ImagePattern
    let effect: Effect
    let warning: String?
}

/// An `ignore`, one a pattern.
enum IgnoreEntry: Hashable, Sendable {
    case selfImage
    case image(ImagePattern)
    case conditions(ConditionSet)

    /// The images that the entry may cover; all of them where it says nothing of the image.
    var pattern: ImagePattern {
        if case .image(let pattern) = self { pattern } else { .everything }
    }
}
