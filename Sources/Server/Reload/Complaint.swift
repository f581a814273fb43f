import Synchronization

/// What is wrong, so that it is said once, and its end too.
final class Complaint<Problem: Equatable & Sendable>: Sendable {
    private let state = Mutex<Problem?>(nil)

    /// What is wrong now; nil where nothing is.
    var problem: Problem? { state.withLock { $0 } }

    /// Returns whether it is news.
    func raise(_ problem: Problem) -> Bool {
        state.withLock { known in
            defer { known = problem }
            return known != problem
        }
    }

    /// Returns whether something was wrong.
    @discardableResult
    func settle() -> Bool {
        state.withLock { known in
            defer { known = nil }
            return known != nil
        }
    }
}
