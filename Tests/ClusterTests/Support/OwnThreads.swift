import Testing

@testable import Cluster

/// Runs tests where the product's own work runs: other targets' tests compute for minutes on the threads of Swift's
/// pool, and these measure time.
struct OwnThreads: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(clusterThread) { try await function() }
    }
}

extension Trait where Self == OwnThreads {
    /// Runs tests on threads of their own.
    static var ownThreads: Self { Self() }
}
