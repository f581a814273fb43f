import Foundation

/// The project's own test data, found from where this file stands.
enum Fixtures {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")
    /// The package's folder.
    static let package = root.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func bytes(_ url: URL) throws -> [UInt8] { Array(try Data(contentsOf: url)) }

    /// The names in a folder, sorted.
    static func names(in url: URL) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: url.path())) ?? []).sorted()
    }

    /// Whether golden files are to be written instead of compared.
    static let updatesGoldenFiles = ProcessInfo.processInfo.environment["RULED_UPDATE_GOLDEN"] == "1"
}
