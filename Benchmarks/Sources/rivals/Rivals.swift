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
            precondition(PlainScan.depths(bytes).closed > 0, "the file is no JSON object")
            print(Stopwatch.nanoseconds(for: seconds) { PlainScan.depths(bytes).closed })
        case "decoder":
            precondition(try NarrowReview.imageCount(data) > 0, "the review names no images")
            print(Stopwatch.nanoseconds(for: seconds) { (try? NarrowReview.imageCount(data)) ?? 0 })
        default:
            FileHandle.standardError.write(Data("there is no rival `\(arguments[1])`\n".utf8))
            exit(2)
        }
    }
}

/// The least that can be done with JSON: skip strings, count brackets. It checks nothing and finds nothing.
enum PlainScan {
    static func depths(_ bytes: [UInt8]) -> (deepest: Int, closed: Int) {
        bytes.withUnsafeBufferPointer { bytes in
            var index = 0
            var depth = 0
            var deepest = 0
            var closed = 0
            while index < bytes.count {
                switch bytes[index] {
                case UInt8(ascii: "\""):
                    index += 1
                    while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
                        index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
                    }
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    depth += 1
                    deepest = max(deepest, depth)
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    depth -= 1
                    closed += 1
                default:
                    break
                }
                index += 1
            }
            return (deepest, closed)
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
