import Engine
import NIOCore

/// Health, metrics and the live rule set.
final class AdminEndpoint: Endpoint {
    private let status: ServerStatus
    private let exposesRules: Bool

    init(status: ServerStatus, exposesRules: Bool) {
        self.status = status
        self.exposesRules = exposesRules
    }

    func refusal(of head: RequestHead, from source: String) -> Answer? {
        guard ["/healthz", "/readyz", "/metrics", "/rules"].contains(head.path) else {
            return .refusal(404, "there are /healthz, /readyz, /metrics and /rules")
        }
        if let refusal = Self.refusalOfMethod(head) { return refusal }
        if head.path == "/rules", !mayName(source) {
            return .refusal(403, "the rules are shown on loopback only, or with --expose-rules")
        }
        return nil
    }

    /// Why something else than a GET without a body is not taken; nil for that.
    static func refusalOfMethod(_ head: RequestHead) -> Answer? {
        guard head.method == "GET" || head.method == "HEAD" else {
            return .refusal(405, "only GET is taken", allow: "GET, HEAD")
        }
        guard (head.contentLength ?? 0) == 0, head.transferEncoding.isEmpty else {
            return .refusal(413, "a request without a body is expected")
        }
        return nil
    }

    func reply(to head: RequestHead, body: [UInt8], from source: String, on loop: any EventLoop) -> Reply {
        .now(answer(head, from: source))
    }

    private func answer(_ head: RequestHead, from source: String) -> Answer {
        switch head.path {
        case "/healthz":
            let isAlive = status.readiness.isAlive
            return .text(isAlive ? "ok\n" : "the listener is dead\n", status: isAlive ? 200 : 503)
        case "/readyz":
            let isVerbose = head.query.split(separator: "&").contains { $0 == "verbose" || $0.hasPrefix("verbose=") }
            return ready(verbose: isVerbose, naming: mayName(source))
        case "/rules":
            return Answer(contentType: .json, body: Array(rules().utf8))
        default:
            return .metrics(status.metricsText())
        }
    }

    /// What names rules or images is for whoever is on the machine, or in the pod.
    private func mayName(_ source: String) -> Bool {
        exposesRules || source.hasPrefix("127.") || source == "::1" || source.hasPrefix("::ffff:127.")
    }

    private func ready(verbose: Bool, naming: Bool) -> Answer {
        let isReady = status.isReady
        var lines = [isReady ? "ok" : "not ready"]
        if verbose || !isReady {
            if status.readiness.isDraining { lines.append("the server is stopping") }
            if !status.readiness.isAlive { lines.append("the listener is dead") }
            if let rules = status.rules.live {
                lines.append("rules: live, hash \(rules.hash)")
            } else {
                lines.append("rules: none are live")
            }
            if let problem = status.rules.problem {
                lines.append("rules as they are in the files: \(problem.summary)")
                if verbose, naming { lines += problem.details.map { "  \($0)" } }
            }
            let certificate = status.hasCertificate ? "live" : "none"
            lines.append("certificate: \(status.isEncrypted ? certificate : "none is needed, TLS is off")")
            if let problem = status.certificateProblem { lines.append("certificate: \(problem)") }
        }
        return .lines(lines, status: isReady ? 200 : 503)
    }

    private func rules() -> String {
        let problem = status.rules.problem
        let errors = (problem.map { [$0.summary] + $0.details } ?? []).map(LogText.json).joined(separator: ",")
        guard let live = status.rules.live else { return "{\"version\":1,\"live\":null,\"problems\":[\(errors)]}\n" }
        let statistics = live.statistics
        return "{\"version\":1,\"live\":{\"hash\":\"\(live.hash)\","
            + "\"loadedAt\":\"\(DateClock.timestamp(live.loadedAt))\","
            + "\"files\":[\(live.fileNames.map(LogText.json).joined(separator: ","))],"
            + "\"rules\":\(statistics.rules),\"actions\":\(statistics.actions),\"ignores\":\(statistics.ignores),"
            + "\"tests\":\(statistics.tests)},\"problems\":[\(errors)]}\n"
    }
}
