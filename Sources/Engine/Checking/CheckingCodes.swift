public import RuleLang

// The catalogue of what checking a rule set finds. Each code has a page in docs/diagnostics.
extension DiagnosticCode {
    // 03: the rule set as a whole.
    static let conflict = DiagnosticCode("E0301", "two actions claim an image and neither is more specific")
    static let undecided = DiagnosticCode("E0302", "an overlap that could not be decided")
    static let notDecided = DiagnosticCode("W0302", "a question that could not be decided")
    static let contradictoryConditions = DiagnosticCode("E0303", "conditions that nothing satisfies")
    static let duplicateAction = DiagnosticCode("E0304", "a pattern that stands twice in one rule")

    static let reentry = DiagnosticCode("E0305", "an output that is rewritten or denied again")
    static let outputUnderBypass = DiagnosticCode("E0306", "an output under a bypass prefix")
    static let deadAction = DiagnosticCode("E0307", "an action that never decides")
    static let overrideCycle = DiagnosticCode("E0308", "actions that beat each other in a circle")
    static let idleOverride = DiagnosticCode("E0309", "an override that settles nothing")
    static let ownImageNotIgnored = DiagnosticCode("W0303", "the webhook's own image is not ignored")
    static let denialGotAround = DiagnosticCode("W0304", "a denial that pods can get around")
    static let denyList = DiagnosticCode("W0305", "a denial of single registries")
    static let everythingIgnored = DiagnosticCode("W0306", "everything is ignored")

    // 04: names.
    static let unknownName = DiagnosticCode("E0401", "an unknown name in a string")
    static let duplicateName = DiagnosticCode("E0402", "a name that is defined twice")
    static let duplicateRule = DiagnosticCode("E0403", "a rule that is defined twice")
    static let bindingCycle = DiagnosticCode("E0404", "names that are defined by each other")
    static let reservedName = DiagnosticCode("E0405", "a reserved name")
    static let unknownSetting = DiagnosticCode("E0407", "a setting for a name that is not defined")
    static let textTooLong = DiagnosticCode("E0408", "a text that is too long")
    static let unknownRule = DiagnosticCode("E0409", "an unknown rule")
    static let badName = DiagnosticCode("E0410", "a name that is not a name")
    static let unknownCode = DiagnosticCode("E0411", "a code that cannot be accepted")
    static let unusedAcceptance = DiagnosticCode("W0401", "an accepted warning that does not occur")

    // 05: patterns, targets, prefixes.
    static let badRegistry = DiagnosticCode("E0501", "not a registry")
    static let badPathComponent = DiagnosticCode("E0502", "not a path component")
    static let misplacedWildcard = DiagnosticCode("E0503", "a `*` where none may stand")
    static let notNormalised = DiagnosticCode("E0504", "a name that no image has once normalised")
    static let badTag = DiagnosticCode("E0505", "not a tag")
    static let missingPath = DiagnosticCode("E0506", "a registry without a path")
    static let digestInPattern = DiagnosticCode("E0507", "a digest in a pattern or target")
    static let wildcardMismatch = DiagnosticCode("E0508", "a `*` on one side only")
    static let misusedRegistryName = DiagnosticCode("E0509", "`${registry}` where it cannot stand")
    static let tagInTarget = DiagnosticCode("E0510", "a tag in a target")
    static let patternTooLong = DiagnosticCode("E0511", "a path that is too long")
    static let badBypassPrefix = DiagnosticCode("E0512", "not a bypass prefix")
    static let schemeInPattern = DiagnosticCode("E0513", "a URL where an image is named")

    static let collision = DiagnosticCode("W0501", "two sources that land on one target")
    static let libraryDropped = DiagnosticCode("W0502", "official images without `library/` at a pull-through cache")
    static let badRepositoryName = DiagnosticCode("W0503", "not the name of a repository at ECR")

    // 06: conditions and selectors.
    static let badLabelKey = DiagnosticCode("E0601", "not a label key")
    static let badLabelValue = DiagnosticCode("E0602", "not a label value")
    static let emptyValueList = DiagnosticCode("E0603", "an empty list of values")
    static let badNamespaceName = DiagnosticCode("E0604", "not a namespace name")
    static let tooManyLabels = DiagnosticCode("E0605", "too many labels")

    // 07: actions and marks.
    static let modifierDoesNotApply = DiagnosticCode("E0701", "a modifier that does nothing here")
    static let conflictingModifiers = DiagnosticCode("E0702", "modifiers that do not go together")
    static let markInSelector = DiagnosticCode("E0703", "a marked key in a selector")
    static let marksDisagree = DiagnosticCode("E0704", "two values for one mark")
    static let badMark = DiagnosticCode("E0705", "a mark that cannot be written")
    static let ruleWithoutAction = DiagnosticCode("E0706", "a rule without an action")
    static let emptyMessage = DiagnosticCode("E0707", "an empty message")
    static let digestGivenUp = DiagnosticCode("W0701", "pinning by digest is given up")

    // 08: tests.
    static let conflictingGivens = DiagnosticCode("E0801", "givens that do not go together")
    static let testWithoutExpectation = DiagnosticCode("E0803", "a test that expects nothing")
    static let impossibleExpectation = DiagnosticCode("E0802", "an expectation that cannot hold")

    /// All codes that checking a rule set may report.
    public static let checking: [DiagnosticCode] = [
        conflict, undecided, notDecided, contradictoryConditions, duplicateAction, reentry, outputUnderBypass,
        deadAction,
        overrideCycle, idleOverride, ownImageNotIgnored, denialGotAround, denyList, everythingIgnored, unknownName,
        duplicateName, duplicateRule,
        bindingCycle, reservedName, unknownSetting, textTooLong, unknownRule, badName,
        unknownCode, unusedAcceptance, badRegistry, badPathComponent, misplacedWildcard, notNormalised, badTag,
        missingPath, digestInPattern, wildcardMismatch, misusedRegistryName, tagInTarget, patternTooLong,
        badBypassPrefix, schemeInPattern, collision, libraryDropped, badRepositoryName, badLabelKey, badLabelValue,
        emptyValueList, badNamespaceName, tooManyLabels,
        modifierDoesNotApply, conflictingModifiers, markInSelector, marksDisagree, badMark, ruleWithoutAction,
        emptyMessage, digestGivenUp, conflictingGivens, impossibleExpectation, testWithoutExpectation,
    ]
}
