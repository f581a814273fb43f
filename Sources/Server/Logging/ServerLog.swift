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
    private let queue = DispatchQueue(label: "ruled.log")
    private let pending = Atomic<Int>(0)
    private let dropped = Atomic<Int>(0)

    func write(_ line: String) {
        let bytes = Array(line.utf8)
        guard pending.add(bytes.count, ordering: .relaxed).newValue <= Self.capacity else {
            pending.subtract(bytes.count, ordering: .relaxed)
            dropped.add(1, ordering: .relaxed)
            return
        }
        queue.async {
            Self.put(bytes)
            self.pending.subtract(bytes.count, ordering: .relaxed)
            let lost = self.dropped.exchange(0, ordering: .relaxed)
            if lost > 0 { Self.put(Array("\(lost) log lines were dropped\n".utf8)) }
        }
    }

    /// Waits until everything is written.
    func flush() { queue.sync {} }

    private static func put(_ bytes: [UInt8]) {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
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
            for field in fields { line += ",\(LogText.json(field.key)):\(LogText.json("\(field.value)"))" }
            output(line + "}\n")
        case .text:
            var line = "\(time) \(event.level) \(event.message)"
            for field in fields {
                let value = "\(field.value)"
                let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 < 0x7f }
                line += " \(field.key)=\(isPlain ? value : LogText.json(value))"
            }
            output(line + "\n")
        }
    }
}

/// The server's log: swift-log, and a bound on what clients can cause.
public struct ServerLog: Sendable {
    private struct Window {
        var second = 0
        var count = 0
        var suppressed = 0
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
        _ level: Logger.Level, _ message: @autoclosure () -> String, _ fields: @autoclosure () -> [String: String] = [:]
    ) {
        logger.log(level: level, "\(message())", metadata: fields().mapValues { .string($0) })
    }

    /// Logs at most ten lines of a kind in a second, and then how many there would have been.
    package func limited(
        _ level: Logger.Level, _ message: @autoclosure () -> String, key: String,
        _ fields: @autoclosure () -> [String: String] = [:]
    ) {
        guard logger.logLevel <= level else { return }
        let second = Int(DateClock.now)
        let suppressed: Int? = limiter.windows.withLock { windows in
            var window = windows[key] ?? Window()
            defer { windows[key] = window }
            var lost = 0
            if window.second != second {
                lost = window.suppressed
                window = Window(second: second)
            }
            window.count += 1
            guard window.count <= Self.linesPerSecond else {
                window.suppressed += 1
                return nil
            }
            return lost
        }
        guard let suppressed else { return }
        if suppressed > 0 { log(level, "more of the same were not logged", ["kind": key, "count": "\(suppressed)"]) }
        log(level, message(), fields())
    }

    var isDebug: Bool { logger.logLevel <= .debug }

    /// Waits until everything is written.
    public func flush() { sink?.flush() }
}
