import Engine
import Logging
import NIOCore
import RuleLang
import Synchronization

/// A rule set that decides, and where it came from.
final class LiveRules: Sendable {
    let program: Program
    let statistics: RuleSet.Statistics
    let hash: String
    let fileNames: [String]
    /// Seconds since 1970.
    let loadedAt: Double
    /// How long it took to check.
    let milliseconds: Int64

    init(_ ruleSet: RuleSet, _ content: RuleDirectory.Content, milliseconds: Int64) {
        self.milliseconds = milliseconds
        program = ruleSet.program
        statistics = ruleSet.statistics
        hash = content.hash
        fileNames = content.files.map(\.name)
        loadedAt = DateClock.now
    }
}

/// What is wrong with the files as they are.
struct RuleProblem: Sendable, Equatable {
    /// In one line, without names of rules or images.
    let summary: String
    /// The findings, one a line.
    let details: [String]
}

/// Keeps the live rule set: looks at the directory, checks what changed, and takes it up whole or not at all.
///
/// `poll` is called by one thread at a time, which is no event loop; everything else from anywhere.
final class RuleReloader: Sendable {
    private struct Watch {
        /// The fingerprint that was last read, whatever came of it.
        var handled: RuleDirectory.Fingerprint?
        /// The fingerprint of the last look.
        var seen: RuleDirectory.Fingerprint?
    }

    private let directory: RuleDirectory
    private let settings: [String: String]
    private let metrics: Metrics
    private let log: ServerLog
    private let checkSeconds: Double
    private let current = Mutex<LiveRules?>(nil)
    private let complaint = Complaint<RuleProblem>()
    private let watch = Mutex(Watch())
    private let gate: NamespaceGate
    /// A rule set that is valid and waits until the namespaces are known that it asks about.
    private let waiting = Mutex<LiveRules?>(nil)

    init(
        path: String, settings: [String: String], metrics: Metrics, log: ServerLog, checkSeconds: Double = 30,
        gate: NamespaceGate = .init()
    ) {
        self.checkSeconds = checkSeconds
        self.gate = gate
        directory = RuleDirectory(path: path)
        self.settings = settings
        self.metrics = metrics
        self.log = log
    }

    /// The rule set that decides; nil until one was valid.
    var live: LiveRules? { current.withLock { $0 } }
    /// What is wrong with the files; nil where the live rule set is what they say.
    var problem: RuleProblem? { complaint.problem }

    /// Looks once, and takes up what changed.
    ///
    /// Outside a mounted ConfigMap files change one by one and byte by byte, so a change counts once two looks in a
    /// row see the same. The first look of all, and one that was asked for, do not wait.
    func poll(immediately: Bool = false) {
        let fingerprint: RuleDirectory.Fingerprint
        switch directory.fingerprint() {
        case .failure(let failure):
            watch.withLock { $0 = Watch() }
            return refuse(RuleProblem(summary: "the directory of rules cannot be read", details: [failure.reason]))
        case .success(let found): fingerprint = found
        }
        let isDue = watch.withLock { watch in
            let isSteady = immediately || fingerprint.isAtomic || watch.seen == fingerprint || live == nil
            watch.seen = fingerprint
            guard immediately || watch.handled != fingerprint else { return false }
            return isSteady
        }
        guard isDue else {
            if let rules = waiting.withLock({ $0 }) { admit(rules) }
            return
        }
        let read = directory.read(fingerprint)
        // What changed while it was read is read again at the next look.
        guard case .success(fingerprint) = directory.fingerprint() else { return }
        watch.withLock { $0.handled = fingerprint }
        switch read {
        case .failure(let failure):
            refuse(RuleProblem(summary: "the files of rules cannot be read", details: [failure.reason]))
        case .success(let content): take(content)
        }
    }

    private func take(_ content: RuleDirectory.Content) {
        waiting.withLock { $0 = nil }
        if let live, live.hash == content.hash {
            if complaint.settle() {
                metrics.reloaded(.rules, succeeded: true)
                log.log(.notice, "the files hold the live rules again", ["hash": live.hash])
            }
            return
        }
        let start = NIODeadline.now()
        guard let load = BoundedCheck.load(content.files, settings: settings, seconds: checkSeconds) else {
            return refuse(
                RuleProblem(
                    summary: "the rules were not checked within \(checkSeconds) seconds",
                    details: [
                        "`ruled validate` takes the time it needs; --check-timeout gives the server more, "
                            + "and SIGHUP tries again"
                    ]))
        }
        let milliseconds = (NIODeadline.now() - start).nanoseconds / 1_000_000
        guard let ruleSet = load.ruleSet else {
            let errors = load.diagnostics.filter { $0.severity == .error }
            return refuse(
                RuleProblem(
                    summary: "the rule set is invalid: \(errors.count) \(errors.count == 1 ? "error" : "errors")",
                    details: errors.prefix(20).map { Self.line($0, content.files) }))
        }
        admit(LiveRules(ruleSet, content, milliseconds: milliseconds))
    }

    /// Makes a valid rule set live, or lets it wait for the namespaces that it asks about.
    private func admit(_ rules: LiveRules) {
        switch gate.verdict(rules.program) {
        case .refuse(let problem): return refuse(problem)
        case .wait(let reason):
            waiting.withLock { $0 = rules }
            if complaint.raise(RuleProblem(summary: reason, details: [])) {
                log.log(.notice, "the rules are valid and wait", ["hash": rules.hash, "reason": reason])
            }
            return
        case .take: break
        }
        waiting.withLock { $0 = nil }
        current.withLock { $0 = rules }
        complaint.settle()
        metrics.reloaded(.rules, succeeded: true)
        log.log(
            .notice, "rules are live",
            [
                "hash": rules.hash, "files": rules.statistics.files, "rules": rules.statistics.rules,
                "milliseconds": Int(rules.milliseconds),
            ])
    }

    private func refuse(_ problem: RuleProblem) {
        guard complaint.raise(problem) else { return }
        metrics.reloaded(.rules, succeeded: false)
        let consequence = live.map { "the rules of hash \($0.hash) stay live" } ?? "no rules are live"
        log.log(.error, "\(problem.summary); \(consequence)", ["path": directory.path])
        for line in problem.details { log.log(.error, line) }
    }

    private static func line(_ diagnostic: Diagnostic, _ files: [SourceFile]) -> String {
        var place = ""
        if let span = diagnostic.primary?.span, files.indices.contains(span.file) {
            let position = files[span.file].position(at: span.start)
            place = "\(files[span.file].name):\(position.line):\(position.column): "
        }
        return "\(place)\(diagnostic.code.rawValue): \(diagnostic.message)"
    }
}
