/// Why a rewrite makes nothing of an image.
enum RewriteFault: Error, Hashable {
    /// `${registry}` would stand for what cannot be a component.
    case registryInPath
    /// What comes out would be short for another name.
    case shortDockerHubName
    case digestAlgorithm
    case tagTooLong
    case invalid(ReferenceFault)
}

extension RewriteTarget {
    /// What comes of a reference that `pattern` matches.
    public func apply(
        to reference: Reference, name: ImageName, pattern: PathPattern, options: RewriteOptions
    ) -> RewriteResult {
        var bytes: [UInt8] = []
        let parts = ReferenceParts(reference, &bytes)
        var output: [UInt8] = []
        do throws(RewriteFault) {
            try append(
                parts, MatchedName(parts, bytes.span), bytes.span, pattern: pattern, options: options, to: &output)
            return .rewritten(String(decoding: output, as: UTF8.self))
        } catch {
            return .declined(Self.reason(error, registry: name.registry, digest: reference.digest ?? "", output))
        }
    }

    /// Why the rewrite declines, for people; `output` is what was made so far.
    private static func reason(
        _ fault: RewriteFault, registry: String, digest: String, _ output: [UInt8]
    ) -> String {
        switch fault {
        case .registryInPath: return "the registry `\(registry)` cannot stand in a path"
        case .shortDockerHubName:
            let last = String(decoding: output.drop { $0 != UInt8(ascii: "/") }.dropFirst(), as: UTF8.self)
            return "`docker.io/\(last)` would mean `docker.io/library/\(last)`"
        case .digestAlgorithm: return "only a sha256 digest can become a tag, not `\(digest)`"
        case .tagTooLong: return "the tag would be longer than 128 characters"
        case .invalid(let fault):
            return "`\(String(decoding: output, as: UTF8.self))` is not a valid reference: \(fault.reason)"
        }
    }

    /// Appends what comes of a reference that `pattern` matches; of a fault, what it is about.
    func append(
        _ parts: ReferenceParts, _ name: MatchedName, _ bytes: ByteSpan, pattern: PathPattern,
        options: RewriteOptions, to output: inout [UInt8]
    ) throws(RewriteFault) {
        let start = output.count
        output.append(contentsOf: host.utf8)
        for component in components {
            output.append(UInt8(ascii: "/"))
            switch component {
            case .literal(let text):
                output.append(contentsOf: text.utf8)
            case .registry where name.isDockerHub:
                output.append(contentsOf: "docker.io".utf8)
            case .registry:
                guard ReferenceGrammar.isPathComponent(bytes, name.registry) else { throw .registryInPath }
                output.append(bytes, name.registry)
            }
        }
        if hasWildcard { appendRest(name, bytes, pattern, options, to: &output) }
        if host == "docker.io", slashes(in: output, from: start) == 1 { throw .shortDockerHubName }
        try appendEnd(parts, bytes, options, to: &output)
        do throws(ReferenceFault) {
            _ = try ReferenceParts.parse(output.span, TextSlice(start: start, count: output.count &- start))
        } catch {
            throw .invalid(error)
        }
    }

    /// Appends what the pattern's `*` stood for.
    private func appendRest(
        _ name: MatchedName, _ bytes: ByteSpan, _ pattern: PathPattern, _ options: RewriteOptions,
        to output: inout [UInt8]
    ) {
        var dropped = pattern.components.count
        if options.dropsLibrary, dropped == 0, name.isOfficialDockerHubImage(bytes) { dropped = 1 }
        if name.isOfficial {
            if dropped == 0 { output.append(contentsOf: "/library".utf8) } else { dropped &-= 1 }
        }
        var rest = name.path
        while dropped > 0, let slash = rest.first(UInt8(ascii: "/"), bytes) {
            rest = rest.after(slash)
            dropped &-= 1
        }
        guard dropped == 0 else { return }
        output.append(UInt8(ascii: "/"))
        output.append(bytes, rest)
    }

    /// Appends tag and digest.
    private func appendEnd(
        _ parts: ReferenceParts, _ bytes: ByteSpan, _ options: RewriteOptions, to output: inout [UInt8]
    ) throws(RewriteFault) {
        var length = 0
        if let tag = parts.tag {
            output.append(UInt8(ascii: ":"))
            output.append(bytes, tag)
            length = tag.count
        }
        if let digest = parts.digest {
            if options.turnsDigestIntoTag {
                guard digest.hasPrefix("sha256:", bytes) else { throw .digestAlgorithm }
                output.append(UInt8(ascii: parts.tag == nil ? ":" : "-"))
                output.append(contentsOf: "sha256-".utf8)
                output.append(bytes, digest.after(digest.start &+ 6))
                length &+= digest.count &+ (parts.tag == nil ? 0 : 1)
            } else {
                output.append(UInt8(ascii: "@"))
                output.append(bytes, digest)
            }
        }
        guard length <= ReferenceGrammar.maximumTagLength else { throw .tagTooLong }
    }

    private func slashes(in output: [UInt8], from start: Int) -> Int {
        output[start...].reduce(0) { $1 == UInt8(ascii: "/") ? $0 &+ 1 : $0 }
    }
}

extension MatchedName {
    /// Whether the image is `docker.io/library/NAME`.
    func isOfficialDockerHubImage(_ bytes: ByteSpan) -> Bool {
        guard isDockerHub else { return false }
        if isOfficial { return true }
        guard let slash = path.first(UInt8(ascii: "/"), bytes) else { return false }
        return path.upTo(slash).holds("library", bytes) && path.after(slash).first(UInt8(ascii: "/"), bytes) == nil
    }
}

extension ReferenceParts {
    /// The parts of a reference that is normalised already, in bytes that are made for it.
    init(_ reference: Reference, _ bytes: inout [UInt8]) {
        func add(_ text: String) -> TextSlice {
            let slice = TextSlice(start: bytes.count, count: text.utf8.count)
            bytes.append(contentsOf: text.utf8)
            return slice
        }
        isDockerHub = reference.registry == "docker.io"
        registry = isDockerHub ? .empty : add(reference.registry)
        path = add(reference.path)
        tag = reference.tag.map(add)
        digest = reference.digest.map(add)
    }
}

extension [UInt8] {
    /// Appends a slice of other bytes.
    @inline(__always)
    mutating func append(_ bytes: ByteSpan, _ slice: TextSlice) {
        append(addingCapacity: slice.count) { output in
            for index in slice.range { output.append(bytes[index]) }
        }
    }
}
