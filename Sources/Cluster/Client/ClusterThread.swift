package import Server

/// Where runs what waits for the cluster: nothing that computes for long in Swift's pool of a thread a core can make a
/// deadline pass.
package let clusterThread = WorkThread()

/// Begins something that waits for the cluster.
@discardableResult
package func clusterTask(_ work: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
    Task(executorPreference: clusterThread) { await work() }
}
