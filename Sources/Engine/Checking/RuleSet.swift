public import RuleLang

/// What loading a rule set gives: the rule set, if nothing is wrong with it, and every finding.
public struct RuleSetLoad: Sendable {
    /// The rule set; nil where some finding is an error.
    public let ruleSet: RuleSet?
    /// All findings, in the order of files and places.
    public let diagnostics: [Diagnostic]
    /// Whether the task was cancelled before everything was looked at: then there is no rule set and no finding.
    public let isCancelled: Bool

    init(ruleSet: RuleSet?, diagnostics: [Diagnostic], isCancelled: Bool = false) {
        self.ruleSet = ruleSet
        self.diagnostics = diagnostics
        self.isCancelled = isCancelled
    }
}

/// A rule set that was checked and compiled.
public struct RuleSet: Sendable {
    /// How much there is of what.
    public struct Statistics: Sendable, Equatable {
        /// The number of files.
        public let files: Int
        /// The number of rules.
        public let rules: Int
        /// The number of actions, one a pattern.
        public let actions: Int
        /// The number of `ignore`s, one a pattern.
        public let ignores: Int
        /// The number of tests.
        public let tests: Int
    }

    /// What decides.
    public let program: Program
    /// How much there is of what.
    public let statistics: Statistics
    /// What was proved.
    public let proof: Proof
    let tests: [CheckedTest]
    /// What the rule set was made of: for questions about single statements, the files are read once more.
    let source: RuleSetSource

    /// Parses, checks and compiles the files of a rule set, whose order does not matter.
    ///
    /// Most rule sets take milliseconds. Whoever cannot wait for one that was made to take long cancels the task that
    /// this is called in.
    ///
    /// - Parameters:
    ///   - files: the files; spans in diagnostics name them by index.
    ///   - settings: values for `let` names, which take the place of those in the files.
    public static func load(_ files: [SourceFile], settings: [String: String] = [:]) -> RuleSetLoad {
        var diagnostics: [Diagnostic] = []
        var checked = check(files, settings: settings, diagnostics: &diagnostics)
        var ruleSet: RuleSet?
        if !diagnostics.contains(where: { $0.severity == .error }) {
            let compiler = Compiler(
                files: files, rules: checked.rules, ignores: checked.ignores, bypasses: checked.bypasses)
            // The compiler has of them what it needs, and what is proved needs the memory.
            checked.rules = []
            if let (program, proof) = compiler.compile(diagnostics: &diagnostics) {
                ruleSet = RuleSet(
                    program: program,
                    statistics: Statistics(
                        files: files.count, rules: compiler.rules.count, actions: compiler.actions.count,
                        ignores: checked.ignores.count, tests: checked.tests.count),
                    proof: proof, tests: checked.tests, source: RuleSetSource(files: files, settings: settings))
            }
        }
        if Task.isCancelled { return RuleSetLoad(ruleSet: nil, diagnostics: [], isCancelled: true) }
        checked.acceptances.apply(to: &diagnostics)
        return RuleSetLoad(ruleSet: ruleSet, diagnostics: diagnostics.inSourceOrder())
    }

    /// Parses and checks; the syntax trees, which are large, end with this.
    private static func check(
        _ files: [SourceFile], settings: [String: String], diagnostics: inout [Diagnostic]
    ) -> Checker.Result {
        var trees: [SyntaxTree] = []
        for (index, file) in files.enumerated() where !Task.isCancelled {
            let result = SyntaxTree.parse(file, file: index)
            trees.append(result.tree.withoutTokens)
            diagnostics += result.diagnostics
        }
        // What a broken statement would have defined is not known, so that nothing is called unknown.
        let isWhole = !diagnostics.contains { $0.severity == .error }
        return Checker(settings: settings, isWhole: isWhole).check(&trees, diagnostics: &diagnostics)
    }
}

/// The files of a rule set and the values they were given. Syntax trees are large, and few ask for them.
struct RuleSetSource: Sendable {
    let files: [SourceFile]
    let settings: [String: String]

    /// The syntax trees, and what names stand for in them.
    func parsed() -> (trees: [SyntaxTree], names: NameTable) {
        let trees = files.enumerated().map { SyntaxTree.parse($1, file: $0).tree }
        var diagnostics: [Diagnostic] = []
        return (trees, NameTable(trees, settings: settings, mayBeIncomplete: false, diagnostics: &diagnostics))
    }
}

/// Checks all files of a rule set together.
struct Checker {
    struct Result {
        var rules: [CheckedRule]
        let ignores: [CheckedIgnore]
        let bypasses: [CheckedBypass]
        let tests: [CheckedTest]
        let acceptances: Acceptances
    }

    let settings: [String: String]
    let isWhole: Bool

    /// Checks the statements of trees, and takes them out as it goes: what was checked is as large as what it was made
    /// of, and both need not be there at once.
    func check(_ trees: inout [SyntaxTree], diagnostics: inout [Diagnostic]) -> Result {
        let names = NameTable(trees, settings: settings, mayBeIncomplete: !isWhole, diagnostics: &diagnostics)
        let checker = RuleChecker(names: names, isWhole: isWhole)
        var rules: [CheckedRule] = []
        var ruleNames: [String: Span] = [:]
        var ignores: [CheckedIgnore] = []
        var bypasses: [CheckedBypass] = []
        var ofAcceptances: [Diagnostic] = []
        let acceptances = Acceptances(trees, diagnostics: &ofAcceptances)
        // Tests are checked when the names of all rules are known.
        let testTrees = trees.map { tree in
            let tests = tree.statements.filter { if case .test = $0 { true } else { false } }
            return SyntaxTree(file: tree.file, source: tree.source, tokens: [], statements: tests)
        }
        // The first one last, from where it can be taken.
        var statements = Array(trees.flatMap(\.statements).reversed())
        trees = []
        let allNames = statements.compactMap { statement in
            if case .rule(let declaration) = statement { declaration.name.plainText } else { nil }
        }
        // Nobody else asks for them.
        let hasMarks = statements.contains { statement in
            guard case .rule(let declaration) = statement else { return false }
            return declaration.statements.contains { if case .mark = $0 { true } else { false } }
        }
        var asked = AskedLabels(names)
        let overrideChecker = OverrideChecker(ruleNames: isWhole ? Set(allNames) : nil)
        while !Task.isCancelled, let statement = statements.popLast() {
            switch statement {
            case .rule(let declaration):
                if let name = declaration.name.plainText {
                    if let earlier = ruleNames[name] {
                        diagnostics.append(
                            Diagnostic(
                                .duplicateRule, "the rule `\(name)` is defined twice", at: declaration.name.span,
                                label: "again here", secondary: [.init(span: earlier, text: "first here")],
                                help: ["give it another name, or put its statements into the first"]))
                    } else {
                        ruleNames[name] = declaration.name.span
                    }
                }
                if hasMarks {
                    for case .when(let condition, _) in declaration.statements { asked.note(condition) }
                }
                let overrides = overrideChecker.check(declaration, diagnostics: &diagnostics)
                if let rule = checker.check(declaration, overrides: overrides, diagnostics: &diagnostics) {
                    rules.append(rule)
                }
            case .ignore(let subject, let span):
                if hasMarks, case .condition(let condition) = subject { asked.note(condition) }
                ignores += checker.check(subject, span: span, diagnostics: &diagnostics)
            case .bypass(let prefixes, _):
                bypasses += prefixes.compactMap { checker.bypassPrefix($0, diagnostics: &diagnostics) }
            case .binding, .language, .test, .accept:
                break
            }
        }
        MarkAnalysis(rules: rules, asked: asked).run(diagnostics: &diagnostics)
        let testChecker = TestChecker(
            names: names, ruleNames: isWhole ? Set(ruleNames.keys) : nil,
            observers: Set(rules.filter(\.rule.isObserved).map(\.rule.name)))
        var tests: [CheckedTest] = []
        for tree in testTrees {
            for case .test(let declaration) in tree.statements {
                if let test = testChecker.check(declaration, in: tree, diagnostics: &diagnostics) { tests.append(test) }
            }
        }
        diagnostics += ofAcceptances
        return Result(
            rules: rules, ignores: ignores, bypasses: bypasses, tests: tests, acceptances: acceptances)
    }
}
