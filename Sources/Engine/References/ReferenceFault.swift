/// What keeps a text from being an image reference.
enum ReferenceFault: Error, Hashable {
    enum Position: Hashable {
        case beginning, middle, end
    }

    case empty
    case identifier
    case strayByte(UInt8, Position)
    case scheme
    case emptyRegistry
    case badRegistry
    case emptyPath
    case pathTooLong
    case upperCaseInPath
    case byteInPath(UInt8)
    case emptyComponent
    case separatorsInPath
    case emptyTag
    case byteInTag(UInt8)
    case tagBeginning(UInt8)
    case tagTooLong
    case emptyDigest
    case digestForm
    case digestAlgorithm
    case digestLength(Int, Int)
    case digestDigits

    /// The reason for people.
    var reason: String {
        switch self {
        case .empty: "an image reference may not be empty"
        case .identifier: "64 hexadecimal digits are an image's identifier, not its name"
        case .strayByte(let byte, .beginning): "\(Self.name(of: byte)) at the beginning"
        case .strayByte(let byte, .middle): "\(Self.name(of: byte)) in the reference"
        case .strayByte(let byte, .end): "\(Self.name(of: byte)) at the end"
        case .scheme: "a reference has no scheme such as `https://`"
        case .emptyRegistry: "the registry is empty"
        case .badRegistry: "what stands before the first `/` is not a registry's host"
        case .emptyPath: "the repository path is empty"
        case .pathTooLong: "the path is longer than \(ReferenceGrammar.maximumPathLength) bytes"
        case .upperCaseInPath: "upper case in the repository path; repository names are lower case"
        case .byteInPath(let byte): "\(Self.name(of: byte)) may not stand in a repository path"
        case .emptyComponent: "a component of the repository path is empty"
        case .separatorsInPath:
            "`.`, `_` and `-` may only stand between letters or digits in the repository path, "
                + "as one `.`, `_` or `__`, or as dashes"
        case .emptyTag: "a tag may not be empty"
        case .byteInTag(let byte): "\(Self.name(of: byte)) may not stand in a tag"
        case .tagBeginning(let byte): "a tag may not begin with \(Self.name(of: byte))"
        case .tagTooLong: "the tag is longer than \(ReferenceGrammar.maximumTagLength) characters"
        case .emptyDigest: "a digest may not be empty"
        case .digestForm: "a digest is written `sha256:…`"
        case .digestAlgorithm: "the digest's algorithm is not `sha256`, `sha384` or `sha512`"
        case .digestLength(let count, let length): "the digest has \(count) digits; its algorithm has \(length)"
        case .digestDigits: "the digest is not in lower-case hexadecimal digits"
        }
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
}
