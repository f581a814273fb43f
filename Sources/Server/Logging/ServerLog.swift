import Dispatch
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif
public import Logging
import Synchronization

/// How log lines look.
public enum LogFormat: String, Sendable, CaseIterable {
    /// `2026-01-02T03:04:05.678Z info rules loaded files=2`
    case text
    /// One JSON object a line.
    case json
}

/// Writes log lines to standard error on a thread of its own: an event loop must not wait for whoever reads them.
/// Where they are read too slowly, lines are dropped, and counted.
final class LogSink: Sendable {
    private static let capacity = 1 << 20
    private let descriptor: Int32
    private let queue = DispatchQueue(label: "ruled.log")
    private let pending = Atomic<Int>(0)
    private let dropped = Atomic<Int>(0)

    init(descriptor: Int32 = STDERR_FILENO) {
        self.descriptor = descriptor
    }

    func write(_ line: String) {
        let bytes = Array(line.utf8)
        guard pending.add(bytes.count, ordering: .relaxed).newValue <= Self.capacity else {
            pending.subtract(bytes.count, ordering: .relaxed)
            dropped.add(1, ordering: .relaxed)
            return
        }
        queue.async {
            self.put(bytes)
            self.pending.subtract(bytes.count, ordering: .relaxed)
            let lost = self.dropped.exchange(0, ordering: .relaxed)
            if lost > 0 { self.put(Array("\(lost) log lines were dropped\n".utf8)) }
        }
    }

    /// Waits until everything is written, but not for ever: whoever should read it may have stopped doing so.
    func flush(within seconds: Double) {
        let isWritten = DispatchSemaphore(value: 0)
        queue.async { isWritten.signal() }
        _ = isWritten.wait(timeout: .now() + seconds)
    }

    private func put(_ bytes: [UInt8]) {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { written += count } else if errno != EINTR { return }
        }
    }
}

/// The form of a line, for swift-log.
struct LineLogHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    let format: LogFormat
    let output: @Sendable (String) -> Void

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let time = DateClock.timestamp(DateClock.now)
        switch format {
        case .json:
            var line =
                "{\"time\":\"\(time)\",\"level\":\"\(event.level)\",\"message\":\(LogText.json("\(event.message)"))"
            for field in fields { line += ",\(LogText.json(field.key)):\(Self.json(field.value))" }
            output(line + "}\n")
        case .text:
            var line = "\(time) \(event.level) \(LogText.escaped("\(event.message)"))"
            for field in fields {
                let value = "\(field.value)"
                let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 < 0x7f }
                line += " \(field.key)=\(isPlain ? value : LogText.json(value))"
            }
            output(line + "\n")
        }
    }

    private static func json(_ value: Logger.MetadataValue) -> String {
        if case .stringConvertible(let value) = value {
            if let number = value as? Int { return "\(number)" }
            if let number = value as? Double, number.isFinite { return "\(number)" }
        }
        return LogText.json("\(value)")
    }
}

/// What a log line says beside its message: texts, and numbers, which JSON shows as such.
package typealias LogFields = [String: any CustomStringConvertible & Sendable]

/// The server's log: swift-log, and a bound on what clients can cause.
public struct ServerLog: Sendable {
    private struct Window {
        var second = 0
        var count = 0
        var suppressed = 0
        var level: Logger.Level
    }

    private final class Limiter: Sendable {
        let windows = Mutex<[String: Window]>([:])
    }

    /// Lines of one kind in a second.
    private static let linesPerSecond = 10
    private let logger: Logger
    private let limiter = Limiter()
    private let sink: LogSink?

    /// A log on standard error.
    public init(level: Logger.Level, format: LogFormat) {
        let sink = LogSink()
        self.sink = sink
        logger = Logger(label: "ruled") { _ in
            LineLogHandler(logLevel: level, format: format, output: { sink.write($0) })
        }
    }

    /// A log that somebody else reads, as tests do.
    package init(level: Logger.Level, format: LogFormat = .text, output: @escaping @Sendable (String) -> Void) {
        sink = nil
        logger = Logger(label: "ruled") { _ in LineLogHandler(logLevel: level, format: format, output: output) }
    }

    package func log(
        _ level: Logger.Level, _ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]
    ) {
        logger.log(
            level: level, "\(message())",
            metadata: fields().mapValues { value in
                if let text = value as? String { return .string(text) }
                return .stringConvertible(value)
            })
    }

    /// Logs at most ten lines of a kind in a second, and then how many more there would have been.
    package func limited(
        _ level: Logger.Level, _ message: @autoclosure () -> String, key: String,
        _ fields: @autoclosure () -> LogFields = [:]
    ) {
        guard logger.logLevel <= level else { return }
        let second = Int(DateClock.now)
        let (isLogged, isFirstLost) = limiter.windows.withLock { windows in
            var window = windows[key] ?? Window(level: level)
            defer { windows[key] = window }
            if window.second != second {
                window.second = second
                window.count = 0
            }
            window.count += 1
            guard window.count > Self.linesPerSecond else { return (true, false) }
            window.level = level
            window.suppressed += 1
            return (false, window.suppressed == 1)
        }
        if isLogged { return log(level, message(), fields()) }
        // Said by a timer and not with the next line, which may never come.
        guard isFirstLost else { return }
        DispatchQueue.global().asyncAfter(deadline: .now() + 1) { reportSuppressed(key) }
    }

    private func reportSuppressed(_ key: String) {
        let (count, level) = limiter.windows.withLock { windows in
            defer { windows[key]?.suppressed = 0 }
            return (windows[key]?.suppressed ?? 0, windows[key]?.level ?? .info)
        }
        if count > 0 { log(level, "more of the same were not logged", ["kind": key, "count": count]) }
    }

    var isDebug: Bool { logger.logLevel <= .debug }

    /// Waits until everything is written, two seconds at most.
    public func flush() {
        for key in limiter.windows.withLock({ Array($0.keys) }) { reportSuppressed(key) }
        sink?.flush(within: 2)
    }
}
