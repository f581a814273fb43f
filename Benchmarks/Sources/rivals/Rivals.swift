import Foundation
import Scenarios

/// What the reading of a review is measured against: `rivals scan|decoder FILE SECONDS` prints the median time of
/// one reading in nanoseconds.
@main
struct Rivals {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let seconds = Double(arguments[3]) else {
            FileHandle.standardError.write(Data("rivals scan|decoder FILE SECONDS\n".utf8))
            exit(2)
        }
        let data = try Data(contentsOf: URL(filePath: arguments[2]))
        switch arguments[1] {
        case "scan":
            let bytes = Array(data)
            precondition(PlainScan.containers(bytes) > 0, "the file is no JSON object")
            print(Stopwatch.nanoseconds(for: seconds) { PlainScan.containers(bytes) })
        case "decoder":
            let images = try NarrowReview.imageCount(data)
            precondition(images > 0, "the review names no images")
            print(Stopwatch.nanoseconds(for: seconds) { (try? NarrowReview.imageCount(data)) ?? 0 })
        default:
            FileHandle.standardError.write(Data("there is no rival `\(arguments[1])`\n".utf8))
            exit(2)
        }
    }
}

/// The least that can be done with JSON a byte at a time: skip strings, count brackets. It checks nothing and finds
/// nothing, and works without the checks of bounds and overflows that the engine has.
enum PlainScan {
    /// The number of objects and arrays; -1 where one has no end.
    static func containers(_ bytes: [UInt8]) -> Int {
        bytes.withUnsafeBufferPointer { bytes in
            let end = bytes.count
            var index = 0
            var depth = 0
            var count = 0
            while index < end {
                let byte = bytes[index]
                index &+= 1
                if byte == UInt8(ascii: "\"") {
                    while index < end {
                        let inner = bytes[index]
                        index &+= 1
                        if inner == UInt8(ascii: "\"") { break }
                        if inner == UInt8(ascii: "\\") { index &+= 1 }
                    }
                } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                    depth &+= 1
                } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
                    depth &-= 1
                    count &+= 1
                }
            }
            return depth == 0 ? count : -1
        }
    }
}

/// The fields that the engine reads, as types for `JSONDecoder`.
struct NarrowReview: Decodable {
    struct Request: Decodable {
        let uid: String
        let kind: Kind
        let namespace: String?
        let name: String?
        let operation: String
        let object: Pod?
        let oldObject: Pod?
    }
    struct Kind: Decodable {
        let group: String
        let kind: String
    }
    struct Pod: Decodable {
        let metadata: Metadata
        let spec: Spec
    }
    struct Metadata: Decodable {
        let labels: [String: String]?
        let annotations: [String: String]?
    }
    struct Spec: Decodable {
        let initContainers: [Container]?
        let containers: [Container]
        let ephemeralContainers: [Container]?
        let volumes: [Volume]?
    }
    struct Container: Decodable {
        let name: String
        let image: String?
    }
    struct Volume: Decodable {
        let name: String
        let image: ImageVolume?
    }
    struct ImageVolume: Decodable {
        let reference: String?
    }

    let apiVersion: String
    let kind: String
    let request: Request

    /// Reads a review, and says how many images it names.
    static func imageCount(_ data: Data) throws -> Int {
        let spec = try JSONDecoder().decode(NarrowReview.self, from: data).request.object?.spec
        guard let spec else { return 0 }
        return spec.containers.count + (spec.initContainers?.count ?? 0) + (spec.ephemeralContainers?.count ?? 0)
            + (spec.volumes?.count { $0.image != nil } ?? 0)
    }
}
