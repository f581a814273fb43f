#if canImport(Glibc)
    import CRuled
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The memory of this process.
enum ProcessMemory {
    /// Resident memory in bytes, as the kernel counts it (`proc(5)`, `statm`); nil where that cannot be read.
    static func resident() -> Int? {
        guard case .success(let bytes) = FileReading.read("/proc/self/statm", limit: 4_096) else { return nil }
        let fields = String(decoding: bytes, as: UTF8.self).split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { return nil }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// Lets large blocks go back to the system as soon as they are free: bodies come and go, and the heap would keep
    /// the most it ever held.
    static func returnLargeBlocks() {
        #if canImport(Glibc)
            mallopt(M_MMAP_THRESHOLD, 128 << 10)
            mallopt(M_TRIM_THRESHOLD, 1 << 20)
        #endif
    }
}
