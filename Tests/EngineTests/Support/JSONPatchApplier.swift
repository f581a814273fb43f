import Foundation

/// Applies a JSON Patch (RFC 6902) to what `JSONSerialization` makes of an object, as strictly as the API server
/// does: an operation whose place is not there fails, and the whole patch with it.
enum JSONPatchApplier {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The object after the patch.
    static func apply(_ patch: [UInt8], to object: [UInt8]) throws -> Any {
        let operations = try JSONSerialization.jsonObject(with: Data(patch)) as? [[String: Any]]
        guard let operations else { throw Failure(description: "the patch is not a list of operations") }
        var value = try JSONSerialization.jsonObject(with: Data(object))
        for operation in operations {
            guard let name = operation["op"] as? String, let path = operation["path"] as? String,
                let new = operation["value"]
            else { throw Failure(description: "an operation lacks a member: \(operation)") }
            value = try change(value, tokens(path)[...], name, new)
        }
        return value
    }

    /// The tokens of a JSON Pointer (RFC 6901), unescaped.
    private static func tokens(_ pointer: String) throws -> [String] {
        guard pointer.hasPrefix("/") else { throw Failure(description: "`\(pointer)` is no pointer to a member") }
        return pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
            String($0.replacing("~1", with: "/").replacing("~0", with: "~"))
        }
    }

    private static func change(_ value: Any, _ path: ArraySlice<String>, _ name: String, _ new: Any) throws -> Any {
        guard let token = path.first else { return new }
        let isLast = path.count == 1
        if var object = value as? [String: Any] {
            if isLast {
                guard name == "add" || (name == "replace" && object[token] != nil) else {
                    throw Failure(description: "`\(name)` does not apply at `\(token)`")
                }
                object[token] = new
            } else {
                guard let member = object[token] else { throw Failure(description: "there is no `\(token)`") }
                object[token] = try change(member, path.dropFirst(), name, new)
            }
            return object
        }
        // Lists are only ever passed through: no patch here adds or removes an element.
        guard var list = value as? [Any], !isLast, let index = Int(token), list.indices.contains(index) else {
            throw Failure(description: "there is nothing at `\(token)`")
        }
        list[index] = try change(list[index], path.dropFirst(), name, new)
        return list
    }
}
