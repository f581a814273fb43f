import Logging
package import NIOCore
package import Server
import Synchronization

/// The labels of the cluster's namespaces, by name: a watch keeps them, and what it does not have yet is asked for.
///
/// Reading takes a lock for as long as a dictionary takes to answer.
package final class NamespaceStore: NamespaceLabelSource {
    private struct Labels {
        var byName: [String: [String: String]] = [:]
        var isSynced = false
        var changedAt: Double?
        /// When the API server was last heard of.
        var heardAt: Double?
        var isFollowed = false
        var failure: APIFailure?
        var restarts = 0
    }

    private struct Questions {
        var lookups = NamespaceLookups()
        var waiting: [String: [EventLoopPromise<[String: String]?>]] = [:]
    }

    /// Seconds that a question may take.
    static let patience = 0.5
    /// Namespaces in a page of the list.
    static let pageSize = 500
    private static let path = "/api/v1/namespaces"

    private let client: KubernetesClient
    private let log: ServerLog
    private let labels = Mutex(Labels())
    private let questions = Mutex(Questions())
    private let follower = Mutex<Task<Void, Never>?>(nil)

    /// Makes a store that asks nothing yet.
    package init(client: KubernetesClient, log: ServerLog) {
        self.client = client
        self.log = log
    }

    deinit {
        follower.withLock { $0?.cancel() }
    }

    // MARK: NamespaceLabelSource

    package func labels(of namespace: String) -> [String: String]? { labels.withLock { $0.byName[namespace] } }

    package var isSynced: Bool { labels.withLock { $0.isSynced } }

    package var problem: String? { labels.withLock { $0.failure?.message } }

    package func follow() {
        follower.withLock { follower in
            guard follower == nil else { return }
            labels.withLock { $0.isFollowed = true }
            log.log(.notice, "the rules ask for labels of namespaces, the cluster's are followed")
            follower = clusterTask { [weak self] in
                var watch = NamespaceWatch()
                while !Task.isCancelled {
                    guard let pause = await self?.step(&watch) else { return }
                    if pause > 0 { try? await Task.sleep(for: .seconds(pause)) }
                }
            }
        }
    }

    package func lookUp(_ namespace: String, on loop: any EventLoop) -> EventLoopFuture<[String: String]?> {
        let now = Self.now
        let promise = loop.makePromise(of: [String: String]?.self)
        let decision = questions.withLock { questions in
            let decision = questions.lookups.ask(namespace, now: now)
            switch decision {
            case .ask: questions.waiting[namespace] = [promise]
            case .join: questions.waiting[namespace, default: []].append(promise)
            case .answer: break
            }
            return decision
        }
        switch decision {
        case .answer(let labels): promise.succeed(labels)
        case .join: break
        case .ask: clusterTask { await self.ask(namespace) }
        }
        return promise.futureResult
    }

    private func ask(_ namespace: String) async {
        var found: [String: String]?
        do throws(APIFailure) {
            let bytes = try await client.send(.init(path: "\(Self.path)/\(namespace)", seconds: Self.patience))
            found = try NamespaceObject.read(bytes).metadata.labels ?? [:]
        } catch {
            log.limited(
                error.kind == .notFound ? .debug : .warning, "the labels of a namespace could not be asked for",
                key: "namespace-lookup", ["namespace": namespace, "reason": error.message])
        }
        let (labels, now) = (found, Self.now)
        let waiting = questions.withLock { questions in
            questions.lookups.finished(namespace, labels, now: now)
            return questions.waiting.removeValue(forKey: namespace) ?? []
        }
        for promise in waiting { promise.succeed(labels) }
    }

    // MARK: The watch

    /// Does what is next, and returns the seconds until what comes then.
    private func step(_ watch: inout NamespaceWatch) async -> Double {
        let start = Self.now
        do throws(APIFailure) {
            switch watch.step {
            case .list(let token):
                var query = [("limit", "\(Self.pageSize)")]
                if let token { query.append(("continue", token)) }
                let bytes = try await client.send(.init(path: Self.path, query: query, seconds: 30))
                if let change = watch.listed(try NamespaceList.read(bytes)) { apply(change) }
                heard()
                return 0
            case .watch(let version):
                try await observe(&watch, since: version)
                heard()
                return watch.ended(after: Self.now - start)
            }
        } catch {
            if Task.isCancelled { return 0 }
            note(error)
            return watch.failed(error, after: Self.now - start)
        }
    }

    /// Watches until the stream ends; what it brought counts also where it breaks.
    private func observe(_ watch: inout NamespaceWatch, since version: String) async throws(APIFailure) {
        // The API server ends a watch after about as long as it is asked to. Not all clients come back at once.
        let life = Int.random(in: 240...360)
        let state = Mutex(watch)
        defer { watch = state.withLock { $0 } }
        try await client.stream(
            .init(
                path: Self.path,
                query: [
                    ("watch", "1"), ("allowWatchBookmarks", "true"), ("resourceVersion", version),
                    ("timeoutSeconds", "\(life)"),
                ], seconds: Double(life + 30)), begun: { self.heard() }
        ) { line in
            self.heard()
            // A line that is no event says nothing about those after it; the version that it would have brought
            // comes with the next.
            guard let event = try? NamespaceEvent.read(line) else { return true }
            switch state.withLock({ $0.received(event) }) {
            case .change(let change): self.apply(change)
            case .nothing: break
            case .end:
                self.labels.withLock { $0.restarts += 1 }
                return false
            }
            return true
        }
    }

    private func apply(_ change: NamespaceWatch.Change) {
        let now = DateClock.now
        let count: Int? = labels.withLock { labels in
            labels.changedAt = now
            switch change {
            case .replace(let byName):
                labels.byName = byName
                defer { labels.isSynced = true }
                return labels.isSynced ? nil : byName.count
            case .set(let name, let found): labels.byName[name] = found
            case .remove(let name): labels.byName[name] = nil
            }
            return nil
        }
        if let count { log.log(.notice, "the namespaces are known", ["count": "\(count)"]) }
    }

    private func heard() {
        let now = DateClock.now
        let was = labels.withLock { labels in
            labels.heardAt = now
            defer { labels.failure = nil }
            return labels.failure != nil
        }
        if was { log.log(.notice, "the namespaces are followed again") }
    }

    private func note(_ failure: APIFailure) {
        let (isNew, isSynced) = labels.withLock { labels in
            defer { labels.failure = failure }
            return (!failure.says(labels.failure), labels.isSynced)
        }
        guard isNew else { return }
        var fields = ["reason": failure.message]
        if failure.kind == .forbidden {
            fields["help"] = "allow get, list and watch on namespaces, or run with --namespace-labels off"
        }
        log.log(
            isSynced ? .warning : .error,
            isSynced
                ? "the namespaces cannot be followed, the labels stay as last seen"
                : "the namespaces cannot be listed", fields)
    }

    private static var now: Double { Double(NIODeadline.now().uptimeNanoseconds) / 1e9 }

    // MARK: Metrics

    /// The metrics, in Prometheus' text format; empty where nothing asks for labels.
    package func metricsText() -> String {
        let labels = labels.withLock { $0 }
        guard labels.isFollowed else { return "" }
        let (asked, shed) = questions.withLock { ($0.lookups.asked, $0.lookups.shed) }
        var out = PrometheusText()
        out.single(
            "ruled_namespaces_synced", .gauge, "Whether the namespaces were listed once.", labels.isSynced ? 1 : 0)
        out.single("ruled_namespaces", .gauge, "Namespaces whose labels are known.", labels.byName.count)
        if let time = labels.heardAt {
            out.single(
                "ruled_namespaces_heard_timestamp_seconds", .gauge,
                "When the API server was last heard of about namespaces.", time)
        }
        out.single(
            "ruled_namespace_lists_restarted_total", .counter,
            "Times that the list began anew, because the watch was too far behind.", labels.restarts)
        out.single(
            "ruled_namespace_lookups_total", .counter, "Namespaces asked for, because the watch had not brought them.",
            asked)
        out.single(
            "ruled_namespace_lookups_shed_total", .counter, "Namespaces not asked for, because there were too many.",
            shed)
        return out.text
    }
}
