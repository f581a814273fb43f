@testable import Engine
import RuleLang

/// The language's definition, read off the syntax tree, one step after the other and without any cleverness: what the
/// compiled program is held against. It shares nothing with it but the parser of rules and that of references.
struct SlowEvaluator {
    struct Action {
        let rule: RuleDeclaration
        let statement: ActionStatement
        let pattern: String
    }

    let statements: [Statement]
    let lets: [String: Literal]
    let actions: [Action]
    let bypasses: [String]

    init(_ trees: [SyntaxTree]) {
        statements = trees.flatMap(\.statements)
        var lets: [String: Literal] = [:]
        for case .binding(let binding) in statements { lets[binding.name.plainText ?? ""] = binding.value }
        self.lets = lets
        var actions: [Action] = []
        var bypasses: [String] = []
        for statement in statements {
            if case .rule(let rule) = statement {
                for case .action(let action) in rule.statements {
                    for literal in action.patterns {
                        actions.append(Action(rule: rule, statement: action, pattern: Self.resolve(literal, lets)))
                    }
                }
            }
            if case .bypass(let prefixes, _) = statement { bypasses += prefixes.map { Self.resolve($0, lets) } }
        }
        self.actions = actions
        self.bypasses = bypasses
    }

    static func resolve(_ literal: Literal, _ lets: [String: Literal], registry: String = "${registry}") -> String {
        literal.segments.map { segment in
            switch segment.kind {
            case .text(let text): text
            case .interpolation("registry"): registry
            case .interpolation(let name): lets[name].map { resolve($0, lets) } ?? "?"
            }
        }.joined()
    }

    // MARK: The situation

    struct Situation {
        var namespace: String
        var namespaceLabels: [String: String]
        var podLabels: [String: String]
        var place: Place
        var operation: Operation
        var reference: Reference
    }

    func holds(_ condition: Condition, _ s: Situation) -> Bool {
        switch condition.kind {
        case .namespaceNames(let names):
            return names.contains { literal in
                let name = literal.plainText ?? ""
                return name.hasSuffix("*") ? s.namespace.hasPrefix(name.dropLast()) : name == s.namespace
            }
        case .namespaceLabels(let selector):
            var labels = s.namespaceLabels
            labels["kubernetes.io/metadata.name"] = s.namespace
            return selector.requirements.allSatisfy { holds($0, labels) }
        case .podLabels(let selector): return selector.requirements.allSatisfy { holds($0, s.podLabels) }
        case .places(let places): return places.contains { $0.value == s.place }
        case .operations(let operations):
            return operations.contains { $0.value == (s.place == .ephemeral ? .update : s.operation) }
        case .imageHas(let part, let isNegated):
            let isThere = part == .tag ? s.reference.tag != nil : s.reference.digest != nil
            return isThere != isNegated
        }
    }

    private func holds(_ requirement: Requirement, _ labels: [String: String]) -> Bool {
        let value = labels[requirement.key.plainText ?? ""]
        func texts(_ literals: [Literal]) -> [String] { literals.map { $0.plainText ?? "" } }
        switch requirement.kind {
        case .equals(let wanted): return value == wanted.plainText
        case .notEquals(let wanted): return value != wanted.plainText
        case .isIn(let wanted): return value.map { texts(wanted).contains($0) } ?? false
        case .notIn(let wanted): return value.map { !texts(wanted).contains($0) } ?? true
        case .exists: return value != nil
        case .doesNotExist: return value == nil
        }
    }

    // MARK: Patterns

    func matchesRegistry(_ pattern: String, _ registry: String) -> Bool {
        let wanted = String(pattern.split(separator: "/")[0])
        if wanted == "*" { return true }
        if wanted.hasPrefix("*.") { return registry.hasSuffix(wanted.dropFirst()) && registry.count > wanted.count - 1 }
        return wanted == registry
    }

    private func cut(_ pattern: String) -> (path: [String], tag: String?) {
        var path = pattern.split(separator: "/").dropFirst().map(String.init)
        var tag: String?
        if let last = path.last, let colon = last.firstIndex(of: ":") {
            tag = String(last[last.index(after: colon)...])
            path[path.count - 1] = String(last[..<colon])
        }
        return (path, tag)
    }

    func matchesPath(_ pattern: String, _ path: [String]) -> Bool { Self.matches(cut(pattern).path, path) }

    private static func matches(_ wanted: [String], _ path: [String]) -> Bool {
        guard wanted.last == "*" else { return wanted == path }
        return path.count >= wanted.count && Array(path.prefix(wanted.count - 1)) == Array(wanted.dropLast())
    }

    func matchesTag(_ pattern: String, tag: String?, digest: String?) -> Bool {
        guard let wanted = cut(pattern).tag else { return true }
        if let tag { return tag == wanted }
        return digest == nil && wanted == "latest"
    }

    static func name(_ reference: Reference) -> (registry: String, path: [String]) {
        let path = reference.path.split(separator: "/").map(String.init)
        return reference.registry.isEmpty ? (path[0], Array(path.dropFirst())) : (reference.registry, path)
    }

    func matches(_ pattern: String, _ reference: Reference) -> Bool {
        let name = Self.name(reference)
        return matchesRegistry(pattern, name.registry) && matchesPath(pattern, name.path)
            && matchesTag(pattern, tag: reference.tag, digest: reference.digest)
    }

    func claims(_ action: Action, _ s: Situation) -> Bool {
        matches(action.pattern, s.reference)
            && action.rule.statements.allSatisfy {
                if case .when(let condition, _) = $0 { holds(condition, s) } else { true }
            }
    }

    /// Whether what an action's rule says of tag and digest holds for an image.
    func holdsWrittenParts(_ action: Action, _ reference: Reference) -> Bool {
        let situation = Situation(
            namespace: "", namespaceLabels: [:], podLabels: [:], place: .container, operation: .create,
            reference: reference)
        return action.rule.statements.allSatisfy { statement in
            guard case .when(let condition, _) = statement, case .imageHas = condition.kind else { return true }
            return holds(condition, situation)
        }
    }

    // MARK: Boxes, by counting

    /// The values of each dimension that an action allows, over a universe that holds every value any rule names and
    /// one that none names.
    func box(_ action: Action) -> [[Bool]] {
        let base = Situation(
            namespace: "default", namespaceLabels: [:], podLabels: [:], place: .container, operation: .create,
            reference: Reference(registry: "docker.io", path: "a/b"))
        let conditions = action.rule.statements.compactMap { statement in
            if case .when(let condition, _) = statement { condition } else { nil }
        }
        func all(_ s: Situation, _ include: (Condition.Kind) -> Bool) -> Bool {
            conditions.filter { include($0.kind) }.allSatisfy { holds($0, s) }
        }
        let registries = Self.registries.map { matchesRegistry(action.pattern, $0) }
        let wanted = cut(action.pattern).path
        let paths = Self.paths.map { Self.matches(wanted, $0) }
        var parts: [Bool] = []
        for part in Self.parts {
            var s = base
            s.reference = Reference(registry: "r", path: "p", tag: part.tag, digest: part.digest)
            parts.append(
                matchesTag(action.pattern, tag: part.tag, digest: part.digest)
                    && all(s) { if case .imageHas = $0 { true } else { false } })
        }
        var namespaces: [Bool] = []
        for namespace in Self.namespaces {
            var s = base
            s.namespace = namespace
            let isNamed = all(s) { kind in
                switch kind {
                case .namespaceNames: true
                case .namespaceLabels(let selector):
                    selector.requirements.allSatisfy { $0.key.plainText == "kubernetes.io/metadata.name" }
                default: false
                }
            }
            namespaces.append(isNamed)
        }
        let environments = Self.environments.map { value in
            var s = base
            s.namespaceLabels = value.map { ["env": $0] } ?? [:]
            return all(s) { kind in
                if case .namespaceLabels(let selector) = kind {
                    selector.requirements.allSatisfy { $0.key.plainText == "env" }
                } else {
                    false
                }
            }
        }
        let apps = Self.apps.map { value in
            var s = base
            s.podLabels = value.map { ["app": $0] } ?? [:]
            return all(s) { if case .podLabels = $0 { true } else { false } }
        }
        var places: [Bool] = []
        for (place, operation) in Self.places {
            var s = base
            s.place = place
            s.operation = operation
            places.append(
                all(s) { kind in
                    switch kind {
                    case .places, .operations: true
                    default: false
                    }
                })
        }
        return [registries, paths, parts, namespaces, environments, apps, places]
    }

    static let registries =
        RandomRuleSet.registries + ["other.example", "z.gcr.io", "w.y.gcr.io", "v.x.y.gcr.io"]
    static let paths: [[String]] = {
        let words = ["library", "a", "b", "zz"]
        let one = words.map { [$0] }
        let two = one.flatMap { head in words.map { head + [$0] } }
        return one + two + two.flatMap { head in words.map { head + [$0] } }
    }()

    static let parts: [(tag: String?, digest: String?)] = [nil, "latest", "1", "2"].flatMap { tag in
        [(tag, nil), (tag, "sha256:" + String(repeating: "a", count: 64))]
    }
    static let namespaces = RandomRuleSet.namespaces + ["other", "team-c"]
    static let environments = [nil, "prod", "dev", "other"]
    static let apps = [nil, "x", "y", "other"]
    static let places: [(Place, Operation)] = Place.allCases.flatMap { place in
        Operation.allCases.filter { !(place == .ephemeral && $0 == .create) }.map { (place, $0) }
    }

    /// An image of the universe, by the numbers of its registry, path, and parts.
    static func reference(_ registry: Int, _ path: Int, _ part: Int) -> Reference {
        Reference(
            registry: registries[registry], path: paths[path].joined(separator: "/"), tag: parts[part].tag,
            digest: parts[part].digest)
    }

    /// Whether some `ignore` but `ignore self` covers a point of the universe.
    func isIgnored(_ point: [Int], _ reference: Reference) -> Bool {
        let situation = Situation(
            namespace: Self.namespaces[point[3]],
            namespaceLabels: Self.environments[point[4]].map { ["env": $0] } ?? [:],
            podLabels: Self.apps[point[5]].map { ["app": $0] } ?? [:], place: Self.places[point[6]].0,
            operation: Self.places[point[6]].1, reference: reference)
        return statements.contains { statement in
            switch statement {
            case .ignore(.images(let literals), _): literals.contains { matches(Self.resolve($0, lets), reference) }
            case .ignore(.condition(let condition), _): holds(condition, situation)
            default: false
            }
        }
    }

    /// What the `ignore`s but `ignore self` cover, as boxes.
    var ignoreBoxes: [[[Bool]]] {
        statements.flatMap { statement -> [[[Bool]]] in
            guard case .ignore(let subject, let span) = statement else { return [] }
            func box(_ pattern: String, _ statements: [RuleStatement]) -> [[Bool]] {
                let name = Literal(segments: [], isQuoted: true, span: span)
                return self.box(
                    Action(
                        rule: RuleDeclaration(name: name, statements: statements, span: span),
                        statement: ActionStatement(kind: .allow, patterns: [], modifiers: [], span: span),
                        pattern: pattern))
            }
            switch subject {
            case .selfImage: return []
            case .images(let literals): return literals.map { box(Self.resolve($0, lets), []) }
            case .condition(let condition): return [box("*/*", [.when(condition, span: span)])]
            }
        }
    }

    /// All that an action says of an image, with its warnings and marks: what has to agree where two overlap.
    func fullAnswer(_ action: Action, _ reference: Reference) -> String {
        let warnings = action.statement.modifiers.compactMap { modifier in
            if case .warn(let literal) = modifier.kind { Self.resolve(literal, lets) } else { nil }
        }
        switch action.statement.kind {
        case .deny(let reason): return "deny \(Self.resolve(reason, lets)) \(warnings)"
        case .allow: return "allow \(warnings)"
        case .rewrite:
            // At Docker Hub images are mostly written in short, and then become something else in any case.
            let text = reference.registry == "docker.io" ? "" : reference.text
            let answer = answer(action, text, reference, isBypassed: false, Answer(outcome: .bypassed))
            if answer.outcome == .declined { return "declined" }
            if answer.outcome == .unchanged { return "allow \(warnings)" }
            let marks = action.rule.statements.compactMap { statement in
                if case .mark(let mark) = statement {
                    "\(mark.kind) \(Self.resolve(mark.key, lets))=\(Self.resolve(mark.value, lets))"
                } else {
                    nil
                }
            }
            return "\(answer.outcome) \(answer.to ?? "") \(warnings) \(Set(marks).sorted())"
        }
    }

    static func isInside(_ inner: [[Bool]], _ outer: [[Bool]]) -> Bool {
        zip(inner, outer).allSatisfy { zip($0, $1).allSatisfy { !$0 || $1 } }
    }

    /// Whether an action beats another one that it overlaps.
    static func beats(_ left: Action, _ leftBox: [[Bool]], _ right: Action, _ rightBox: [[Bool]]) -> Bool {
        let isInside = isInside(leftBox, rightBox)
        let holds = Self.isInside(rightBox, leftBox)
        guard isInside == holds else { return isInside }
        return overlap(leftBox, rightBox)
            && left.rule.overrides.contains { $0.plainText == right.rule.name.plainText }
    }

    /// Whether two boxes have a point in common that is an image: `docker.io/NAME` is none.
    static func overlap(_ left: [[Bool]], _ right: [[Bool]]) -> Bool {
        let common = zip(left, right).map { zip($0, $1).map { $0 && $1 } }
        guard common.dropFirst(2).allSatisfy({ $0.contains(true) }) else { return false }
        return registries.indices.contains { registry in
            common[0][registry]
                && paths.indices.contains {
                    common[1][$0] && !(registries[registry] == "docker.io" && paths[$0].count == 1)
                }
        }
    }

    // MARK: Decisions

    struct Answer: Equatable {
        var outcome: ImageDecision.Outcome
        var to: String?
        var rules: Set<String> = []
        var denials: Set<String> = []
        /// What denials warn of.
        var warnings: Set<String> = []
    }

    /// What happens to one image of a pod that is created, or whose update changed it.
    func decide(_ text: String, _ situation: Situation, selfImage: Reference?, remembered: Bool = false) -> Answer {
        var s = situation
        for case .ignore(.condition(let condition), _) in statements {
            if case .imageHas = condition.kind { continue }
            if holds(condition, s) { return Answer(outcome: .ignored) }
        }
        var rest = text
        var isBypassed = false
        while let prefix = bypasses.first(where: { rest.hasPrefix($0) }) { rest.removeFirst(prefix.count) }
        var to: String?
        if rest != text, (try? Reference.parse(rest).get()) != nil {
            isBypassed = true
            to = rest
        } else {
            rest = text
            isBypassed = remembered && !bypasses.isEmpty
        }
        guard let reference = try? Reference.parse(rest).get() else { return Answer(outcome: .unparsed) }
        s.reference = reference
        let bypassed = Answer(outcome: .bypassed, to: to)
        for case .ignore(let subject, _) in statements {
            let isIgnored: Bool
            switch subject {
            case .selfImage:
                isIgnored = selfImage.map { $0.registry == reference.registry && $0.path == reference.path } ?? false
            case .images(let literals):
                isIgnored = literals.contains { matches(Self.resolve($0, lets), reference) }
            case .condition(let condition):
                if case .imageHas = condition.kind { isIgnored = holds(condition, s) } else { isIgnored = false }
            }
            if isIgnored { return isBypassed ? bypassed : Answer(outcome: .ignored) }
        }
        let claiming = actions.filter { action in
            claims(action, s) && !action.rule.statements.contains { if case .observe = $0 { true } else { false } }
        }
        let boxes = claiming.map(box)
        let best = claiming.indices.filter { index in
            !claiming.indices.contains { other in
                Self.beats(claiming[other], boxes[other], claiming[index], boxes[index])
            }
        }.map { claiming[$0] }
        let answers = best.map { answer($0, text, reference, isBypassed: isBypassed, bypassed) }
        guard let first = answers.first else { return isBypassed ? bypassed : Answer(outcome: .unchanged) }
        // Where several speak, they say the same, or all deny.
        var merged = first
        merged.rules = Set(best.compactMap(\.rule.name.plainText))
        for other in answers.dropFirst() {
            merged.denials.formUnion(other.denials)
            merged.warnings.formUnion(other.warnings)
            if other.outcome != first.outcome || other.to != first.to {
                merged.outcome = .declined; merged.to = "CONFLICT"
            }
        }
        return merged
    }

    func answer(
        _ action: Action, _ text: String, _ reference: Reference, isBypassed: Bool, _ bypassed: Answer
    ) -> Answer {
        switch action.statement.kind {
        case .deny(let reason):
            let warnings = action.statement.modifiers.compactMap { modifier in
                if case .warn(let literal) = modifier.kind { Self.resolve(literal, lets) } else { nil }
            }
            return Answer(outcome: .denied, denials: [Self.resolve(reason, lets)], warnings: Set(warnings))
        case .allow:
            return isBypassed ? bypassed : Answer(outcome: .unchanged)
        case .rewrite(let literal):
            if isBypassed { return bypassed }
            let name = Self.name(reference)
            var target = Self.resolve(literal, lets, registry: name.registry)
            if literal.segments.contains(where: { $0.kind == .interpolation("registry") }), name.registry.contains(":")
            {
                return Answer(outcome: .declined)
            }
            if target.hasSuffix("/*") {
                var rest = name.path
                let literalCount = cut(action.pattern).path.count - 1
                rest.removeFirst(literalCount)
                let drops = action.statement.modifiers.contains { $0.kind == .dropLibrary }
                if drops, name.registry == "docker.io", name.path.count == 2, rest.count == 2, rest[0] == "library" {
                    rest.removeFirst()
                }
                target = target.dropLast(1) + rest.joined(separator: "/")
            }
            // At Docker Hub, a name of one component means another one.
            if target.hasPrefix("docker.io/"), target.filter({ $0 == "/" }).count == 1 {
                return Answer(outcome: .declined)
            }
            if let digest = reference.digest, action.statement.modifiers.contains(where: { $0.kind == .digestToTag }) {
                target += ":" + (reference.tag.map { $0 + "-" } ?? "") + digest.replacing(":", with: "-")
            } else {
                if let tag = reference.tag { target += ":" + tag }
                if let digest = reference.digest { target += "@" + digest }
            }
            return target == text ? Answer(outcome: .unchanged) : Answer(outcome: .rewritten, to: target)
        }
    }
}
