import CRuled

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Why a file cannot be read, in words.
package struct FileFailure: Error, Equatable {
    /// What was wrong, as far as it matters.
    enum Kind {
        /// There is nothing, at the end of all links.
        case missing
        case tooLarge
        case other
    }

    package let reason: String
    var kind = Kind.other
}

/// What the server needs of files, on plain system calls.
package enum FileReading {
    /// A file's identity as far as `stat` tells it: another stamp means that it may have changed.
    package struct Stamp: Hashable, Sendable {
        let device: UInt64
        let inode: UInt64
        let size: Int64
        let seconds: Int64
        let nanoseconds: Int64
    }

    /// The stamp of a file; nil where it cannot be looked at. Links are followed.
    package static func stamp(_ path: String) -> Stamp? {
        var status = ruled_file_status()
        guard ruled_file_status(path, &status) == 0 else { return nil }
        return Stamp(
            device: status.device, inode: status.inode, size: status.size, seconds: status.seconds,
            nanoseconds: status.nanoseconds)
    }

    /// The whole file, if it has at most `limit` bytes.
    package static func read(_ path: String, limit: Int) -> Result<[UInt8], FileFailure> {
        // Without O_NONBLOCK a named pipe would hold the watcher for ever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return .failure(failure()) }
        defer { close(descriptor) }
        guard ruled_is_regular_file(descriptor) != 0 else {
            return .failure(FileFailure(reason: "it is no regular file"))
        }
        var bytes: [UInt8] = []
        while true {
            var count = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, initialized in
                count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                initialized = max(0, count)
            }
            if count == 0 { return .success(bytes) }
            if count < 0 {
                if errno == EINTR { continue }
                return .failure(failure())
            }
            bytes += chunk
            if bytes.count > limit {
                return .failure(FileFailure(reason: "larger than \(limit) bytes", kind: .tooLarge))
            }
        }
    }

    /// The names in a directory in the order of their bytes, without those that begin with a dot.
    static func list(_ path: String) -> Result<[String], FileFailure> {
        guard let directory = opendir(path) else { return .failure(failure()) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return .success(names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }

    /// The path that a link stands for in the end; nil where there is none.
    static func resolve(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func failure() -> FileFailure {
        let kind: FileFailure.Kind = errno == ENOENT || errno == ELOOP ? .missing : .other
        let text = String(cString: strerror(errno))
        return FileFailure(reason: text.prefix(1).lowercased() + text.dropFirst(), kind: kind)
    }
}
