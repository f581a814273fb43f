/// A table of names, each under a number that it belongs to, that is looked into by bytes: open addressing in one flat
/// array. Whoever sends names cannot make it slow: the hash differs in each process.
struct ByteTable: Sendable {
    private struct Entry: Sendable {
        var owner: UInt32 = 0
        /// The name, as a range of `text`.
        var start: UInt32 = 0
        var count: UInt32 = 0
        /// 0 where there is no entry.
        var value: UInt32 = 0

        var slice: TextSlice { TextSlice(start: Int(start), count: Int(count)) }
    }

    /// Its length is a power of two, and at most three quarters of it are taken.
    private var entries = [Entry](repeating: Entry(), count: 4)
    private var text: [UInt8] = []
    private(set) var count = 0

    /// The number that stands for a name; the n-th new name gets the number n, from 1.
    mutating func insert(_ name: String, of owner: UInt32 = 0) -> UInt32 {
        let slice = TextSlice(start: text.count, count: name.utf8.count)
        text.append(contentsOf: name.utf8)
        let place = place(of: slice, text.span, owner)
        guard entries[place].value == 0 else {
            text.removeLast(slice.count)
            return entries[place].value
        }
        count += 1
        entries[place] = Entry(
            owner: owner, start: UInt32(truncatingIfNeeded: slice.start),
            count: UInt32(truncatingIfNeeded: slice.count),
            value: UInt32(truncatingIfNeeded: count))
        if count * 4 > entries.count * 3 { grow() }
        return UInt32(truncatingIfNeeded: count)
    }

    private mutating func grow() {
        let old = entries
        entries = Array(repeating: Entry(), count: old.count * 2)
        for entry in old where entry.value != 0 {
            entries[place(of: entry.slice, text.span, entry.owner)] = entry
        }
    }

    /// The number that stands for a name, or 0.
    @inline(__always)
    func find(_ slice: TextSlice, _ bytes: ByteSpan, of owner: UInt32 = 0) -> UInt32 {
        entries[place(of: slice, bytes, owner)].value
    }

    /// Where a name stands, or would stand.
    @inline(__always)
    private func place(of slice: TextSlice, _ bytes: ByteSpan, _ owner: UInt32) -> Int {
        let hash = ByteHash.hash(bytes, slice, from: ByteHash.seed ^ UInt64(owner))
        let mask = entries.count &- 1
        var place = Int(truncatingIfNeeded: hash) & mask
        while true {
            let entry = entries[place]
            if entry.value == 0 || entry.owner == owner && slice.isEqual(bytes, to: entry.slice, text.span) {
                return place
            }
            place = (place &+ 1) & mask
        }
    }
}

/// Hashes bytes for tables that are looked into with what comes from outside.
enum ByteHash {
    /// Another number in each process.
    static let seed = UInt64.random(in: .min ... .max)

    /// The hash of a slice, going on from another hash.
    @inline(__always)
    static func hash(_ bytes: ByteSpan, _ slice: TextSlice, from start: UInt64) -> UInt64 {
        var state = mix(start ^ UInt64(truncatingIfNeeded: slice.count))
        var index = slice.start
        let end = slice.end
        while end &- index >= 8 {
            state = mix(state ^ JSONBlock.word(bytes, at: index))
            index &+= 8
        }
        var rest: UInt64 = 0
        while index < end {
            rest = rest &<< 8 | UInt64(bytes[index])
            index &+= 1
        }
        return mix(state ^ rest)
    }

    /// Both halves of a product with an odd number: every bit of the input reaches the result.
    @inline(__always)
    static func mix(_ value: UInt64) -> UInt64 {
        let product = (value ^ 0x243f_6a88_85a3_08d3).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
        return product.high ^ product.low
    }
}

extension TextSlice {
    /// Whether two slices, perhaps of different bytes, are the same byte by byte.
    @inline(__always)
    func isEqual(_ bytes: ByteSpan, to other: TextSlice, _ otherBytes: ByteSpan) -> Bool {
        guard count == other.count else { return false }
        for offset in 0..<count where bytes[start &+ offset] != otherBytes[other.start &+ offset] { return false }
        return true
    }

    /// Whether the slice is a text, byte by byte. `==` of strings takes characters for equal that Unicode calls
    /// equivalent, such as K and the Kelvin sign, which an image's author could use to make one text pass for another.
    @inline(__always)
    func isEqual(_ bytes: ByteSpan, to text: String) -> Bool {
        count == text.utf8.count && hasPrefix(text, bytes)
    }

    /// Whether the slice begins with a text, byte by byte.
    @inline(__always)
    func hasPrefix(_ text: String, _ bytes: ByteSpan) -> Bool {
        guard count >= text.utf8.count else { return false }
        var index = start
        for byte in text.utf8 {
            guard bytes[index] == byte else { return false }
            index &+= 1
        }
        return true
    }
}
