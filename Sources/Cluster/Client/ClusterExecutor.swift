import Dispatch

/// Where runs what waits for the cluster: on a thread of its own, so that nothing that computes for long in Swift's
/// pool of a thread a core can make a deadline pass.
package final class ClusterExecutor: TaskExecutor {
    /// The one of the process.
    package static let shared = ClusterExecutor()

    /// Serial: only such a queue has a thread beside Dispatch's own pool of one a core.
    private let queue = DispatchQueue(label: "ruled.cluster")

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// Begins something that waits for the cluster.
@discardableResult
package func clusterTask(_ work: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
    Task(executorPreference: ClusterExecutor.shared) { await work() }
}
