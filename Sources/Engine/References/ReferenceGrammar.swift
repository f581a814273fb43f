/// The terminals of distribution's reference grammar (`regexp.go` of github.com/distribution/reference), as
/// functions over bytes: each looks at every byte once and none calls itself.
enum ReferenceGrammar {
    /// The most bytes a repository's path has (`RepositoryNameTotalLengthMax`); the registry does not count.
    static let maximumPathLength = 255
    /// The most bytes a tag has.
    static let maximumTagLength = 128

    /// `[a-z0-9]+((?:[._]|__|[-]+)[a-z0-9]+)*`
    static func isPathComponent(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first, let last = bytes.last, isLowerAlphanumeric(first), isLowerAlphanumeric(last)
        else { return false }
        // The separator run that stands before the current byte: dots and underscores are counted, dashes may repeat.
        var run: (byte: UInt8, length: Int)?
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                run = nil
            case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                guard let before = run else {
                    run = (byte, 1)
                    continue
                }
                guard before.byte == byte else { return false }
                if byte == UInt8(ascii: ".") { return false }
                if byte == UInt8(ascii: "_"), before.length == 2 { return false }
                // A run of dashes needs no exact length, so this cannot overflow in practice or in principle.
                run = (byte, min(before.length + 1, 3))
            default:
                return false
            }
        }
        return true
    }

    /// A domain name or an IPv6 address in brackets, with or without `:PORT`.
    static func isRegistryHost(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.first == UInt8(ascii: "[") else {
            guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return isDomainName(bytes) }
            return isDomainName(bytes[..<colon]) && isPort(bytes[(colon + 1)...])
        }
        guard let close = bytes.firstIndex(of: UInt8(ascii: "]")) else { return false }
        let address = bytes[(bytes.startIndex + 1)..<close]
        guard !address.isEmpty, address.allSatisfy({ isHexadecimal($0) || $0 == UInt8(ascii: ":") }) else {
            return false
        }
        let rest = bytes[(close + 1)...]
        guard let colon = rest.first else { return true }
        return colon == UInt8(ascii: ":") && isPort(rest.dropFirst())
    }

    /// Components of letters, digits and inner dashes, joined by single dots; upper case may stand in it.
    private static func isDomainName(_ bytes: ArraySlice<UInt8>) -> Bool {
        // A dot stands before the first component, as it were.
        var before = UInt8(ascii: ".")
        for byte in bytes {
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

    private static func isPort(_ bytes: ArraySlice<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    /// `[\w][\w.-]{0,127}`
    static func isTag(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first, isWord(first), bytes.count <= maximumTagLength else { return false }
        return bytes.allSatisfy(isTagByte)
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
    static func digestLength(_ algorithm: ArraySlice<UInt8>) -> Int? {
        if algorithm.elementsEqual("sha256".utf8) { return 64 }
        if algorithm.elementsEqual("sha384".utf8) { return 96 }
        if algorithm.elementsEqual("sha512".utf8) { return 128 }
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
        isPathComponent(Array(text.utf8))
    }

    /// Whether bytes can be one component of a repository's path.
    public static func isPathComponent(_ bytes: [UInt8]) -> Bool {
        ReferenceGrammar.isPathComponent(bytes[...])
    }

    /// Whether a text can be a registry's host: a domain name or an IPv6 address in brackets, and perhaps a port.
    ///
    /// This is the grammar alone. Whether the text before a reference's first slash is read as a host depends on
    /// the text as well: `quay/a` is an image of Docker Hub, `quay.io/a` is not.
    public static func isRegistryHost(_ text: String) -> Bool {
        isRegistryHost(Array(text.utf8))
    }

    /// Whether bytes can be a registry's host.
    public static func isRegistryHost(_ bytes: [UInt8]) -> Bool {
        ReferenceGrammar.isRegistryHost(bytes[...])
    }

    /// Whether a text can be a tag: at most 128 letters, digits, `_`, `.` and `-`, the last two not at the beginning.
    public static func isTag(_ text: String) -> Bool {
        isTag(Array(text.utf8))
    }

    /// Whether bytes can be a tag.
    public static func isTag(_ bytes: [UInt8]) -> Bool {
        ReferenceGrammar.isTag(bytes[...])
    }
}
