public import ArgumentParser
import Logging
public import Server

/// What is logged, and how.
struct LoggingOptions: ParsableArguments {
    /// How much is logged.
    enum Level: String, CaseIterable, ExpressibleByArgument {
        case debug, info, notice, warning, error

        var level: Logger.Level {
            switch self {
            case .debug: .debug
            case .info: .info
            case .notice: .notice
            case .warning: .warning
            case .error: .error
            }
        }
    }

    @Option(help: ArgumentHelp("What to log; debug has a line a review.", valueName: "level"))
    var logLevel: Level = .info

    @Option(help: ArgumentHelp("How to log.", valueName: "form"))
    var logFormat: LogFormat = .text

    /// The log that the options ask for.
    var log: ServerLog { ServerLog(level: logLevel.level, format: logFormat) }
}

extension LogFormat: ExpressibleByArgument {}
