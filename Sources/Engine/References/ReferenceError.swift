/// Why a text is not an image reference.
public struct ReferenceError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The reason for people, a fragment in lower case without a full stop: `a tag may not be empty`.
    public let reason: String

    /// Makes an error.
    public init(reason: String) {
        self.reason = reason
    }

    /// The reason.
    public var description: String { reason }
}
