#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A failed system call, in the system's words.
struct SystemError: Error, CustomStringConvertible {
    /// The number, as `errno` had it.
    let number: Int32

    /// The last failure of this thread.
    static var current: SystemError { SystemError(number: errno) }

    /// The system's words, in lower case as the rest of a message is: `permission denied`.
    var description: String {
        let text = String(cString: strerror(number))
        guard let first = text.first else { return "error \(number)" }
        return first.lowercased() + text.dropFirst()
    }
}

/// What the command line needs of files, on plain system calls: it starts in a millisecond without Foundation.
enum FileSystem {
    /// What stands at a path; links are followed.
    enum Kind {
        case missing, file, directory, other
    }

    /// What reading may give besides the bytes.
    enum ReadFailure: Error {
        case system(SystemError)
        /// The file has more bytes than the limit.
        case tooLarge
    }

    /// What stands at a path.
    static func kind(of path: String) -> Kind {
        var status = stat()
        guard stat(path, &status) == 0 else { return .missing }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return .directory
        case S_IFREG: return .file
        default: return .other
        }
    }

    /// What a path leads to, however it is written and whichever links it goes through.
    struct Identity: Hashable {
        fileprivate let device: UInt64
        fileprivate let number: UInt64
    }

    /// What a path leads to; nil where there is nothing.
    static func identity(of path: String) -> Identity? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Identity(
            device: UInt64(truncatingIfNeeded: status.st_dev), number: UInt64(truncatingIfNeeded: status.st_ino))
    }

    /// The whole content of a file, `-` for standard input.
    static func read(_ path: String, limit: Int) throws(ReadFailure) -> [UInt8] {
        if path == "-" { return try read(descriptor: STDIN_FILENO, limit: limit) }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(.current) }
        defer { close(descriptor) }
        return try read(descriptor: descriptor, limit: limit)
    }

    private static func read(descriptor: Int32, limit: Int) throws(ReadFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let count = systemRead(descriptor, appendingTo: &bytes)
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw .system(.current)
            }
            if bytes.count > limit { throw .tooLarge }
        }
    }

    /// The names in a directory, sorted by their bytes, without `.` and `..`.
    static func list(_ path: String) throws(SystemError) -> [String] {
        guard let directory = opendir(path) else { throw .current }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Puts new content in the place of a file at once: whoever reads it sees the old or the new, never a half.
    /// A link stays a link, and the file keeps its mode.
    static func replace(_ path: String, with bytes: [UInt8]) throws(SystemError) {
        guard let resolved = realpath(path, nil) else { throw .current }
        defer { free(resolved) }
        let target = String(cString: resolved)
        var status = stat()
        guard stat(target, &status) == 0 else { throw .current }
        try create(target, with: bytes, mode: status.st_mode & 0o7777, replacing: true)
    }

    /// Makes a directory, if there is none; the one that it is in has to be there.
    static func makeDirectory(_ path: String) throws(SystemError) {
        if mkdir(path, 0o755) != 0, errno != EEXIST { throw .current }
    }

    /// Writes a file with a mode, at once and whole.
    ///
    /// - Parameter replacing: whether a file that is there goes; otherwise it is an error.
    static func create(
        _ path: String, with bytes: [UInt8], mode: mode_t, replacing: Bool
    ) throws(SystemError) {
        let temporary = "\(parent(of: path))/.\(name(of: path)).ruled-\(getpid())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .current }
        var failure: SystemError?
        var written = 0
        while written < bytes.count, failure == nil {
            let count = systemWrite(descriptor, bytes, from: written)
            if count > 0 { written += count } else if errno != EINTR { failure = .current }
        }
        if failure == nil, fchmod(descriptor, mode) != 0 { failure = .current }
        if failure == nil, fsync(descriptor) != 0 { failure = .current }
        close(descriptor)
        // link(2) fails where the name is taken, rename(2) does not.
        if failure == nil, (replacing ? rename(temporary, path) : link(temporary, path)) != 0 { failure = .current }
        if failure != nil || !replacing { unlink(temporary) }
        if let failure { throw failure }
    }

    /// The directory part of a path; `.` where there is none.
    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The last component of a path.
    static func name(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return path }
        return String(path[path.index(after: slash)...])
    }

    /// The path of a name in a directory, as people write it: no doubled slash.
    static func join(_ directory: String, _ name: String) -> String {
        if directory == "." { return name }
        return directory.hasSuffix("/") ? directory + name : directory + "/" + name
    }
}

/// Standard input, line by line, in bounded memory.
struct LineReader {
    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false
    /// The longest line in bytes that is taken whole; what is longer comes in pieces.
    let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    /// Whether the next line has to be waited for.
    var isDrained: Bool { start >= buffer.count }

    /// The next line without its line break; nil at the end, or where reading fails.
    mutating func next() -> ArraySlice<UInt8>? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = buffer[start..<end]
                start = end + 1
                return line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            }
            if isAtEnd || buffer.count - start > limit {
                guard start < buffer.count else { return nil }
                let line = buffer[start...]
                start = buffer.count
                return line
            }
            buffer.removeSubrange(..<start)
            searched = buffer.count
            start = 0
            let count = systemRead(STDIN_FILENO, appendingTo: &buffer)
            if count == 0 || (count < 0 && errno != EINTR) { isAtEnd = true }
        }
    }
}
