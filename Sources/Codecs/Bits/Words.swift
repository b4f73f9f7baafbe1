extension MutableSpan where Element == UInt8 {
    /// Writes 32 bits, the low byte first.
    @inline(__always)
    mutating func put(_ word: UInt32, at place: Int) {
        for i in 0..<4 { self[place + i] = UInt8(truncatingIfNeeded: word >> UInt32(8 * i)) }
    }

    /// Writes a number's bits, the low byte first.
    mutating func put(_ value: Float, at place: Int) { put(value.bitPattern, at: place) }
}

extension Span where Element == UInt8 {
    /// Reads 32 bits, the low byte first.
    @inline(__always)
    func word(at place: Int) -> UInt32 {
        UInt32(self[place]) | UInt32(self[place + 1]) << 8 | UInt32(self[place + 2]) << 16
            | UInt32(self[place + 3]) << 24
    }

    /// Reads a number, which may be any.
    func float(at place: Int) -> Float { Float(bitPattern: word(at: place)) }
}
