#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif
import NIOPosix

/// A thread of its own for tasks: what computes or blocks for long holds up none of the few threads that all tasks
/// share, and none of those can keep it from running.
package final class WorkThread: TaskExecutor {
    private let pool = NIOThreadPool(numberOfThreads: 1)

    /// - Parameter niceness: how far it stands back where processors are short: 0 is as all others do, 19 the most.
    package init(niceness: CInt = 0) {
        pool.start()
        // On Linux this is the thread's own niceness.
        if niceness > 0 {
            pool.submit { _ in _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness) }
        }
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        pool.submit { _ in job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    /// Ends the thread once what it runs has ended; what still waits runs on another.
    func stop() { pool.shutdownGracefully { _ in } }
}
