import Engine
import Foundation
import Testing

@Suite("JSON, as JSONTestSuite has it")
struct JSONTestSuiteTests {
    private static let folder = Shared.file("json-test-suite")
    private static let names = Fixtures.names(in: folder).filter { $0.hasSuffix(".json") }

    /// A review with a value put in at one of the places where values may be anything.
    private static func reviews(with value: [UInt8]) -> [[UInt8]] {
        let places = [
            #"{"VALUE": 1, "kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","x":@,"request":{"uid":"u"}}"#,
            #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","options":@,"name":"n"}}"#,
            #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","kind":{"kind":"Pod"},"object":{"metadata":{"managedFields":[@]},"spec":{"containers":[{"image":"nginx","x":@}]}}}}"#,
            #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","kind":{"kind":"ConfigMap"},"object":@}}"#,
        ]
        return places.map { place in
            place.split(separator: "@", omittingEmptySubsequences: false).map { Array($0.utf8) }
                .joined(separator: value).map { $0 }
        }
    }

    private static func isAccepted(_ bytes: [UInt8]) -> Bool {
        do { _ = try AdmissionReview.read(bytes) } catch { return false }
        return true
    }

    @Test(
        "what must parse is accepted and what must not is refused, wherever in a review it stands",
        .enabled(if: Shared.isThere, "the shared data is not here"))
    func suite() throws {
        #expect(Self.names.count > 300)
        for name in Self.names {
            let bytes = try Fixtures.bytes(Self.folder.appending(path: name))
            for review in Self.reviews(with: bytes) {
                // What stands alone may be wrong only by what follows it, as in `1]`, and be right in another place;
                // the suite's texts are whole documents, so a text that is cut off or goes on is refused anywhere.
                let isAccepted = Self.isAccepted(review)
                if name.hasPrefix("y_") { #expect(isAccepted, "\(name)") }
                if name.hasPrefix("n_"), !Self.isWholeWithin(name) { #expect(!isAccepted, "\(name)") }
            }
            // Alone, the text is either no JSON or no review; it must not be taken for one.
            #expect(!Self.isAccepted(bytes), "\(name)")
            do {
                _ = try Workload.read(json: bytes)
                #expect(!name.hasPrefix("n_"), "\(name)")
            } catch {
                #expect(!name.hasPrefix("y_"), "\(name)")
            }
        }
    }

    /// Texts that are wrong alone but right between other bytes: nothing at all in an array, and white space.
    private static func isWholeWithin(_ name: String) -> Bool {
        ["n_structure_no_data.json", "n_single_space.json"].contains(name)
    }

    @Test("nesting is bounded, and nothing recurses on it")
    func nesting() {
        for count in [600, 100_000] {
            let deep =
                [UInt8](repeating: UInt8(ascii: "["), count: count)
                + [UInt8](repeating: UInt8(ascii: "]"), count: count)
            for review in Self.reviews(with: deep) { #expect(!Self.isAccepted(review)) }
        }
        let deepEnough =
            [UInt8](repeating: UInt8(ascii: "["), count: 400) + [UInt8](repeating: UInt8(ascii: "]"), count: 400)
        #expect(Self.reviews(with: deepEnough).allSatisfy(Self.isAccepted))
    }
}
