/// One file of rules, as it was read: a name to show and the bytes.
public struct SourceFile: Sendable, Equatable {
    /// The name that diagnostics show, usually a path relative to where the user stands.
    public let name: String
    /// The content, UTF-8 if the file is valid.
    public let bytes: [UInt8]
    /// The offset at which each line begins; never empty.
    public let lineStarts: [Int]
    /// The file that holds the text as a part of it; nil where the text is a file of its own.
    public let host: Host?

    /// A file that holds the text of rules, as a manifest holds a ConfigMap's keys.
    public struct Host: Sendable, Equatable {
        /// The path of the file.
        public let path: String
        /// What the part is called there, such as the ConfigMap's key.
        public let part: String
        /// The line of the text's first line, from 1; where `indent` is nil, the line at which the part begins.
        public let line: Int
        /// The characters before each line of the text; nil where the text does not stand there line by line.
        public let indent: Int?

        /// Makes a host.
        public init(path: String, part: String, line: Int, indent: Int?) {
            self.path = path
            self.part = part
            self.line = line
            self.indent = indent
        }
    }

    /// Makes a source file of bytes that may or may not be UTF-8.
    public init(name: String, bytes: [UInt8], host: Host? = nil) {
        self.name = name
        self.bytes = bytes
        self.host = host
        var starts = [0]
        for (offset, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
            starts.append(offset + 1)
        }
        lineStarts = starts
    }

    /// Makes a source file of text.
    public init(name: String, text: String, host: Host? = nil) {
        self.init(name: name, bytes: Array(text.utf8), host: host)
    }

    /// The path and line, from 1, at which an editor or a code host finds a line of the text.
    public func placeOnDisk(line: Int) -> (path: String, line: Int) {
        guard let host else { return (name, line) }
        return (host.path, host.indent == nil ? host.line : host.line + line - 1)
    }

    /// The text of a range of bytes; bytes that are not UTF-8 become U+FFFD.
    public func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range.clamped(to: 0..<bytes.count)], as: UTF8.self)
    }

    /// The zero-based line that holds an offset.
    public func lineIndex(at offset: Int) -> Int {
        var low = 0
        var high = lineStarts.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle - 1 }
        }
        return low
    }

    /// The bytes of a zero-based line, without its line break.
    public func lineRange(_ index: Int) -> Range<Int> {
        let start = lineStarts[index]
        var end = index + 1 < lineStarts.count ? lineStarts[index + 1] - 1 : bytes.count
        if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        return start..<end
    }

    /// The one-based line and column of an offset; columns count characters, as editors do.
    public func position(at offset: Int) -> SourcePosition {
        let line = lineIndex(at: offset)
        // A byte order mark is no character of the text.
        let start = line == 0 && bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : lineStarts[line]
        return SourcePosition(line: line + 1, column: text(start..<max(start, offset)).count + 1)
    }
}

/// A place in a file, for people: both numbers start at 1, the column counts characters.
public struct SourcePosition: Sendable, Hashable {
    /// The line, from 1.
    public let line: Int
    /// The column in characters, from 1.
    public let column: Int

    /// Makes a position.
    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

/// A stretch of one file of a rule set: the file's index in the list that was parsed, and a range of bytes.
public struct Span: Sendable, Hashable {
    // Files have at most 16 MiB, and a large one has spans by the million: 12 bytes each and not 24.
    private var storedFile: UInt32
    private var storedStart: UInt32
    private var storedEnd: UInt32

    /// The index of the file in the list of files that were read together.
    public var file: Int {
        get { Int(storedFile) }
        set { storedFile = UInt32(clamping: newValue) }
    }
    /// The offset of the first byte.
    public var start: Int {
        get { Int(storedStart) }
        set { storedStart = UInt32(clamping: newValue) }
    }
    /// The offset after the last byte.
    public var end: Int {
        get { Int(storedEnd) }
        set { storedEnd = UInt32(clamping: newValue) }
    }

    /// Makes a span; `end` is not before `start`. Numbers have to fit into 32 bits, and are cut to them.
    public init(file: Int, start: Int, end: Int) {
        storedFile = UInt32(clamping: file)
        storedStart = UInt32(clamping: start)
        storedEnd = UInt32(clamping: max(start, end))
    }

    /// The bytes that the span covers.
    public var range: Range<Int> { start..<end }

    /// The smallest span that covers this one and another of the same file.
    public func union(_ other: Span) -> Span {
        Span(file: file, start: min(start, other.start), end: max(end, other.end))
    }
}
