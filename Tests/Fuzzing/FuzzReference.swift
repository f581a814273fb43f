import Engine

/// Any text: parsing ends, and what it gives is in normal form.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: data, count: count), as: UTF8.self)
    guard case .success(let reference) = Reference.parse(text) else { return 0 }
    guard case .success(let again) = Reference.parse(reference.text) else { preconditionFailure(reference.text) }
    precondition(reference == again, text)
    precondition(reference.path.utf8.count <= 255 && (reference.tag?.utf8.count ?? 0) <= 128, text)
    return 0
}
