import ArgumentParser
import Server

/// What is logged, and how.
struct LoggingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("What to log.", valueName: "level"))
    var logLevel: Serve.Level = .info

    @Option(help: ArgumentHelp("How to log.", valueName: "form"))
    var logFormat: Serve.Form = .text

    /// The log that the options ask for.
    var log: ServerLog { ServerLog(level: logLevel.level, format: logFormat == .json ? .json : .text) }
}
