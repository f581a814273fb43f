import Engine
import NIOCore
import Synchronization

/// What the server counts.
final class Metrics: Sendable {
    /// What became of a review.
    enum ReviewOutcome: Int, CaseIterable {
        case patched, unchanged, denied
        /// Nothing to decide: no pod, or neither created nor updated.
        case passed
        /// The object could not be read.
        case unreadable
        /// The labels of the namespace were asked for and not known.
        case unknownNamespace
        /// There was no rule set.
        case noRules

        /// What metrics and log say.
        var name: String {
            switch self {
            case .patched: "patched"
            case .unchanged: "unchanged"
            case .denied: "denied"
            case .passed: "passed"
            case .unreadable: "unreadable"
            case .unknownNamespace: "unknown-namespace"
            case .noRules: "no-rules"
            }
        }
    }

    /// Why something was turned away.
    enum Shed: String, CaseIterable {
        case bytes, connections, source
        /// No certificate yet.
        case certificate
    }

    /// What is read from files.
    enum Reloaded: String, CaseIterable {
        case rules, certificate
    }

    /// What images are counted by.
    struct ImageKey: Hashable {
        let outcome: ImageDecision.Outcome
        /// The name of the rule that decided; empty where none did.
        let rule: String
    }

    private struct State {
        /// By the outcome's number.
        var reviews = [Int](repeating: 0, count: ReviewOutcome.allCases.count)
        var images: [ImageKey: Int] = [:]
        var rules: Set<String> = []
        var decisionSeconds = Histogram()
        var requestSeconds = Histogram()
        var responses: [Int: Int] = [:]
        var sheds: [Shed: Int] = [:]
        var edits: [ValidationEndpoint.Outcome: Int] = [:]
        var accepted = 0
        var closed: [ConnectionState.CloseReason: Int] = [:]
        var handshakeFailures = 0
        var reloads: [Reloaded: (succeeded: Int, failed: Int)] = [:]
        var lastReloadSucceeded: [Reloaded: Bool] = [:]

        mutating func count(_ image: ImageKey) {
            // What was counted before is counted under its own name.
            if let place = images.index(forKey: image) {
                images.values[place] += 1
                return
            }
            var image = image
            if !image.rule.isEmpty, !rules.contains(image.rule) {
                if rules.count < Metrics.ruleLimit {
                    rules.insert(image.rule)
                } else {
                    image = ImageKey(outcome: image.outcome, rule: "other")
                }
            }
            images[image, default: 0] += 1
        }
    }

    /// The most values of the label `rule`; further rules count as `other`.
    static let ruleLimit = 200
    private let state = Mutex(State())
    let startTime = DateClock.now

    func reviewed(_ outcome: ReviewOutcome, in duration: TimeAmount, images: [ImageKey]) {
        state.withLock { state in
            state.reviews[outcome.rawValue] += 1
            state.decisionSeconds.record(duration)
            for image in images { state.count(image) }
        }
    }

    func responded(_ status: Int, after duration: TimeAmount) {
        state.withLock {
            $0.responses[status, default: 0] += 1
            $0.requestSeconds.record(duration)
        }
    }

    func edited(_ outcome: ValidationEndpoint.Outcome) { state.withLock { $0.edits[outcome, default: 0] += 1 } }
    func shed(_ reason: Shed) { state.withLock { $0.sheds[reason, default: 0] += 1 } }
    func connectionAccepted() { state.withLock { $0.accepted += 1 } }
    func connectionClosed(_ reason: ConnectionState.CloseReason) {
        state.withLock { $0.closed[reason, default: 0] += 1 }
    }
    func handshakeFailed() { state.withLock { $0.handshakeFailures += 1 } }

    func reloaded(_ what: Reloaded, succeeded: Bool) {
        state.withLock {
            var counts = $0.reloads[what] ?? (0, 0)
            if succeeded { counts.succeeded += 1 } else { counts.failed += 1 }
            $0.reloads[what] = counts
            $0.lastReloadSucceeded[what] = succeeded
        }
    }

    /// What is counted elsewhere and shown with the rest.
    struct Gauges {
        var ready: Bool
        var connections: Int
        var bytesInFlight: Int
        var rules: LiveRules?
        var certificateExpiry: Double?
    }

    func text(_ gauges: Gauges) -> String {
        let state = state.withLock { $0 }
        var out = PrometheusText()
        out.single("ruled_ready", .gauge, "Whether /readyz answers 200.", gauges.ready ? 1 : 0)
        out.family("ruled_reviews_total", .counter, "Admission reviews answered, by outcome.")
        for outcome in ReviewOutcome.allCases {
            out.sample("ruled_reviews_total", [("outcome", outcome.name)], state.reviews[outcome.rawValue])
        }
        out.family(
            "ruled_images_total", .counter,
            "Images decided, by outcome and rule; at most \(Self.ruleLimit) rules by name.")
        for (key, count) in state.images.sorted(by: {
            ($0.key.outcome.rawValue, $0.key.rule) < ($1.key.outcome.rawValue, $1.key.rule)
        }) {
            out.sample("ruled_images_total", [("outcome", key.outcome.rawValue), ("rule", key.rule)], count)
        }
        out.histogram(
            "ruled_decision_seconds", "Time to read a review, decide it and write the answer.", state.decisionSeconds)
        out.histogram(
            "ruled_request_seconds", "Time from a request's first byte until its answer is handed to the socket.",
            state.requestSeconds)
        out.family("ruled_http_responses_total", .counter, "HTTP answers of the webhook's listener, by status code.")
        for (status, count) in state.responses.sorted(by: { $0.key < $1.key }) {
            out.sample("ruled_http_responses_total", [("code", "\(status)")], count)
        }
        writeConnections(state, gauges, to: &out)
        writeReloads(state, gauges, to: &out)
        return out.text + Self.processText(startedAt: startTime)
    }

    /// What every process tells of itself.
    static func processText(startedAt startTime: Double) -> String {
        var out = PrometheusText()
        out.single(
            "process_start_time_seconds", .gauge, "When the process started, in seconds since 1970.", startTime)
        if let bytes = ProcessMemory.resident() {
            out.single("process_resident_memory_bytes", .gauge, "Resident memory.", bytes)
        }
        return out.text
    }

    private func writeConnections(_ state: State, _ gauges: Gauges, to out: inout PrometheusText) {
        out.single("ruled_connections", .gauge, "Open connections of the webhook's listener.", gauges.connections)
        out.single("ruled_connections_accepted_total", .counter, "Connections accepted.", state.accepted)
        out.family("ruled_connections_closed_total", .counter, "Connections closed, by reason.")
        for reason in ConnectionState.CloseReason.allCases {
            out.sample("ruled_connections_closed_total", [("reason", reason.rawValue)], state.closed[reason] ?? 0)
        }
        out.single(
            "ruled_tls_failures_total", .counter, "TLS handshakes and sessions that failed.", state.handshakeFailures)
        out.family("ruled_sheds_total", .counter, "Connections and requests turned away, by what was short.")
        for reason in Shed.allCases {
            out.sample("ruled_sheds_total", [("reason", reason.rawValue)], state.sheds[reason] ?? 0)
        }
        out.single("ruled_in_flight_bytes", .gauge, "Bytes of requests that are held.", gauges.bytesInFlight)
    }

    private func writeReloads(_ state: State, _ gauges: Gauges, to out: inout PrometheusText) {
        out.family("ruled_rule_edits_total", .counter, "Edits of the rules judged at /validate, by outcome.")
        for outcome in ValidationEndpoint.Outcome.allCases {
            out.sample("ruled_rule_edits_total", [("outcome", outcome.rawValue)], state.edits[outcome] ?? 0)
        }
        out.family("ruled_reloads_total", .counter, "Changes of files that were read, by what and result.")
        for what in Reloaded.allCases {
            let counts = state.reloads[what] ?? (0, 0)
            out.sample("ruled_reloads_total", [("what", what.rawValue), ("result", "ok")], counts.succeeded)
            out.sample("ruled_reloads_total", [("what", what.rawValue), ("result", "refused")], counts.failed)
        }
        out.family("ruled_last_reload_successful", .gauge, "Whether the last change of the files could be used.")
        for what in Reloaded.allCases {
            guard let isGood = state.lastReloadSucceeded[what] else { continue }
            out.sample("ruled_last_reload_successful", [("what", what.rawValue)], isGood ? 1 : 0)
        }
        if let rules = gauges.rules {
            out.family("ruled_rules_info", .gauge, "The live rule set, by the hash of its files.")
            out.sample("ruled_rules_info", [("hash", rules.hash)], 1)
            out.single("ruled_rules", .gauge, "Rules of the live rule set.", rules.statistics.rules)
            out.single(
                "ruled_rules_loaded_timestamp_seconds", .gauge, "When the live rule set was taken up.", rules.loadedAt)
        }
        if let expiry = gauges.certificateExpiry {
            out.single(
                "ruled_certificate_expiry_timestamp_seconds", .gauge, "When the served certificate expires.", expiry)
        }
    }
}
