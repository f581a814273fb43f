package import Server
import Synchronization

/// Counts the requests to the API server by the status of their answers.
package final class RequestCounts: Sendable {
    private let counts = Mutex<[Int: Int]>([:])

    /// Counts an answer; 0 where none came.
    func count(_ status: Int) { counts.withLock { $0[status, default: 0] += 1 } }

    /// Writes what was counted.
    package func write(to out: inout PrometheusText) {
        out.family(
            "ruled_kubernetes_requests_total", .counter,
            "Requests to the API server, by status code; `none` where no answer came.")
        for (status, count) in counts.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            out.sample("ruled_kubernetes_requests_total", [("code", status == 0 ? "none" : "\(status)")], count)
        }
    }
}
