import Foundation

/// `embed-documents FOLDER OUTPUT PAGE…`: writes a Swift file that holds the pages as string literals.
///
/// A build tool, run by the plugin of the same name; users never see it.
@main
struct EmbedDocuments {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst().map(URL.init(fileURLWithPath:))
        guard arguments.count >= 2 else {
            FileHandle.standardError.write(Data("usage: embed-documents FOLDER OUTPUT PAGE...\n".utf8))
            exit(2)
        }
        let folder = arguments[0].standardizedFileURL.path() + (arguments[0].hasDirectoryPath ? "" : "/")
        var source = """
            // Made of docs/ when the package is built. Do not edit.

            extension Document {
                /// Every page under docs/, sorted by path.
                static let all: [Document] = [

            """
        for page in arguments.dropFirst(2) {
            let text = try String(contentsOf: page, encoding: .utf8)
            let path = page.standardizedFileURL.path()
            let name = path.hasPrefix(folder) ? String(path.dropFirst(folder.count)) : page.lastPathComponent
            let stem = name.hasSuffix(".md") ? String(name.dropLast(3)) : name
            source += "        Document(path: \(literal(stem)), text: \(literal(text))),\n"
        }
        source += "    ]\n}\n"
        try Data(source.utf8).write(to: arguments[1], options: .atomic)
    }

    /// The text as a Swift literal: multi-line, with so many `#` that nothing in it can end it or be an escape.
    private static func literal(_ text: String) -> String {
        var longest = 0
        var run = 0
        for character in text.unicodeScalars {
            run = character == "#" ? run + 1 : 0
            longest = max(longest, run)
        }
        let marks = String(repeating: "#", count: longest + 1)
        return "\(marks)\"\"\"\n\(text)\n\"\"\"\(marks)"
    }
}
