extension SyntaxTree {
    /// Whether another tree says the same: the same statements in the same order, wherever they stand and however
    /// they are laid out. Quotes around a word make no difference, except around a `*`, which they may protect; nor
    /// does the form of modifiers, on the line or in a block.
    public func means(_ other: SyntaxTree) -> Bool {
        Meaning(self) == Meaning(other)
    }
}

/// What a tree says, as a list of words and literals without their places.
private struct Meaning: Equatable {
    private enum Item: Equatable {
        /// A keyword or a kind of node.
        case word(String)
        /// How many nodes of a list follow.
        case count(Int)
        case literal([Literal.Segment.Kind], isQuotedStar: Bool)
        case nothing
    }

    private var items: [Item] = []

    init(_ tree: SyntaxTree) {
        list(tree.statements) { $0.add($1) }
    }

    private mutating func add(_ statement: Statement) {
        switch statement {
        case .language(let version, _): add("language", version)
        case .binding(let binding): add("let", binding.name, binding.value)
        case .ignore(.selfImage, _): say("ignore self")
        case .ignore(.images(let patterns), _): add("ignore image", patterns)
        case .ignore(.condition(let condition), _):
            say("ignore")
            add(condition)
        case .bypass(let prefixes, _): add("bypass", prefixes)
        case .accept(let codes, _): add("accept", codes)
        case .rule(let rule):
            add("rule", rule.name)
            add("overrides", rule.overrides)
            list(rule.statements) { $0.add($1) }
        case .test(let test):
            add("test", test.name)
            list(test.givens) { $0.add($1) }
            list(test.expectations) { $0.add($1) }
        }
    }

    private mutating func add(_ statement: RuleStatement) {
        switch statement {
        case .when(let condition, _):
            say("when")
            add(condition)
        case .action(let action):
            switch action.kind {
            case .rewrite(let target): add("rewrite", target)
            case .allow: say("allow")
            case .deny(let reason): add("deny", reason)
            }
            list(action.patterns) { $0.add($1) }
            list(action.modifiers) { $0.add($1) }
        case .observe: say("observe")
        case .mark(let mark):
            switch mark.kind {
            case .label: add("mark label", mark.key, mark.value)
            case .annotation: add("mark annotation", mark.key, mark.value)
            }
        case .accept(let codes, _): add("accept", codes)
        }
    }

    private mutating func add(_ modifier: Modifier) {
        switch modifier.kind {
        case .insertLibrary: say("insert library")
        case .dropLibrary: say("drop library")
        case .digestToTag: say("digest to tag")
        case .warn(let text): add("warn", text)
        }
    }

    private mutating func add(_ condition: Condition) {
        switch condition.kind {
        case .namespaceNames(let names): add("namespace", names)
        case .namespaceLabels(let selector):
            say("namespace where")
            list(selector.requirements) { $0.add($1) }
        case .podLabels(let selector):
            say("pod where")
            list(selector.requirements) { $0.add($1) }
        case .places(let places):
            say("image in")
            list(places) { $0.say($1.value.rawValue) }
        case .operations(let operations):
            say("operation")
            list(operations) { $0.say($1.value.rawValue) }
        case .imageHas(let part, let isNegated): say(isNegated ? "image has no" : "image has", part.rawValue)
        }
    }

    private mutating func add(_ requirement: Requirement) {
        add(requirement.key)
        switch requirement.kind {
        case .equals(let value): add("=", value)
        case .notEquals(let value): add("!=", value)
        case .isIn(let values): add("in", values)
        case .notIn(let values): add("notin", values)
        case .exists: say("exists")
        case .doesNotExist: say("!")
        }
    }

    private mutating func add(_ given: Given) {
        switch given.kind {
        case .namespace(let name): add("given namespace", name)
        case .namespaceLabels(let labels): add("given namespace labels", labels)
        case .podLabels(let labels): add("given pod labels", labels)
        case .podAnnotations(let annotations): add("given pod annotations", annotations)
        case .operation(let operation): say("given operation", operation.value.rawValue)
        case .place(let place): say("given image in", place.value.rawValue)
        case .oldImage(let image): add("given image was", image)
        }
    }

    /// The clauses of an expectation may stand in any order, so only what they say counts.
    private mutating func add(_ expectation: Expectation) {
        add("expect", expectation.image)
        say(expectation.outcome?.value.rawValue ?? "becomes")
        for clause in [expectation.becomes, expectation.denial, expectation.rule] {
            if let clause { add(clause) } else { items.append(.nothing) }
        }
        list(expectation.warnings) { $0.add($1) }
    }

    // MARK: Items

    private mutating func say(_ words: String...) {
        items += words.map { .word($0) }
    }

    private mutating func add(_ word: String, _ literals: Literal...) {
        items.append(.word(word))
        for literal in literals { add(literal) }
    }

    private mutating func add(_ word: String, _ literals: [Literal]) {
        items.append(.word(word))
        list(literals) { $0.add($1) }
    }

    private mutating func add(_ word: String, _ assignments: [LabelAssignment]) {
        items.append(.word(word))
        list(assignments) {
            $0.add($1.key)
            $0.add($1.value)
        }
    }

    private mutating func list<Node>(_ nodes: [Node], _ add: (inout Meaning, Node) -> Void) {
        items.append(.count(nodes.count))
        for node in nodes { add(&self, node) }
    }

    private mutating func add(_ literal: Literal) {
        var kinds: [Literal.Segment.Kind] = []
        var holdsStar = false
        for segment in literal.segments {
            switch (segment.kind, kinds.last) {
            case (.text(let next), .text(let last)?):
                kinds[kinds.count - 1] = .text(last + next)
                holdsStar = holdsStar || next.utf8.contains(UInt8(ascii: "*"))
            case (.text(let next), _):
                kinds.append(segment.kind)
                holdsStar = holdsStar || next.utf8.contains(UInt8(ascii: "*"))
            case (.interpolation, _): kinds.append(segment.kind)
            }
        }
        items.append(.literal(kinds, isQuotedStar: literal.isQuoted && holdsStar))
    }
}
