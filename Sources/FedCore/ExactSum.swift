/// A weighted mean whose bits do not depend on the order or the grouping of its terms.
///
/// Each term `weight · value` is rounded once to a multiple of a step and added as a 64-bit integer. Integer addition
/// is associative, so clients may arrive in any order and be summed in any grouping (on their ranks, in a tree, at the
/// server) with equal bits. The division by the total weight comes last, once.
///
/// Whoever makes a sum says how much weight may come to it, W. That alone gives the step, 2⁻³² up to W = 2²⁰ and about
/// W·2⁻⁵² beyond, and the largest value, 2³⁰/W or 2¹⁰, whichever is more: there is room for W of it, so whether a term
/// is refused depends on the term and never on those that came before. The mean is then exact to a step / Σ weight,
/// below Float's resolution of weights for a cohort of any size. Weights are taken to the nearest multiple of 2⁻²⁰
/// (sample counts are not changed by that), so that their sum is exact too.
public struct ExactSum: Sendable {
    /// Why a term was refused; the sum is then as it was before.
    public enum Refusal: Error, Equatable, CustomStringConvertible {
        /// A value is NaN or infinite.
        case notFinite(index: Int)
        /// A value is above the largest one.
        case overflow
        /// The term, or the partial sum, has another number of elements than the sum.
        case wrongLength(expected: Int, actual: Int)
        /// The weight is negative, NaN, infinite, above 0 but below 2⁻²¹, or more than there is room for.
        case badWeight(Double)
        /// The exponent of a scaled update is not a whole number below 2²⁴ in size.
        case badExponent(Float)

        /// The reason in a few words, for the log of refused updates.
        public var description: String {
            switch self {
            case .notFinite(let index): "element \(index) is not a finite number"
            case .overflow: "it is too large to be summed exactly"
            case .wrongLength(let expected, let actual): "it has \(actual) elements, not \(expected)"
            case .badWeight(let weight): "its weight is \(weight)"
            case .badExponent(let exponent): "its exponent is \(exponent)"
            }
        }
    }

    /// Σ round(weight · value / step), element by element; these integers are what ranks exchange as a partial sum.
    public private(set) var total: [Int64]
    /// Σ weight, exact: a multiple of 2⁻²⁰ below 2³².
    public private(set) var weight: Double = 0
    /// The largest absolute value that an element of a term may have.
    public let largestValue: Float

    /// 1 / step, a power of two.
    let scale: Double
    /// Upper bound of `weight`: a little more than was asked for, because weights are rounded.
    private let room: Double

    /// Makes an empty sum of vectors of `count` elements.
    /// - Parameters:
    ///   - count: length of the vectors; 8 bytes are allocated for each element.
    ///   - totalWeight: upper bound W of Σ weight, above 0 and below 2³²; sums that are added to each other need the
    ///     same.
    public init(count: Int, totalWeight: Double) {
        precondition(totalWeight > 0 && totalWeight < 0x1p32, "a sum with room for a weight of \(totalWeight)")
        total = [Int64](repeating: 0, count: count)
        let bits = Int(totalWeight.exponent) + (totalWeight.significand > 1 ? 1 : 0)
        scale = Double(sign: .plus, exponent: 32 - max(0, bits - 20), significand: 1)
        room = totalWeight * (1 + 0x1p-10)
        let largest = 0x1p62 / scale / totalWeight
        let nearest = Float(min(largest, Double(Float.greatestFiniteMagnitude)))
        largestValue = Double(nearest) > largest ? nearest.nextDown : nearest
    }

    /// Empties the sum, keeping its memory.
    public mutating func reset() {
        for i in total.indices { total[i] = 0 }
        weight = 0
    }

    /// Adds `weight · values`.
    ///
    /// - Parameters:
    ///   - values: `[count]`, each at most ``largestValue`` in size.
    ///   - givenWeight: weight ≥ 0; taken to the nearest multiple of 2⁻²⁰.
    /// - Throws: ``Refusal``; the sum is then as it was before.
    /// - Complexity: O(count), one pass over memory: in each block a search for the largest value, then the sum, for
    ///   which the block is in the first-level cache. A refused term costs a second pass, to take back what was added.
    public mutating func add(_ values: Span<Float>, weight givenWeight: Double) throws(Refusal) {
        guard values.count == total.count else {
            throw .wrongLength(expected: total.count, actual: values.count)
        }
        let weight = try Self.rounded(givenWeight)
        guard self.weight + weight <= room else { throw .badWeight(givenWeight) }
        let factor = weight * scale
        // NaN and infinity are larger than all.
        let limit = largestValue.bitPattern
        var sums = total.mutableSpan
        let added = FixedPoint.add(values, times: factor, within: limit, to: &sums)
        guard added == values.count else {
            // Rounding is symmetric, so that the negative weight takes back to the bit what was added.
            var part = sums.part(..<added)
            FixedPoint.add(values.extracting(..<added), times: -factor, largest: limit, to: &part)
            throw values.firstNonFinite.map { .notFinite(index: $0) } ?? .overflow
        }
        self.weight += weight
    }

    /// Refuses values that ``add(_:weight:)`` would refuse, without adding them. O(count), one pass.
    /// - Throws: ``Refusal``.
    public func check(_ values: Span<Float>) throws(Refusal) {
        guard values.count == total.count else {
            throw .wrongLength(expected: total.count, actual: values.count)
        }
        guard FixedPoint.largestMagnitudeBits(values) > largestValue.bitPattern else { return }
        throw values.firstNonFinite.map { .notFinite(index: $0) } ?? .overflow
    }

    /// Adds another sum. O(count).
    ///
    /// - Throws: ``Refusal`` when the lengths differ or the weights exceed the room; the sum is then as it was before.
    /// - Precondition: both have the same step, as sums with the same `totalWeight` do.
    public mutating func add(_ other: ExactSum) throws(Refusal) {
        precondition(other.scale == scale, "sums of different steps")
        try add(partial: other.total.span, weight: other.weight)
    }

    /// Adds a partial sum of another rank. O(count).
    ///
    /// - Parameters:
    ///   - partial: the other sum's ``total``; its step must be this sum's, which the integers do not tell.
    ///   - weight: the other sum's ``weight``.
    /// - Throws: ``Refusal`` when the length differs, or the weight is not a multiple of 2⁻²⁰ that there is room for;
    ///   the sum is then as it was before.
    public mutating func add(partial: Span<Int64>, weight: Double) throws(Refusal) {
        guard partial.count == total.count else {
            throw .wrongLength(expected: total.count, actual: partial.count)
        }
        try add(weight: weight)
        add(piece: partial, at: 0)
    }

    /// Adds a piece of another rank's partial sum, whose weight comes by itself (``add(weight:)``). O(piece).
    /// - Parameters:
    ///   - piece: elements of the other sum's ``total``.
    ///   - place: the index of the first.
    public mutating func add(piece: Span<Int64>, at place: Int) {
        var sums = total.mutableSpan
        var part = sums.part(place..<place + piece.count)
        FixedPoint.add(piece, to: &part)
    }

    /// Adds some elements of another rank's partial sum, whose weight comes by itself. O(places).
    public mutating func add(piece: Span<Int64>, at places: ArraySlice<Int>) {
        for (i, place) in places.enumerated() { total[place] &+= piece[i] }
    }

    /// Adds the weight of a partial sum of which the elements come by themselves.
    /// - Throws: ``Refusal/badWeight(_:)`` when it is not a multiple of 2⁻²⁰ that there is room for.
    public mutating func add(weight: Double) throws(Refusal) {
        guard weight >= 0, weight == Self.steps(weight), self.weight + weight <= room else { throw .badWeight(weight) }
        self.weight += weight
    }

    /// Writes Σ weight · value / Σ weight. O(count).
    ///
    /// - Parameter result: `[count]`.
    /// - Precondition: some term had a positive weight.
    public func mean(into result: inout MutableSpan<Float>) {
        precondition(weight > 0, "the mean of no terms")
        precondition(result.count == total.count, "the mean has \(total.count) elements")
        FixedPoint.divide(total.span, by: weight * scale, into: &result)
    }

    /// Makes the mean in the sum's own memory and gives it to `body`, for a large model of which there is no room for
    /// both. What the sum held is lost: ``reset()`` comes next. O(count).
    ///
    /// - Parameter body: called once with Σ weight · value / Σ weight, `[count]`.
    /// - Precondition: some term had a positive weight.
    public mutating func withMeanInPlace<R>(
        dividedBy given: Double? = nil, _ body: (inout MutableSpan<Float>) -> R
    ) -> R {
        let weight = given ?? self.weight
        precondition(weight > 0, "the mean of no terms")
        let (count, divisor) = (total.count, weight * scale)
        return total.withUnsafeMutableBytes { bytes in
            FixedPoint.divideInPlace(bytes, by: divisor)
            return bytes.withMemoryRebound(to: Float.self) { floats in
                var mean = floats.extracting(..<count).mutableSpan
                return body(&mean)
            }
        }
    }

    /// The weight as it is used: the nearest multiple of 2⁻²⁰.
    /// - Throws: ``Refusal/badWeight(_:)`` when it is negative, not finite, or rounds to 0 without being 0.
    static func rounded(_ weight: Double) throws(Refusal) -> Double {
        let rounded = steps(weight)
        guard weight >= 0, weight.isFinite, rounded > 0 || weight == 0 else { throw .badWeight(weight) }
        return rounded
    }

    /// The nearest multiple of 2⁻²⁰: up to 2³² a Double adds these without rounding, so their order does not matter
    /// either.
    private static func steps(_ value: Double) -> Double {
        (value * 0x1p20).rounded(.toNearestOrEven) * 0x1p-20
    }
}
