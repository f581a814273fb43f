/// One operation of a JSON Patch (RFC 6902).
public enum PatchOperation: Sendable, Equatable {
    /// Adds or replaces a string member of an object.
    case add(pointer: String, value: String)
    /// Adds an empty object where a map is missing.
    case addObject(pointer: String)
    /// Replaces a string.
    case replace(pointer: String, value: String)
}
