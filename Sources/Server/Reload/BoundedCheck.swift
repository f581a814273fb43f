import Dispatch
import Engine
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif
import NIOPosix
import RuleLang
import Synchronization

/// The check of a rule set, in a task that can be cancelled.
final class BoundedCheck: Sendable {
    /// A thread of its own: the caller blocks, and where it blocks one of the few threads that tasks share, a check
    /// that needed one of those would never begin. It gives way to the event loops.
    private final class Executor: TaskExecutor {
        private let pool = NIOThreadPool(numberOfThreads: 1)

        init() {
            pool.start()
            // On Linux this is the thread's own niceness.
            pool.submit { _ in _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10) }
        }

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            pool.submit { _ in job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
    }

    private static let executor = Executor()
    private let result = Mutex<RuleSetLoad?>(nil)
    private let done = DispatchSemaphore(value: 0)

    private init() {}

    /// Parses, checks and compiles. Blocks the caller, which is no event loop, until that is done; what is not done
    /// after some seconds is cancelled, and nil is returned once it has ended.
    static func load(_ files: [SourceFile], settings: [String: String], seconds: Double) -> RuleSetLoad? {
        let check = BoundedCheck()
        let task = Task.detached(executorPreference: executor) {
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
