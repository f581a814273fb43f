/// Cuts a stream of bytes at its line breaks.
struct LineSplitter {
    /// The most bytes of a line.
    let limit: Int
    private var rest: [UInt8] = []

    init(limit: Int) {
        self.limit = limit
    }

    /// The lines that these bytes complete, without their ends; empty ones are left out.
    mutating func add(_ bytes: some Sequence<UInt8>) throws(APIFailure) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        for byte in bytes {
            if byte == 0x0a {
                if !rest.isEmpty { lines.append(rest) }
                rest = []
            } else {
                rest.append(byte)
                if rest.count > limit { throw APIFailure(.malformed, "a line is larger than \(limit) bytes") }
            }
        }
        return lines
    }
}
