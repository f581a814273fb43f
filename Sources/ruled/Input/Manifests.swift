/// What there is in a text of manifests: the documents that parse, and those that do not.
struct ManifestStream {
    /// A document that does not parse.
    struct Fault {
        let error: ManifestError
        /// The line where the document begins, from 1.
        let documentLine: Int
        /// The document.
        let text: String
    }

    var documents: [Manifest] = []
    var faults: [Fault] = []
}

/// Manifests as files hold them: YAML or JSON, several documents, lists.
enum Manifests {
    /// The most bytes of one file of manifests.
    static let sizeLimit = 256 << 20

    /// The documents of a text, JSON where it begins like JSON, else YAML. Lists are not yet taken apart.
    static func parse(_ bytes: [UInt8]) throws(ManifestError) -> [Manifest] {
        let text = bytes.withoutByteOrderMark
        let space: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
        guard let first = text.first(where: { !space.contains($0) }) else { return [] }
        if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
            do {
                return try JSONDocuments.parse(Array(text))
            } catch {
                // YAML in flow style begins like JSON, but seldom with a quoted key. If it is not that either, the
                // fault in the JSON is the news.
                let second = text.drop { space.contains($0) }.dropFirst().first { !space.contains($0) }
                if second != UInt8(ascii: "\""),
                    let documents = try? YAMLDocuments.parse(String(decoding: text, as: UTF8.self))
                {
                    return documents
                }
                throw error
            }
        }
        guard let string = String(validating: text, as: UTF8.self) else { throw ManifestError("the text is not UTF-8") }
        return try YAMLDocuments.parse(string)
    }

    /// The same for a text that is not whole: what does not parse takes nothing else with it. Of YAML that is a
    /// document, of JSON all that follows.
    static func stream(_ bytes: [UInt8]) -> ManifestStream {
        do {
            return ManifestStream(documents: try parse(bytes))
        } catch {
            let text = String(decoding: bytes.withoutByteOrderMark, as: UTF8.self)
            let isYAML = text.first { !$0.isWhitespace }.map { $0 != "{" && $0 != "[" } ?? true
            if isYAML, String(validating: bytes, as: UTF8.self) != nil { return YAMLDocuments.parseEach(text) }
            return ManifestStream(faults: [.init(error: error, documentLine: 1, text: text)])
        }
    }

    /// The objects of documents: a `List`, or any kind that ends so and has `items`, gives its items.
    static func objects(of documents: [Manifest]) -> [Manifest] {
        var result: [Manifest] = []
        for document in documents {
            if let elements = document.elements {
                result += elements
            } else if let kind = document["kind"]?.text, kind.hasSuffix("List"), let items = document["items"]?.elements
            {
                let itemKind = kind.dropLast("List".count)
                for var item in items {
                    // `kubectl get --raw` leaves kind and version out of the items of a PodList.
                    if item["kind"] == nil, !itemKind.isEmpty, case .object(let members) = item.value {
                        var head = [
                            Manifest.Member(key: "kind", value: Manifest(.string(String(itemKind)), line: item.line))
                        ]
                        if let version = document["apiVersion"] {
                            head.insert(Manifest.Member(key: "apiVersion", value: version), at: 0)
                        }
                        item.value = .object(head + members)
                    }
                    result.append(item)
                }
            } else {
                result.append(document)
            }
        }
        return result
    }
}
