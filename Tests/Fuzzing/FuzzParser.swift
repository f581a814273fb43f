import RuleLang

/// Any bytes: the front end ends, and its tokens put the file together again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let source = SourceFile(name: "fuzz.rules", bytes: Array(UnsafeBufferPointer(start: data, count: count)))
    let result = SyntaxTree.parse(source)
    var end = 0
    for token in result.tree.tokens {
        precondition(token.triviaStart == end && token.span.start >= end && token.span.end >= token.span.start)
        end = token.span.end
    }
    _ = HumanRenderer(files: [source], color: true).render(result.diagnostics)
    return 0
}
