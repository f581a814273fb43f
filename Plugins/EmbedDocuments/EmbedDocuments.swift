import Foundation
import PackagePlugin

/// Puts the Markdown pages of `docs/` into the executable: one generated Swift file, made anew when a page changes.
@main
struct EmbedDocuments: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let documents = context.package.directoryURL.appending(path: "docs")
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedDocuments.swift")
        let pages = pages(in: documents)
        return [
            .buildCommand(
                displayName: "Embedding \(pages.count) documents",
                executable: try context.tool(named: "embed-documents").url,
                arguments: [documents.path(), output.path()] + pages.map { $0.path() },
                inputFiles: pages,
                outputFiles: [output]
            )
        ]
    }

    /// Every Markdown file under a folder, sorted so that the generated file is the same on every machine.
    private func pages(in folder: URL) -> [URL] {
        let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        var pages: [URL] = []
        while let page = found?.nextObject() as? URL {
            if page.pathExtension == "md" { pages.append(page) }
        }
        return pages.sorted { $0.path() < $1.path() }
    }
}
