import RuleLang

/// Whatever parses is formatted into something that means the same, keeps every comment, and stays as it is when
/// formatted again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let source = SourceFile(name: "fuzz.rules", bytes: Array(UnsafeBufferPointer(start: data, count: count)))
    let before = SyntaxTree.parse(source)
    guard before.diagnostics.isEmpty else { return 0 }
    let text = SourceFormatter.format(before.tree)
    let after = SyntaxTree.parse(SourceFile(name: "fuzz.rules", text: text))
    precondition(after.diagnostics.isEmpty, text)
    precondition(before.tree.means(after.tree), text)
    precondition(SourceFormatter.comments(of: before.tree) == SourceFormatter.comments(of: after.tree), text)
    precondition(SourceFormatter.format(after.tree) == text, text)
    return 0
}
