extension Reference {
    /// Parses and normalises a reference exactly as distribution's `reference.ParseNormalizedNamed` does, which is
    /// what the container runtimes and the kubelet use.
    ///
    /// Takes time in proportion to the text's length, whatever the text is.
    public static func parse(_ text: String) -> Result<Reference, ReferenceError> {
        do throws(ReferenceError) {
            return .success(try ReferenceParser(bytes: Array(text.utf8)).parse())
        } catch {
            return .failure(error)
        }
    }

    /// Parses and normalises a reference; nil where the text is none.
    public init?(parsing text: String) {
        guard case .success(let reference) = Self.parse(text) else { return nil }
        self = reference
    }
}

/// A parser of one reference.
///
/// distribution splits the text at its first slash, puts the default registry in where there is none, and matches
/// a regular expression against what results. The expression is unambiguous: whatever follows the registry is a
/// path up to the first `:` or `@`, then a tag, then a digest. So one walk over the bytes gives the same.
struct ReferenceParser {
    /// The reference's text.
    let bytes: [UInt8]

    /// Where the registry ends and the path begins.
    private struct Split {
        /// The registry's bytes; nil stands for Docker Hub.
        var host: Range<Int>?
        /// Everything after the registry.
        var remainder: Range<Int>
        /// Whether the path is to begin with `library/`.
        var isOfficial: Bool
    }

    /// Parses the text.
    func parse() throws(ReferenceError) -> Reference {
        try refuseWhatIsNoName()
        let split = splitRegistry()
        let remainder = bytes[split.remainder]
        let pathEnd = remainder.firstIndex { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "@") } ?? remainder.endIndex

        var registry = "docker.io"
        var pathStart = split.remainder.lowerBound
        if let host = split.host {
            if ReferenceGrammar.isRegistryHost(bytes[host]) {
                registry = text(host)
            } else {
                // What looks like a registry and is none may still be a path's first component; the reference then
                // has no registry at all.
                guard ReferenceGrammar.isPathComponent(bytes[host]) else { throw hostError(bytes[host]) }
                registry = ""
                pathStart = host.lowerBound
            }
        }
        try checkPath(pathStart..<pathEnd)
        let path = (split.isOfficial ? "library/" : "") + text(pathStart..<pathEnd)
        guard path.utf8.count <= ReferenceGrammar.maximumPathLength else {
            throw ReferenceError(reason: "the path is longer than \(ReferenceGrammar.maximumPathLength) bytes")
        }

        let at = bytes[pathEnd...].firstIndex(of: UInt8(ascii: "@"))
        let tag = pathEnd..<(at ?? bytes.endIndex)
        let digest = at.map { ($0 + 1)..<bytes.endIndex }
        if !tag.isEmpty { try checkTag(bytes[tag].dropFirst()) }
        if let digest { try checkDigest(bytes[digest]) }
        return Reference(
            registry: registry, path: path,
            tag: tag.isEmpty ? nil : text((tag.lowerBound + 1)..<tag.upperBound),
            digest: digest.map(text))
    }

    /// What is recognised as no name before anything else is looked at.
    private func refuseWhatIsNoName() throws(ReferenceError) {
        if bytes.isEmpty { throw ReferenceError(reason: "an image reference may not be empty") }
        if bytes.count == 64, bytes.allSatisfy(ReferenceGrammar.isLowerHexadecimal) {
            throw ReferenceError(reason: "64 hexadecimal digits are an image's identifier, not its name")
        }
        // No byte of these can stand anywhere in a reference, and they are what gets into one by accident.
        for (offset, byte) in bytes.enumerated() where byte <= UInt8(ascii: " ") || byte >= 0x7F {
            let place = offset == 0 ? "at the beginning" : offset == bytes.count - 1 ? "at the end" : "in the reference"
            throw ReferenceError(reason: "\(Self.name(of: byte)) \(place)")
        }
    }

    /// distribution's `splitDockerDomain`.
    private func splitRegistry() -> Split {
        guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")) else {
            return Split(host: nil, remainder: bytes.indices, isOfficial: true)
        }
        let first = bytes[..<slash]
        let rest = (slash + 1)..<bytes.endIndex
        let isHub = first.elementsEqual("docker.io".utf8) || first.elementsEqual("index.docker.io".utf8)
        if isHub { return Split(host: nil, remainder: rest, isOfficial: !bytes[rest].contains(UInt8(ascii: "/"))) }
        let isHost =
            first.elementsEqual("localhost".utf8)
            || first.contains { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") || ReferenceGrammar.isUpper($0) }
        // Here the remainder holds a slash where it is not a host's, so it is never an official image's name.
        return Split(host: isHost ? first.indices : nil, remainder: isHost ? rest : bytes.indices, isOfficial: false)
    }

    /// Components joined by single slashes.
    private func checkPath(_ range: Range<Int>) throws(ReferenceError) {
        let path = bytes[range]
        if path.isEmpty { throw ReferenceError(reason: "the repository path is empty") }
        for byte in path {
            if ReferenceGrammar.isUpper(byte) {
                throw ReferenceError(reason: "upper case in the repository path; repository names are lower case")
            }
            switch byte {
            case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "/"):
                continue
            default:
                guard ReferenceGrammar.isLowerAlphanumeric(byte) else {
                    throw ReferenceError(reason: "\(Self.name(of: byte)) may not stand in a repository path")
                }
            }
        }
        for component in path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if component.isEmpty { throw ReferenceError(reason: "a component of the repository path is empty") }
            guard ReferenceGrammar.isPathComponent(component) else {
                throw ReferenceError(
                    reason: "`.`, `_` and `-` may only stand between letters or digits in the repository path, "
                        + "as one `.`, `_` or `__`, or as dashes")
            }
        }
    }

    private func checkTag(_ tag: ArraySlice<UInt8>) throws(ReferenceError) {
        guard let first = tag.first else { throw ReferenceError(reason: "a tag may not be empty") }
        if let byte = tag.first(where: { !ReferenceGrammar.isTagByte($0) }) {
            throw ReferenceError(reason: "\(Self.name(of: byte)) may not stand in a tag")
        }
        guard ReferenceGrammar.isWord(first) else {
            throw ReferenceError(reason: "a tag may not begin with \(Self.name(of: first))")
        }
        guard ReferenceGrammar.isTag(tag) else {
            throw ReferenceError(reason: "the tag is longer than \(ReferenceGrammar.maximumTagLength) characters")
        }
    }

    private func checkDigest(_ digest: ArraySlice<UInt8>) throws(ReferenceError) {
        if digest.isEmpty { throw ReferenceError(reason: "a digest may not be empty") }
        guard let colon = digest.firstIndex(of: UInt8(ascii: ":")) else {
            throw ReferenceError(reason: "a digest is written `sha256:…`")
        }
        guard let length = ReferenceGrammar.digestLength(digest[..<colon]) else {
            throw ReferenceError(reason: "the digest's algorithm is not `sha256`, `sha384` or `sha512`")
        }
        let digits = digest[(colon + 1)...]
        guard digits.count == length else {
            throw ReferenceError(reason: "the digest has \(digits.count) digits; its algorithm has \(length)")
        }
        guard digits.allSatisfy(ReferenceGrammar.isLowerHexadecimal) else {
            throw ReferenceError(reason: "the digest is not in lower-case hexadecimal digits")
        }
    }

    private func hostError(_ host: ArraySlice<UInt8>) -> ReferenceError {
        if host.elementsEqual("http:".utf8) || host.elementsEqual("https:".utf8) {
            return ReferenceError(reason: "a reference has no scheme such as `https://`")
        }
        if host.isEmpty { return ReferenceError(reason: "the registry is empty") }
        return ReferenceError(reason: "what stands before the first `/` is not a registry's host")
    }

    /// A byte, for people. Bytes outside ASCII are not named: one alone is not a character.
    private static func name(of byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: " "): "a space"
        case UInt8(ascii: "\n"), UInt8(ascii: "\r"): "a line break"
        case UInt8(ascii: "`"): "a backtick"
        case 0..<UInt8(ascii: " "), 0x7F: "a control character"
        case 0x80...: "a character outside ASCII"
        default: "`\(Character(Unicode.Scalar(byte)))`"
        }
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }
}
