#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

// `read` and `write` under names that no method hides.

/// read(2): appends at most 64 KiB; returns the count, 0 at the end, -1 where it failed.
func systemRead(_ descriptor: Int32, appendingTo bytes: inout [UInt8]) -> Int {
    var result = 0
    let chunk = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
        result = read(descriptor, buffer.baseAddress, buffer.count)
        count = max(0, result)
    }
    bytes.append(contentsOf: chunk)
    return result
}

/// write(2) from an offset on; returns the count, or -1 where it failed.
func systemWrite(_ descriptor: Int32, _ bytes: [UInt8], from offset: Int) -> Int {
    bytes[offset...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
}

/// Makes a closed pipe end the process without a word, as for `ruled explain - | head -1`, even where the parent
/// told it to ignore the signal.
func endOnClosedPipe() {
    signal(SIGPIPE, SIG_DFL)
}

/// Makes Ctrl-C end the process with 130, as shells count it, and without a word, even where the parent blocked the
/// signal.
func endQuietlyOnInterrupt() {
    signal(SIGINT) { _ in _exit(130) }
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigprocmask(SIG_UNBLOCK, &signals, nil)
}

/// Sleeps.
func pause(milliseconds: UInt32) {
    usleep(milliseconds * 1_000)
}

/// The local time as `14:03:22`.
func timeOfDay() -> String {
    var now = time(nil)
    var parts = tm()
    localtime_r(&now, &parts)
    return [parts.tm_hour, parts.tm_min, parts.tm_sec].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
}

/// The value of an environment variable.
func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
}

/// Ends the process.
func endProcess(_ status: Int32) -> Never {
    exit(status)
}
