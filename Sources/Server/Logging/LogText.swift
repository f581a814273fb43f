#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif
import RuleLang
import Synchronization

/// Text for logs and JSON: what a client wrote must not be able to forge a line, nor to make one look like another.
enum LogText {
    /// Appends a JSON string in quotes (RFC 8259).
    static func appendJSON(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { bytes.append(UInt8(ascii: "\\")) }
            append(scalar, to: &bytes)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// The beginning of a text, counted in Unicode scalars: a single character may be megabytes of them.
    static func cut(_ text: String, to limit: Int) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit)))
    }

    /// A text with escapes, as JSON has them, for what has no place in a line.
    static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: \.isControl) else { return text }
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars { append(scalar, to: &bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
        if scalar == "\n" {
            bytes += "\\n".utf8
        } else if scalar.isControl {
            let digits = String(scalar.value, radix: 16)
            bytes += ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8
        } else {
            bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
        }
    }

    /// A JSON string in quotes.
    static func json(_ text: String) -> String {
        var bytes: [UInt8] = []
        appendJSON(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Times as text. HTTP dates are made once a second and shared.
package final class DateClock: Sendable {
    private let cached = Mutex<(second: Int, text: String)>((0, ""))

    init() {}

    /// Seconds since 1970.
    package static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The time as `Date` has it (RFC 9110, section 5.6.7).
    func httpDate() -> String {
        var second = time_t()
        time(&second)
        return cached.withLock { cached in
            if cached.second != second { cached = (second, Self.httpDate(second)) }
            return cached.text
        }
    }

    private static func httpDate(_ second: time_t) -> String {
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let parts = utc(second)
        let day = days[Int(parts.tm_wday) % 7]
        let month = months[Int(parts.tm_mon) % 12]
        let clock = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
        return "\(day), \(two(parts.tm_mday)) \(month) \(parts.tm_year + 1900) \(clock) GMT"
    }

    /// A time as logs have it (RFC 3339), with milliseconds.
    package static func timestamp(_ time: Double) -> String {
        let parts = utc(time_t(time))
        let date = "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        let milliseconds = Int32((time - time.rounded(.down)) * 1000)
        let tail = milliseconds < 10 ? "00" : milliseconds < 100 ? "0" : ""
        return "\(date)T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(tail)\(milliseconds)Z"
    }

    private static func utc(_ second: time_t) -> tm {
        var second = second
        var parts = tm()
        gmtime_r(&second, &parts)
        return parts
    }

    private static func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
