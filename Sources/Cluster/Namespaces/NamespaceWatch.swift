/// Follows the namespaces of a cluster: lists them page by page, then watches from there on, and begins again where
/// the API server has forgotten where that was. A state machine without input or output.
struct NamespaceWatch {
    /// What to ask next.
    enum Step: Equatable {
        /// A page of the list; nil for the first.
        case list(after: String?)
        /// What happens after a version.
        case watch(since: String)
    }

    /// What to do with the labels that are kept.
    enum Change: Equatable {
        case replace([String: [String: String]])
        case set(String, [String: String])
        case remove(String)
    }

    /// What came of an event.
    enum Outcome: Equatable {
        case change(Change)
        case nothing
        /// The watch is of no use any more.
        case end
    }

    /// A watch that ends sooner than this many seconds after its begin counts as a failure.
    static let shortest = 5.0

    private(set) var step = Step.list(after: nil)
    private var pages: [String: [String: String]] = [:]
    private var backoff: Backoff
    /// Whether the watch has brought anything since it began.
    private var isAlive = false

    init(backoff: Backoff = Backoff(first: 1, limit: 30)) {
        self.backoff = backoff
    }

    /// Takes a page; the change is there once the list is whole.
    mutating func listed(_ page: NamespaceList) -> Change? {
        for item in page.items {
            if let name = item.metadata.name { pages[name] = item.metadata.labels ?? [:] }
        }
        if let token = page.metadata.continue, !token.isEmpty {
            step = .list(after: token)
            return nil
        }
        let whole = pages
        pages = [:]
        step = .watch(since: page.metadata.resourceVersion ?? "0")
        return .replace(whole)
    }

    /// Takes an event of the watch.
    mutating func received(_ event: NamespaceEvent) -> Outcome {
        guard event.type != "ERROR" else {
            // 410: what was missed is not known any more. Anything else the API server does not explain either.
            begin()
            return .end
        }
        isAlive = true
        guard case .watch = step, let metadata = event.object.metadata else { return .nothing }
        if let version = metadata.resourceVersion { step = .watch(since: version) }
        guard let name = metadata.name else { return .nothing }
        switch event.type {
        case "ADDED", "MODIFIED": return .change(.set(name, metadata.labels ?? [:]))
        case "DELETED": return .change(.remove(name))
        default: return .nothing
        }
    }

    /// The watch ended by itself.
    ///
    /// - Parameter seconds: how long it was there.
    /// - Returns: seconds until the next step.
    mutating func ended(after seconds: Double, jitter: Double = .random(in: 0...1)) -> Double {
        isAlive = false
        guard seconds < Self.shortest else {
            backoff.succeeded()
            return 0
        }
        return backoff.failed(jitter: jitter)
    }

    /// A step failed. Where that was a watch which was alive for a while, it is the first failure in a row.
    ///
    /// - Parameter seconds: how long the step took.
    /// - Returns: seconds until the next.
    mutating func failed(
        _ failure: APIFailure, after seconds: Double = 0, jitter: Double = .random(in: 0...1)
    ) -> Double {
        if isAlive, seconds >= Self.shortest { backoff.succeeded() }
        isAlive = false
        if failure.kind == .expired { begin() }
        return backoff.failed(retryAfter: failure.retryAfter, jitter: jitter)
    }

    /// The list begins anew.
    private mutating func begin() {
        pages = [:]
        step = .list(after: nil)
    }
}
