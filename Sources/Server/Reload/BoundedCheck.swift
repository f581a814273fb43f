import Dispatch
import Engine
import RuleLang
import Synchronization

/// The check of a rule set, in a task that can be cancelled.
enum BoundedCheck {
    /// The caller blocks: where it blocked one of the threads that tasks share, the check might never begin. Reviews
    /// come first.
    private static let thread = WorkThread(niceness: 10)

    /// Parses, checks and compiles. Blocks the caller, which is no event loop, until that is done; what is not done
    /// after some seconds is cancelled, and nil is returned once it has ended.
    static func load(_ files: [SourceFile], settings: [String: String], seconds: Double) -> RuleSetLoad? {
        let result = Result()
        let task = Task.detached(executorPreference: thread) {
            result.value.withLock { $0 = RuleSet.load(files, settings: settings) }
            result.isThere.signal()
        }
        if result.isThere.wait(timeout: .now() + seconds) == .timedOut {
            task.cancel()
            result.isThere.wait()
        }
        return result.value.withLock { $0.flatMap { $0.isCancelled ? nil : $0 } }
    }

    private final class Result: Sendable {
        let value = Mutex<RuleSetLoad?>(nil)
        let isThere = DispatchSemaphore(value: 0)
    }
}
