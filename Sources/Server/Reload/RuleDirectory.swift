import Crypto
import RuleLang

/// A directory of `*.rules` files as it is at one moment.
package struct RuleDirectory: Sendable {
    /// The most bytes of all files together.
    static let byteLimit = 64 << 20
    /// The most files.
    static let fileLimit = 1_000

    /// What `stat` tells of the directory: another fingerprint means that it may have changed.
    package struct Fingerprint: Hashable, Sendable {
        /// Where the files really are: what `..data` stands for, in a mounted ConfigMap.
        let folder: String
        /// By name; nil for what cannot be looked at, as a link that leads nowhere.
        let stamps: [String: FileReading.Stamp?]
        /// Whether the folder is a ConfigMap's, which changes as a whole or not at all.
        let isAtomic: Bool
    }

    /// The files of a directory, read.
    struct Content: Sendable {
        let files: [SourceFile]
        /// SHA-256 over names and contents, the first 16 hexadecimal digits.
        let hash: String
    }

    let path: String

    /// Names a directory, which may or may not be there.
    package init(path: String) {
        self.path = path
    }

    /// Looks at the directory without reading the files. `..data` is resolved once, so that all files are of one state.
    package func fingerprint() -> Result<Fingerprint, FileFailure> {
        let data = FileReading.resolve(path + "/..data")
        let folder = data ?? path
        switch FileReading.list(folder) {
        case .failure(let failure): return .failure(FileFailure(reason: "`\(path)` cannot be read: \(failure.reason)"))
        case .success(let names):
            var stamps: [String: FileReading.Stamp?] = [:]
            // What cannot be looked at is kept: rules without it would be other rules.
            for name in names where name.hasSuffix(".rules") {
                stamps.updateValue(FileReading.stamp(folder + "/" + name), forKey: name)
            }
            return .success(Fingerprint(folder: folder, stamps: stamps, isAtomic: data != nil))
        }
    }

    /// Reads the files that a fingerprint names. The names in diagnostics are those under `path`.
    func read(_ fingerprint: Fingerprint) -> Result<Content, FileFailure> {
        guard !fingerprint.stamps.isEmpty else {
            return .failure(FileFailure(reason: "`\(path)` holds no `*.rules` file"))
        }
        guard fingerprint.stamps.count <= Self.fileLimit else {
            return .failure(FileFailure(reason: "`\(path)` holds more than \(Self.fileLimit) files"))
        }
        var files: [SourceFile] = []
        var hash = SHA256()
        var left = Self.byteLimit
        for name in fingerprint.stamps.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            switch FileReading.read(fingerprint.folder + "/" + name, limit: left) {
            case .failure(let failure):
                return .failure(FileFailure(reason: Self.words(failure, path, name)))
            case .success(let bytes):
                left -= bytes.count
                hash.update(data: Array("\(name.utf8.count) \(bytes.count) \(name)".utf8))
                hash.update(data: bytes)
                files.append(SourceFile(name: path + "/" + name, bytes: bytes))
            }
        }
        let digits = Array("0123456789abcdef")
        let text = hash.finalize().prefix(8).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return .success(Content(files: files, hash: String(text)))
    }

    private static func words(_ failure: FileFailure, _ path: String, _ name: String) -> String {
        switch failure.kind {
        // The directory names it: what is not there is at the end of a link.
        case .missing: "`\(path)/\(name)` is a link that leads nowhere"
        case .tooLarge: "the files of `\(path)` hold more than \(byteLimit >> 20) MiB"
        case .other: "`\(path)/\(name)` cannot be read: \(failure.reason)"
        }
    }
}
