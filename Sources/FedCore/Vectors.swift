/// Arithmetic on vectors, element by element: one pass, vectorised, without allocation. `other` may be longer than the
/// span; only its first `count` elements are used, so that a mean with extras behind it needs no copy.
extension MutableSpan<Float> {
    /// self ← self + other. O(count).
    /// - Precondition: `other` has at least `count` elements.
    public mutating func add(_ other: Span<Float>) {
        precondition(other.count >= count)
        for i in 0..<count { self[unchecked: i] += other[unchecked: i] }
    }

    /// self ← self + factor · other, product and sum each rounded to Float. O(count).
    /// - Precondition: `other` has at least `count` elements.
    public mutating func add(_ other: Span<Float>, times factor: Float) {
        precondition(other.count >= count)
        for i in 0..<count { self[unchecked: i] += factor * other[unchecked: i] }
    }

    /// self ← factor · self. O(count).
    public mutating func scale(by factor: Float) {
        for i in 0..<count { self[unchecked: i] *= factor }
    }

    /// self ← min(1, limit / ‖self‖₂) · self. O(count); the norm is summed in Double, and the factor rounded to Float.
    public mutating func clip(toNorm limit: Float) {
        let norm = span.squaredNorm.squareRoot()
        if norm > Double(limit) { scale(by: Float(Double(limit) / norm)) }
    }
}

extension Span<Float> {
    /// The elements, copied as one piece of memory. O(count).
    public func array() -> [Float] { withUnsafeBufferPointer { Array($0) } }

    /// The index of the largest element, of equal ones the first, so that the answer does not depend on a kernel's order; NaN
    /// never wins over a number that stands before it. O(count).
    /// - Precondition: not empty.
    public var argmax: Int {
        precondition(!isEmpty, "the largest of no elements")
        var best = 0
        for i in 1..<count where self[unchecked: i] > self[unchecked: best] { best = i }
        return best
    }

    /// The index of the first NaN or infinity; nil when all elements are finite. O(count); an update that is finite
    /// costs one vectorised pass, and only a bad one a second.
    public var firstNonFinite: Int? {
        FixedPoint.largestMagnitudeBits(self) < 0x7F80_0000 ? nil : indices.first { !self[$0].isFinite }
    }

    /// The largest absolute value; NaN where one is not a number, 0 without values. O(count).
    public var largestMagnitude: Float { Float(bitPattern: FixedPoint.largestMagnitudeBits(self)) }

    /// Σ xᵢ², added up in Double from the first element to the last. O(count); in this order it does not vectorise,
    /// but has the same bits on every machine.
    public var squaredNorm: Double {
        var sum = 0.0
        for i in 0..<count { sum += Double(self[unchecked: i]) * Double(self[unchecked: i]) }
        return sum
    }
}
