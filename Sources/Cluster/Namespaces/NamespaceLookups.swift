/// What is asked about single namespaces that the store does not know: each once at a time, few at once, not too many
/// in a second, and not again right away where it came to nothing. A state machine without input or output.
struct NamespaceLookups {
    /// What to do about a question.
    enum Decision: Equatable {
        /// The answer is known: labels, or nil for unknown.
        case answer([String: String]?)
        /// To ask the API server.
        case ask
        /// It is being asked already.
        case join
    }

    private struct Entry {
        var labels: [String: String]?
        var until: Double
    }

    /// Questions at once.
    static let concurrent = 16
    /// Questions in a second, on average and in a burst.
    static let perSecond = 20.0
    static let burst = 50.0
    /// Seconds that an answer counts: the watch brings the namespace by itself.
    static let memory = 10.0
    /// Seconds that a namespace counts as not there, and that a failure is not repeated.
    static let absence = 2.0
    /// Remembered answers.
    static let capacity = 1_000

    private var entries: [String: Entry] = [:]
    private var pending: Set<String> = []
    private var tokens = NamespaceLookups.burst
    private var filledAt = 0.0
    /// Questions turned away because there were too many.
    private(set) var shed = 0
    /// Questions asked.
    private(set) var asked = 0

    /// - Parameter now: seconds, by a clock that does not jump.
    mutating func ask(_ name: String, now: Double) -> Decision {
        guard Self.isNamespace(name) else { return .answer(nil) }
        if let entry = entries[name] {
            if now < entry.until { return .answer(entry.labels) }
            entries[name] = nil
        }
        if pending.contains(name) { return .join }
        tokens = min(Self.burst, tokens + max(0, now - filledAt) * Self.perSecond)
        filledAt = now
        guard pending.count < Self.concurrent, tokens >= 1 else {
            shed += 1
            return .answer(nil)
        }
        tokens -= 1
        asked += 1
        pending.insert(name)
        return .ask
    }

    /// Takes what a question came to: labels, or nil where there is no such namespace or nothing could be learnt.
    mutating func finished(_ name: String, _ labels: [String: String]?, now: Double) {
        pending.remove(name)
        if entries.count >= Self.capacity { entries = entries.filter { now < $0.value.until } }
        if entries.count >= Self.capacity { entries = [:] }
        entries[name] = Entry(labels: labels, until: now + (labels == nil ? Self.absence : Self.memory))
    }

    /// Whether a text can name a namespace (RFC 1123, section 2.1): it comes from a review, and goes into a path.
    static func isNamespace(_ text: String) -> Bool {
        (1...63).contains(text.utf8.count) && KubernetesClient.Request.isName(text) && !text.contains(".")
    }
}
