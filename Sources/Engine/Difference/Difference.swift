public import RuleLang

/// What two programs do differently, as sets of images and situations, each with one that shows it.
///
/// Two programs differ for an image where a pod would get something else: another patch (the image's new text, marks,
/// the memory of a bypass), another denial, or another warning. Which rule it comes from, what it is called, and
/// whether an image is left as it is because a rule allows it, an `ignore` names it or nothing does, is no difference.
public struct Difference: Sendable {
    /// Where they differ; empty where they are equivalent, or where nothing could be decided.
    public let regions: [DifferenceRegion]
    /// What one program writes and the other takes up again: while a rollout runs both, this can happen.
    public let reentries: [DifferenceReentry]
    /// What could not be decided within the budget, in words.
    public let undecided: [String]

    /// Whether the programs are proved to do the same.
    public var isEmpty: Bool { regions.isEmpty && undecided.isEmpty }

    /// The regions for people: where one rule leads many patterns elsewhere, each to a target of its own, that is one.
    public var condensedRegions: [DifferenceRegion] { DifferenceRegion.condensed(regions) }

    /// Compares two programs.
    ///
    /// At most 4,000,000 pairs of actions are looked at (fewer where many others lie over each), and a set is cut into
    /// at most 4,096 pieces; what goes beyond is listed in ``undecided``.
    public init(from old: Program, to new: Program) {
        var finder = DifferenceFinder(old: old, new: new)
        finder.run()
        regions = finder.regions
        let rollout = RolloutAnalysis(finder).run()
        reentries = rollout.reentries
        undecided =
            finder.undecided
            + (rollout.isComplete ? [] : ["whether all that one writes and the other takes up was found"])
    }
}

/// A set of images and situations for which two programs differ.
public struct DifferenceRegion: Sendable, Equatable {
    /// Which images it is about.
    public enum Kind: String, Sendable {
        /// Images as they are written, named by patterns.
        case images
        /// Images under a bypass prefix.
        case bypassed
        /// Texts that are no valid references.
        case unparsed
        /// The webhook's own image.
        case ownImage
        /// All images of pods in namespaces whose labels are not known.
        case unknownLabels
        /// Images for which only what a rule that observes would do differs.
        case observed
    }

    /// Which images it is about.
    public let kind: Kind
    /// The sets whose union it is, before the exceptions are taken away.
    public internal(set) var parts: [DifferenceSet]
    /// What is not part of it, because something more specific decides there.
    public internal(set) var exceptions: [DifferenceSet]
    /// What the first program does.
    public let old: DifferenceSide
    /// What the second program does.
    public let new: DifferenceSide
    /// One image in one situation, and what both evaluators make of it.
    public let witness: DifferenceWitness
}

/// A pattern under conditions, in words of the rule language where it has them.
public struct DifferenceSet: Sendable, Hashable {
    /// The images: `docker.io/*`.
    public let pattern: String
    /// The conditions, all of which hold: `namespace where team = a`. Empty where there are none.
    public let conditions: [String]

    /// Makes a set.
    public init(pattern: String, conditions: [String] = []) {
        self.pattern = pattern
        self.conditions = conditions
    }
}

/// What a program does to the images of a region.
public struct DifferenceSide: Sendable, Hashable {
    /// What the action, or the lack of one, is.
    public enum Action: String, Sendable {
        case rewrite, allow, deny, ignore, bypass, none
        /// Nothing is touched, and a warning says why.
        case warn
    }

    /// A line of a rule file.
    public struct Location: Sendable, Hashable {
        /// The file's name.
        public let file: String
        /// The line, from 1.
        public let line: Int

        /// Takes `file:line` apart.
        init?(_ text: String?) {
            guard let text, let colon = text.lastIndex(of: ":"), let line = Int(text[text.index(after: colon)...])
            else { return nil }
            file = String(text[..<colon])
            self.line = line
        }
    }

    /// What is done.
    public let action: Action
    /// The rule, if one decides.
    public let rule: String?
    /// Where that stands; nil where nothing is to blame.
    public let location: Location?
    /// The target of a rewrite, the reason of a denial; nil for everything else.
    public let detail: String?
    /// What the action warns of.
    public let warning: String?
    /// The marks that a rewrite leaves, as `label key = value`.
    public let marks: [String]

    init(
        _ action: Action, rule: String? = nil, location: Location? = nil, detail: String? = nil,
        warning: String? = nil, marks: [String] = []
    ) {
        self.action = action
        self.rule = rule
        self.location = location
        self.detail = detail
        self.warning = warning
        self.marks = marks
    }

    /// The same without where a rewrite leads.
    var withoutTarget: DifferenceSide {
        DifferenceSide(
            action, rule: rule, location: location, detail: action == .rewrite ? nil : detail, warning: warning,
            marks: marks)
    }

    /// The same without the place, by which regions that read alike are put together.
    var withoutLocation: DifferenceSide {
        DifferenceSide(action, rule: rule, detail: detail, warning: warning, marks: marks)
    }
}

/// One image in one situation, and what two programs make of it.
public struct DifferenceWitness: Sendable, Equatable {
    /// The image's text.
    public let image: String
    /// The namespace.
    public let namespace: String
    /// The namespace's labels; nil where they are not known.
    public let namespaceLabels: [String: String]?
    /// The pod's labels.
    public let podLabels: [String: String]
    /// Where the image stands.
    public let place: Place
    /// What is being done.
    public let operation: Operation
    /// The webhook's own image, where that matters.
    public let selfImage: Reference?
    /// What the first program's evaluator makes of it.
    public let old: PodDecision
    /// What the second program's evaluator makes of it.
    public let new: PodDecision
}

/// What one program writes, and what the other makes of that when it comes back to it.
public struct DifferenceReentry: Sendable, Equatable {
    /// Whether the first program writes it and the second takes it up; else the other way round.
    public let isFromOld: Bool
    /// The action that writes.
    public let writer: RuleLocation
    /// The action that takes it up; nil where a bypass prefix does.
    public let taker: RuleLocation?
    /// The image before both; what each makes of it is ``output`` and ``result``.
    public let image: String
    /// The namespace.
    public let namespace: String
    /// The namespace's labels.
    public let namespaceLabels: [String: String]
    /// The pod's labels.
    public let podLabels: [String: String]
    /// Where the image stands.
    public let place: Place
    /// What the one program writes.
    public let output: String
    /// What the other program makes of that; nil where it denies it.
    public let result: String?
}
