#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A buffered stream to standard output or standard error.
final class ByteStream {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private static let capacity = 1 << 16

    /// Whether somebody reads the stream at a terminal.
    let isTerminal: Bool

    init(descriptor: Int32) {
        self.descriptor = descriptor
        isTerminal = isatty(descriptor) == 1
        buffer.reserveCapacity(Self.capacity)
    }

    /// Appends bytes; they reach the stream when the buffer is full, or with `flush`.
    func write(_ bytes: some Sequence<UInt8>) {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.capacity { flush() }
    }

    /// Appends text.
    func write(_ text: String) {
        write(text.utf8)
    }

    /// Appends text and a line break.
    func line(_ text: String = "") {
        write(text.utf8)
        write(CollectionOfOne(UInt8(ascii: "\n")))
    }

    /// Writes out what is buffered. A stream that cannot be written ends the process: nobody is there to be told.
    func flush() {
        var written = 0
        while written < buffer.count {
            let count = systemWrite(descriptor, buffer, from: written)
            if count > 0 {
                written += count
            } else if errno != EINTR {
                // A reader that has gone (`| head -1`) is no error.
                guard errno != EPIPE else { exit(0) }
                let failure = SystemError.current
                if descriptor == STDOUT_FILENO {
                    _ = systemWrite(STDERR_FILENO, Array("error: cannot write the result: \(failure)\n".utf8), from: 0)
                }
                exit(2)
            }
        }
        buffer.removeAll(keepingCapacity: true)
    }
}
