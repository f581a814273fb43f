import Dispatch
import Engine
import RuleLang
import Synchronization

/// The check of a rule set, in a task that can be cancelled.
final class BoundedCheck: Sendable {
    private let result = Mutex<RuleSetLoad?>(nil)
    private let done = DispatchSemaphore(value: 0)

    private init() {}

    /// Parses, checks and compiles. Blocks the caller, which is no event loop, until that is done; what is not done
    /// after some seconds is cancelled, and nil is returned once it has ended.
    static func load(_ files: [SourceFile], settings: [String: String], seconds: Double) -> RuleSetLoad? {
        let check = BoundedCheck()
        let task = Task.detached {
            let load = RuleSet.load(files, settings: settings)
            check.result.withLock { $0 = load.isCancelled ? nil : load }
            check.done.signal()
        }
        if check.done.wait(timeout: .now() + seconds) == .timedOut {
            task.cancel()
            check.done.wait()
        }
        return check.result.withLock { $0 }
    }
}
