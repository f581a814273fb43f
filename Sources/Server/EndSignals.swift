import Dispatch
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif
import Synchronization

/// The signals that end a service: SIGTERM and SIGINT in order, a second one of them at once, with exit code 130.
/// SIGHUP asks for something else. A client that goes away ends nothing.
///
/// Unchecked: Dispatch declares no source Sendable; they are only kept here, from the start on.
package final class EndSignals: @unchecked Sendable {
    private let first = DispatchSemaphore(value: 0)
    private let count = Atomic<Int>(0)
    private var sources: [any DispatchSourceSignal] = []

    /// Takes the signals over from here on.
    ///
    /// - Parameter hangUp: what SIGHUP asks for; without it the signal does what it does to every program, ends it.
    package init(hangUp: (@Sendable () -> Void)? = nil) {
        let queue = DispatchQueue(label: "ruled.signals")
        signal(SIGPIPE, SIG_IGN)
        for number in [SIGTERM, SIGINT] { take(number, on: queue) { [self] in end() } }
        if let hangUp { take(SIGHUP, on: queue, hangUp) }
    }

    /// Blocks until the first signal to end.
    package func wait() { first.wait() }

    private func end() {
        if count.add(1, ordering: .relaxed).newValue > 1 { exit(130) }
        first.signal()
    }

    private func take(_ number: CInt, on queue: DispatchQueue, _ action: @escaping @Sendable () -> Void) {
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
        source.setEventHandler(handler: action)
        source.resume()
        sources.append(source)
    }
}
