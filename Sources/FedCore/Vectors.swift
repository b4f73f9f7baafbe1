/// Arithmetic on vectors of one length, element by element.
extension MutableSpan<Float> {
    /// self ← self + other. O(count).
    public mutating func add(_ other: Span<Float>) {
        precondition(other.count >= count)
        for i in 0..<count { self[unchecked: i] += other[unchecked: i] }
    }

    /// self ← self + factor · other. O(count).
    public mutating func add(_ other: Span<Float>, times factor: Float) {
        precondition(other.count >= count)
        for i in 0..<count { self[unchecked: i] += factor * other[unchecked: i] }
    }

    /// self ← factor · self. O(count).
    public mutating func scale(by factor: Float) {
        for i in 0..<count { self[unchecked: i] *= factor }
    }
}

extension Span<Float> {
    /// The index of the first NaN or infinity. O(count).
    public var firstNonFinite: Int? {
        // As integers, so that it vectorises.
        var largest: Int32 = 0
        for i in 0..<count {
            largest = Swift.max(largest, Int32(bitPattern: self[unchecked: i].bitPattern & 0x7FFF_FFFF))
        }
        return largest < 0x7F80_0000 ? nil : indices.first { !self[$0].isFinite }
    }

    /// Σ xᵢ², in Double. O(count).
    public var squaredNorm: Double {
        var sum = 0.0
        for i in 0..<count { sum += Double(self[unchecked: i]) * Double(self[unchecked: i]) }
        return sum
    }
}
