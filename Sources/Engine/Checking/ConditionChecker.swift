import RuleLang

/// Turns conditions as they are written into normal form, and reports what is wrong with them.
struct ConditionChecker {
    /// How many different labels the conditions of a rule, or an `ignore`, ask for: what is proved of them takes time
    /// with the square of it.
    static let labelLimit = 256

    let names: NameTable

    /// Adds a condition to those that must hold together.
    func add(_ condition: Condition, to set: inout ConditionSet, diagnostics: inout [Diagnostic]) {
        switch condition.kind {
        case .namespaceNames(let literals):
            let patterns = literals.compactMap { namespacePattern($0, diagnostics: &diagnostics) }
            guard patterns.count == literals.count else { return }
            set.namespaces = set.namespaces.intersection(AtomSet(anyOf: patterns))
        case .namespaceLabels(let selector):
            let found = requirements(
                of: selector, beside: set.namespaceLabels, nameLabel: ConditionSet.namespaceNameLabel,
                diagnostics: &diagnostics)
            for (key, requirement) in found { set.require(namespaceLabel: key, requirement) }
        case .podLabels(let selector):
            let found = requirements(of: selector, beside: set.podLabels, diagnostics: &diagnostics)
            for (key, requirement) in found { set.require(podLabel: key, requirement) }
        case .places(let places):
            set.placesAndOperations.formIntersection(
                PlacesAndOperations(places: places.map(\.value), operations: Operation.allCases))
        case .operations(let operations):
            set.placesAndOperations.formIntersection(
                PlacesAndOperations(places: Place.allCases, operations: operations.map(\.value)))
        case .imageHas(let part, let isNegated):
            set.writtenParts.formIntersection(.with(part, written: !isNegated))
        }
    }

    /// The name of a namespace, where no pattern may stand.
    func namespaceName(_ literal: Literal, diagnostics: inout [Diagnostic]) -> String? {
        guard let pattern = namespacePattern(literal, diagnostics: &diagnostics) else { return nil }
        guard !pattern.isPrefix else {
            diagnostics.append(
                Diagnostic(
                    .badNamespaceName, "one namespace is given, not `\(pattern.text)`", at: literal.span,
                    help: ["write the name of a namespace that the pattern covers"]))
            return nil
        }
        return pattern.stem
    }

    private func namespacePattern(_ literal: Literal, diagnostics: inout [Diagnostic]) -> NamespacePattern? {
        guard let text = names.resolve(literal, diagnostics: &diagnostics)?.text else { return nil }
        let isPrefix = text.hasSuffix("*")
        let stem = isPrefix ? String(text.dropLast()) : text
        let isFault = isPrefix ? !KubernetesSyntax.isNamespaceStem(stem) : !KubernetesSyntax.isNamespaceName(stem)
        guard !isFault else {
            diagnostics.append(
                .badNamespaceName(
                    text, at: literal.span,
                    help: stem.contains("*") ? "a `*` stands at the end only: `team-*`" : nil))
            return nil
        }
        return NamespacePattern(stem: stem, isPrefix: isPrefix)
    }

    /// Reports values of the label that is the namespace's name, and that are the name of none.
    private func checkNames(_ requirement: Requirement, diagnostics: inout [Diagnostic]) {
        let values: [Literal] =
            switch requirement.kind {
            case .equals(let value), .notEquals(let value): [value]
            case .isIn(let values), .notIn(let values): values
            case .exists, .doesNotExist: []
            }
        for value in values {
            // What does not resolve, or is no label's value, is said already.
            var said: [Diagnostic] = []
            guard let text = names.resolve(value, diagnostics: &said)?.text,
                KubernetesSyntax.faultOfLabelValue(text) == nil, !KubernetesSyntax.isNamespaceName(text)
            else { continue }
            diagnostics.append(.badNamespaceName(text, at: value.span))
        }
    }

    /// What a selector asks of each label, beside what is asked for already.
    ///
    /// - Parameter nameLabel: the label whose values are names of namespaces, if there is one.
    private func requirements(
        of selector: Selector, beside others: LabelRequirements, nameLabel: String? = nil,
        diagnostics: inout [Diagnostic]
    ) -> [(key: String, requirement: LabelRequirement)] {
        var result: [String: [LabelRequirement]] = [:]
        for requirement in selector.requirements {
            let key = labelKey(requirement.key, diagnostics: &diagnostics)
            let meaning: LabelRequirement?
            switch requirement.kind {
            case .equals(let value):
                meaning = labelValue(value, diagnostics: &diagnostics).map { .isIn([$0]) }
            case .notEquals(let value):
                meaning = labelValue(value, diagnostics: &diagnostics).map { .notIn([$0]) }
            case .isIn(let values):
                meaning = labelValues(values, requirement, diagnostics: &diagnostics).map { .isIn($0) }
            case .notIn(let values):
                meaning = labelValues(values, requirement, diagnostics: &diagnostics).map { .notIn($0) }
            case .exists:
                meaning = .exists
            case .doesNotExist:
                meaning = .absent
            }
            if let key, key == nameLabel { checkNames(requirement, diagnostics: &diagnostics) }
            if let key, let meaning { result[key, default: []].append(meaning) }
        }
        let count = others.entries.count { result[$0.key] == nil } + result.count
        guard count <= Self.labelLimit else {
            diagnostics.append(
                Diagnostic(
                    .tooManyLabels, "\(count) different labels are asked for", at: selector.span,
                    help: ["ask for at most \(Self.labelLimit); a label of its own may stand for many"]))
            return []
        }
        return result.sorted { $0.key < $1.key }.map { ($0.key, LabelRequirement(all: $0.value[...])) }
    }

    private func labelValues(
        _ values: [Literal], _ requirement: Requirement, diagnostics: inout [Diagnostic]
    ) -> [String]? {
        guard !values.isEmpty else {
            diagnostics.append(
                Diagnostic(
                    .emptyValueList, "the list of values is empty", at: requirement.span,
                    help: ["name at least one value; the empty value is `\"\"`"]))
            return nil
        }
        let texts = values.compactMap { labelValue($0, diagnostics: &diagnostics) }
        return texts.count == values.count ? texts : nil
    }

    /// A label's key, checked against Kubernetes' syntax.
    func labelKey(_ literal: Literal, diagnostics: inout [Diagnostic]) -> String? {
        guard let text = names.resolve(literal, diagnostics: &diagnostics)?.text else { return nil }
        if let fault = KubernetesSyntax.faultOfLabelKey(text) {
            diagnostics.append(
                Diagnostic(
                    .badLabelKey, "`\(text)` is not a label key", at: literal.span, label: fault.what,
                    help: [fault.help]))
            return nil
        }
        return text
    }

    /// A label's value, checked against Kubernetes' syntax.
    func labelValue(_ literal: Literal, diagnostics: inout [Diagnostic]) -> String? {
        guard let text = names.resolve(literal, diagnostics: &diagnostics)?.text else { return nil }
        if let fault = KubernetesSyntax.faultOfLabelValue(text) {
            diagnostics.append(
                Diagnostic(
                    .badLabelValue, "`\(text)` is not a label value", at: literal.span, label: fault.what,
                    help: [fault.help]))
            return nil
        }
        return text
    }
}

extension Diagnostic {
    /// What no namespace can be called.
    fileprivate static func badNamespaceName(_ text: String, at span: Span, help: String? = nil) -> Diagnostic {
        let syntax =
            "a name is at most 63 lower-case letters, digits and `-`, and begins and ends with a letter or digit"
        return Diagnostic(
            .badNamespaceName, "`\(text)` is not the name of a namespace", at: span, help: [help ?? syntax])
    }
}
