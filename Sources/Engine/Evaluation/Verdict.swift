/// What becomes of one image, without words: they are made only for those who ask.
struct Verdict {
    enum Reason {
        case mirrorPod
        case unknownNamespaceLabels
        case unchangedByUpdate
        /// By the index of the `ignore` among those of its kind.
        case ignoredSituation(Int), ignoredSelf, ignoredImage(Int), ignoredPart(Int)
        case unparsed(ReferenceFault)
        case bypassed
        case noWinner
        case denied
        case allowed
        case declined
        case rewrittenToItself
        case rewritten
    }

    var outcome: ImageDecision.Outcome
    var reason: Reason
    /// The action that wins; nil where none does, or none was looked for.
    var winner: Int?
    /// The action of a rule that observes, where it would do something else.
    var observed: Int?
    /// The image without bypass prefixes, where some were taken off.
    var stripped: TextSlice?
    /// What the image becomes, in the evaluator's output; nil unless it is rewritten.
    var made: TextSlice?

    init(_ outcome: ImageDecision.Outcome, _ reason: Reason, winner: Int? = nil, stripped: TextSlice? = nil) {
        self.outcome = outcome
        self.reason = reason
        self.winner = winner
        self.stripped = stripped
    }
}

/// Finds fields by place and name, and by text where that is wanted. Of several alike the first is found.
struct FieldTable {
    private var places: [Int32] = []
    private let comparesTexts: Bool

    init(comparesTexts: Bool) { self.comparesTexts = comparesTexts }

    /// Makes room for a number of fields, and forgets those that were in it.
    mutating func reset(for count: Int) {
        var size = count == 0 ? 0 : 4
        while size < count * 2 { size *= 2 }
        if places.capacity > 16_384 { places = [] }
        places.removeAll(keepingCapacity: true)
        for _ in 0..<size { places.append(-1) }
    }

    /// Adds a field, by its index among `fields`.
    mutating func insert(_ index: Int, _ fields: [FieldSlot], _ bytes: ByteSpan) {
        let place = place(of: fields[index], fields, bytes)
        if places[place] < 0 { places[place] = Int32(truncatingIfNeeded: index) }
    }

    /// The index of a field that is called the same.
    func find(_ field: FieldSlot, _ fields: [FieldSlot], _ bytes: ByteSpan) -> Int? {
        guard !places.isEmpty else { return nil }
        let found = places[place(of: field, fields, bytes)]
        return found < 0 ? nil : Int(found)
    }

    private func place(of field: FieldSlot, _ fields: [FieldSlot], _ bytes: ByteSpan) -> Int {
        let mask = places.count &- 1
        var hash = ByteHash.hash(bytes, field.name, from: ByteHash.seed ^ UInt64(field.place.number))
        if comparesTexts { hash = ByteHash.hash(bytes, field.text, from: hash) }
        var place = Int(truncatingIfNeeded: hash) & mask
        while places[place] >= 0 {
            let other = fields[Int(places[place])]
            if other.place == field.place, field.name.isEqual(bytes, to: other.name, bytes),
                !comparesTexts || field.text.isEqual(bytes, to: other.text, bytes)
            {
                break
            }
            place = (place &+ 1) & mask
        }
        return place
    }
}
