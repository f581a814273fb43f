extension Array where Element == Diagnostic {
    /// The diagnostics in the order in which people read: by file, place, code and message; those that speak of
    /// no place come first. Every renderer prints them so, whatever order the phases found them in.
    public func inSourceOrder() -> [Diagnostic] {
        enumerated().sorted { first, second in
            let (a, b) = (first.element, second.element)
            let left = (a.primary?.span.file ?? -1, a.primary?.span.start ?? -1, a.code.rawValue, a.message)
            let right = (b.primary?.span.file ?? -1, b.primary?.span.start ?? -1, b.code.rawValue, b.message)
            return left == right ? first.offset < second.offset : left < right
        }.map(\.element)
    }
}
