import RuleLang

/// What can be wrong with the inputs, before any rule is read.
extension DiagnosticCode {
    static let inputMissing = DiagnosticCode("E0901", "the path does not exist")
    static let inputUnreadable = DiagnosticCode("E0902", "a file that cannot be read or written")
    static let inputWithoutRules = DiagnosticCode("E0903", "the directory holds no rules")
    static let inputOfUnknownKind = DiagnosticCode("E0904", "the file is neither rules nor a ConfigMap")
    static let configMapWithoutRules = DiagnosticCode("E0905", "the ConfigMap holds no rules")
    static let inputTooLarge = DiagnosticCode("E0906", "an input that is too large")
    static let manifestMalformed = DiagnosticCode("E0907", "the manifest does not parse")
    static let manifestUnusable = DiagnosticCode("E0908", "an object that is not what is expected")
    static let settingTwice = DiagnosticCode("E0909", "a name that is set twice")
    static let notImages = DiagnosticCode("E0910", "not a list of images")

    /// Every code of the inputs, so that a test can hold that each has its page.
    static let inputCodes: [DiagnosticCode] = [
        inputMissing, inputUnreadable, inputWithoutRules, inputOfUnknownKind, configMapWithoutRules, inputTooLarge,
        manifestMalformed, manifestUnusable, settingTwice, notImages,
    ]
}
