extension Reference {
    /// Parses and normalises a reference exactly as distribution's `reference.ParseNormalizedNamed` does, which is
    /// what the container runtimes and the kubelet use.
    ///
    /// Takes time in proportion to the text's length, whatever the text is.
    public static func parse(_ text: String) -> Result<Reference, ReferenceError> {
        let bytes = Array(text.utf8)
        do throws(ReferenceFault) {
            let parts = try ReferenceParts.parse(bytes.span, TextSlice(start: 0, count: bytes.count))
            return .success(Reference(parts, bytes.span))
        } catch {
            return .failure(ReferenceError(reason: error.reason))
        }
    }

    /// Parses and normalises a reference; nil where the text is none.
    public init?(parsing text: String) {
        guard case .success(let reference) = Self.parse(text) else { return nil }
        self = reference
    }

    /// The reference that was found in some bytes.
    init(_ parts: ReferenceParts, _ bytes: ByteSpan) {
        func text(_ slice: TextSlice) -> String {
            var copy: [UInt8] = []
            copy.reserveCapacity(slice.count)
            for index in slice.range { copy.append(bytes[index]) }
            return String(decoding: copy, as: UTF8.self)
        }
        self.init(
            registry: parts.isDockerHub ? "docker.io" : text(parts.registry),
            path: (parts.isOfficial ? "library/" : "") + text(parts.path), tag: parts.tag.map(text),
            digest: parts.digest.map(text))
    }
}

/// A normalised reference, by where its parts stand in the bytes it was read from.
struct ReferenceParts {
    /// The registry; empty where there is none, and where it is Docker Hub.
    var registry = TextSlice.empty
    /// Whether the registry is `docker.io`, however it was written, or not at all.
    var isDockerHub = false
    /// The path as written.
    var path = TextSlice.empty
    /// Whether the path begins with `library/`, which was not written.
    var isOfficial = false
    var tag: TextSlice?
    var digest: TextSlice?

    /// distribution splits the text at its first slash, puts the default registry in where there is none, and matches
    /// a regular expression against what results. The expression is unambiguous: whatever follows the registry is a
    /// path up to the first `:` or `@`, then a tag, then a digest. So one walk over the bytes gives the same.
    static func parse(_ bytes: ByteSpan, _ text: TextSlice) throws(ReferenceFault) -> ReferenceParts {
        try refuseWhatIsNoName(bytes, text)
        var parts = ReferenceParts()
        let host = parts.splitRegistry(bytes, text)
        var pathEnd = parts.path.start
        while pathEnd < text.end, bytes[pathEnd] != UInt8(ascii: ":"), bytes[pathEnd] != UInt8(ascii: "@") {
            pathEnd &+= 1
        }
        if let host {
            if ReferenceGrammar.isRegistryHost(bytes, host) {
                parts.registry = host
            } else {
                // What looks like a registry and is none may still be a path's first component; the reference then
                // has no registry at all.
                guard ReferenceGrammar.isPathComponent(bytes, host) else { throw hostFault(bytes, host) }
                parts.path.start = host.start
            }
        }
        parts.path.count = pathEnd &- parts.path.start
        try checkPath(bytes, parts.path)
        guard parts.path.count &+ (parts.isOfficial ? 8 : 0) <= ReferenceGrammar.maximumPathLength else {
            throw .pathTooLong
        }
        guard pathEnd < text.end else { return parts }
        var at = pathEnd
        while at < text.end, bytes[at] != UInt8(ascii: "@") { at &+= 1 }
        if at > pathEnd {
            let tag = TextSlice(start: pathEnd &+ 1, count: at &- pathEnd &- 1)
            try checkTag(bytes, tag)
            parts.tag = tag
        }
        if at < text.end {
            let digest = TextSlice(start: at &+ 1, count: text.end &- at &- 1)
            try checkDigest(bytes, digest)
            parts.digest = digest
        }
        return parts
    }

    /// What is recognised as no name before anything else is looked at.
    private static func refuseWhatIsNoName(_ bytes: ByteSpan, _ text: TextSlice) throws(ReferenceFault) {
        if text.isEmpty { throw .empty }
        if text.count == 64, text.allBytes(bytes, ReferenceGrammar.isLowerHexadecimal) { throw .identifier }
        // No byte of these can stand anywhere in a reference, and they are what gets into one by accident.
        for index in text.range {
            let byte = bytes[index]
            if byte <= UInt8(ascii: " ") || byte >= 0x7F {
                let place: ReferenceFault.Position =
                    index == text.start ? .beginning : index == text.end &- 1 ? .end : .middle
                throw .strayByte(byte, place)
            }
        }
    }

    /// distribution's `splitDockerDomain`: what stands before the first slash, if that looks like a registry. The path
    /// begins after it.
    private mutating func splitRegistry(_ bytes: ByteSpan, _ text: TextSlice) -> TextSlice? {
        path = text
        var slash = text.start
        var looksLikeHost = false
        while slash < text.end, bytes[slash] != UInt8(ascii: "/") {
            let byte = bytes[slash]
            looksLikeHost =
                looksLikeHost || byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":")
                || ReferenceGrammar.isUpper(byte)
            slash &+= 1
        }
        guard slash < text.end else {
            isDockerHub = true
            isOfficial = true
            return nil
        }
        let first = TextSlice(start: text.start, count: slash &- text.start)
        let rest = TextSlice(start: slash &+ 1, count: text.end &- slash &- 1)
        if first.holds("docker.io", bytes) || first.holds("index.docker.io", bytes) {
            isDockerHub = true
            isOfficial = rest.allBytes(bytes) { $0 != UInt8(ascii: "/") }
            path = rest
            return nil
        }
        if looksLikeHost || first.holds("localhost", bytes) {
            path = rest
            return first
        }
        // Here the remainder holds a slash, so it is never an official image's name.
        isDockerHub = true
        return nil
    }

    /// Components joined by single slashes.
    private static func checkPath(_ bytes: ByteSpan, _ path: TextSlice) throws(ReferenceFault) {
        if path.isEmpty { throw .emptyPath }
        // The usual path is right in one walk; what is not is looked at again to say why.
        if ReferenceGrammar.isPath(bytes, path) { return }
        for index in path.range {
            let byte = bytes[index]
            if ReferenceGrammar.isUpper(byte) { throw .upperCaseInPath }
            switch byte {
            case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "/"):
                continue
            default:
                guard ReferenceGrammar.isLowerAlphanumeric(byte) else { throw .byteInPath(byte) }
            }
        }
        var before = UInt8(ascii: "/")
        for index in path.range {
            // A component that is empty comes before one that is wrong where it stands first.
            if bytes[index] == UInt8(ascii: "/") {
                if before == UInt8(ascii: "/") { throw .emptyComponent }
                var start = index
                while start > path.start, bytes[start &- 1] != UInt8(ascii: "/") { start &-= 1 }
                let component = TextSlice(start: start, count: index &- start)
                guard ReferenceGrammar.isPathComponent(bytes, component) else { throw .separatorsInPath }
            }
            before = bytes[index]
        }
        throw before == UInt8(ascii: "/") ? .emptyComponent : .separatorsInPath
    }

    private static func checkTag(_ bytes: ByteSpan, _ tag: TextSlice) throws(ReferenceFault) {
        guard !tag.isEmpty else { throw .emptyTag }
        for index in tag.range where !ReferenceGrammar.isTagByte(bytes[index]) { throw .byteInTag(bytes[index]) }
        guard ReferenceGrammar.isWord(bytes[tag.start]) else { throw .tagBeginning(bytes[tag.start]) }
        guard tag.count <= ReferenceGrammar.maximumTagLength else { throw .tagTooLong }
    }

    private static func checkDigest(_ bytes: ByteSpan, _ digest: TextSlice) throws(ReferenceFault) {
        if digest.isEmpty { throw .emptyDigest }
        var colon = digest.start
        while colon < digest.end, bytes[colon] != UInt8(ascii: ":") { colon &+= 1 }
        guard colon < digest.end else { throw .digestForm }
        let algorithm = TextSlice(start: digest.start, count: colon &- digest.start)
        guard let length = ReferenceGrammar.digestLength(bytes, algorithm) else { throw .digestAlgorithm }
        let digits = TextSlice(start: colon &+ 1, count: digest.end &- colon &- 1)
        guard digits.count == length else { throw .digestLength(digits.count, length) }
        guard digits.allBytes(bytes, ReferenceGrammar.isLowerHexadecimal) else { throw .digestDigits }
    }

    private static func hostFault(_ bytes: ByteSpan, _ host: TextSlice) -> ReferenceFault {
        if host.holds("http:", bytes) || host.holds("https:", bytes) { return .scheme }
        return host.isEmpty ? .emptyRegistry : .badRegistry
    }
}

extension TextSlice {
    /// Whether all bytes of the slice are as they should be.
    @inline(__always)
    func allBytes(_ bytes: ByteSpan, _ isRight: (UInt8) -> Bool) -> Bool {
        for index in range where !isRight(bytes[index]) { return false }
        return true
    }
}
