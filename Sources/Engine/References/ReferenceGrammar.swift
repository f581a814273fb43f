/// The terminals of distribution's reference grammar (`regexp.go` of github.com/distribution/reference), as
/// functions over bytes: each looks at every byte once and none calls itself.
enum ReferenceGrammar {
    /// The most bytes a repository's path has (`RepositoryNameTotalLengthMax`); the registry does not count.
    static let maximumPathLength = 255
    /// The most bytes a tag has.
    static let maximumTagLength = 128

    /// `[a-z0-9]+((?:[._]|__|[-]+)[a-z0-9]+)*`
    static func isPathComponent(_ bytes: ByteSpan, _ slice: TextSlice) -> Bool {
        isPath(bytes, slice) && slice.allBytes(bytes) { $0 != UInt8(ascii: "/") }
    }

    /// Components as above, joined by single slashes.
    static func isPath(_ bytes: ByteSpan, _ slice: TextSlice) -> Bool {
        // The separators that stand before the current byte: one, and how many of it; a slash stands before the
        // first component, as it were. A run of dashes needs no exact length.
        var separator = UInt8(ascii: "/")
        var length = 1
        for index in slice.range {
            let byte = bytes[index]
            if isLowerAlphanumeric(byte) {
                length = 0
                continue
            }
            switch byte {
            case UInt8(ascii: "/"), UInt8(ascii: "."):
                guard length == 0 else { return false }
            case UInt8(ascii: "_"):
                guard length == 0 || length == 1 && separator == byte else { return false }
            case UInt8(ascii: "-"):
                guard length == 0 || separator == byte else { return false }
            default:
                return false
            }
            separator = byte
            length = min(length &+ 1, 3)
        }
        return length == 0
    }

    /// A domain name or an IPv6 address in brackets, with or without `:PORT`.
    static func isRegistryHost(_ bytes: ByteSpan, _ slice: TextSlice) -> Bool {
        guard !slice.isEmpty else { return false }
        guard bytes[slice.start] == UInt8(ascii: "[") else {
            guard let colon = slice.first(UInt8(ascii: ":"), bytes) else { return isDomainName(bytes, slice) }
            return isDomainName(bytes, slice.upTo(colon)) && isPort(bytes, slice.after(colon))
        }
        guard let close = slice.first(UInt8(ascii: "]"), bytes) else { return false }
        let address = slice.upTo(close).after(slice.start)
        guard !address.isEmpty, address.allBytes(bytes, { isHexadecimal($0) || $0 == UInt8(ascii: ":") }) else {
            return false
        }
        let rest = slice.after(close)
        return rest.isEmpty || bytes[rest.start] == UInt8(ascii: ":") && isPort(bytes, rest.after(rest.start))
    }

    /// Components of letters, digits and inner dashes, joined by single dots; upper case may stand in it.
    private static func isDomainName(_ bytes: ByteSpan, _ slice: TextSlice) -> Bool {
        // A dot stands before the first component, as it were.
        var before = UInt8(ascii: ".")
        for index in slice.range {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "."):
                guard isAlphanumeric(before) else { return false }
            case UInt8(ascii: "-"):
                guard before != UInt8(ascii: ".") else { return false }
            default:
                guard isAlphanumeric(byte) else { return false }
            }
            before = byte
        }
        return isAlphanumeric(before)
    }

    private static func isPort(_ bytes: ByteSpan, _ slice: TextSlice) -> Bool {
        !slice.isEmpty && slice.allBytes(bytes) { $0 &- 0x30 <= 9 }
    }

    /// `[\w][\w.-]{0,127}`
    static func isTag(_ bytes: ByteSpan, _ slice: TextSlice) -> Bool {
        !slice.isEmpty && isWord(bytes[slice.start]) && slice.count <= maximumTagLength
            && slice.allBytes(bytes, isTagByte)
    }

    /// A byte that may stand in a tag, though `.` and `-` not at its beginning.
    static func isTagByte(_ byte: UInt8) -> Bool {
        isWord(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
    }

    /// `\w`: a letter, a digit or an underscore.
    static func isWord(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || byte == UInt8(ascii: "_")
    }

    /// How many hexadecimal digits a digest of an algorithm has; nil for one that go-digest does not know.
    static func digestLength(_ bytes: ByteSpan, _ algorithm: TextSlice) -> Int? {
        if algorithm.holds("sha256", bytes) { return 64 }
        if algorithm.holds("sha384", bytes) { return 96 }
        if algorithm.holds("sha512", bytes) { return 128 }
        return nil
    }

    /// A lower-case letter or a digit.
    static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }

    /// An upper-case letter.
    static func isUpper(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }

    /// A letter or a digit.
    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isLowerAlphanumeric(byte) || isUpper(byte)
    }

    /// A hexadecimal digit as digests write it.
    static func isLowerHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }

    /// A hexadecimal digit in either case.
    static func isHexadecimal(_ byte: UInt8) -> Bool {
        isLowerHexadecimal(byte) || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte)
    }
}

extension Reference {
    /// Whether a text can be one component of a repository's path: lower-case letters and digits, joined by one
    /// `.`, one or two `_`, or any number of `-`.
    public static func isPathComponent(_ text: String) -> Bool {
        ReferenceGrammar.isPathComponent(text.utf8.span, TextSlice(start: 0, count: text.utf8.count))
    }

    /// Whether bytes can be one component of a repository's path.
    public static func isPathComponent(_ bytes: [UInt8]) -> Bool {
        ReferenceGrammar.isPathComponent(bytes.span, TextSlice(start: 0, count: bytes.count))
    }

    /// Whether a text can be a registry's host: a domain name or an IPv6 address in brackets, and perhaps a port.
    ///
    /// This is the grammar alone. Whether the text before a reference's first slash is read as a host depends on
    /// the text as well: `quay/a` is an image of Docker Hub, `quay.io/a` is not.
    public static func isRegistryHost(_ text: String) -> Bool {
        ReferenceGrammar.isRegistryHost(text.utf8.span, TextSlice(start: 0, count: text.utf8.count))
    }

    /// Whether bytes can be a registry's host.
    public static func isRegistryHost(_ bytes: [UInt8]) -> Bool {
        ReferenceGrammar.isRegistryHost(bytes.span, TextSlice(start: 0, count: bytes.count))
    }

    /// Whether a text can be a tag: at most 128 letters, digits, `_`, `.` and `-`, the last two not at the beginning.
    public static func isTag(_ text: String) -> Bool {
        ReferenceGrammar.isTag(text.utf8.span, TextSlice(start: 0, count: text.utf8.count))
    }

    /// Whether bytes can be a tag.
    public static func isTag(_ bytes: [UInt8]) -> Bool {
        ReferenceGrammar.isTag(bytes.span, TextSlice(start: 0, count: bytes.count))
    }
}

extension TextSlice {
    /// Where a byte first stands in the slice.
    func first(_ byte: UInt8, _ bytes: ByteSpan) -> Int? {
        for index in range where bytes[index] == byte { return index }
        return nil
    }

    /// The slice before an index in it.
    func upTo(_ index: Int) -> TextSlice { TextSlice(start: start, count: index &- start) }

    /// The slice behind an index in it.
    func after(_ index: Int) -> TextSlice { TextSlice(start: index &+ 1, count: end &- index &- 1) }
}
