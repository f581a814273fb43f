extension RandomNumberGenerator {
    /// A number from 0 to one below the bound, which is at least 1.
    mutating func below(_ bound: Int) -> Int {
        Int(next() % UInt64(bound))
    }

    /// True once in a number of times.
    mutating func oneIn(_ times: Int) -> Bool {
        below(times) == 0
    }

    /// One of some values, of which there is at least one.
    mutating func pick<Value>(_ values: [Value]) -> Value {
        values[below(values.count)]
    }
}
