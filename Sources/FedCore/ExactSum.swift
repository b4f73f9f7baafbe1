/// A weighted mean whose bits do not depend on the order or the grouping of its terms.
///
/// Each term `weight · value` is rounded once to a multiple of 2⁻³² and added as a 64-bit integer. Integer addition is
/// associative, so clients may arrive in any order and be summed in any grouping (on their ranks, in a tree, at the
/// server) with equal bits. The division by the total weight comes last, once.
///
/// Resolution of the mean: 2⁻³³ / Σ weights per term, below Float's own for a cohort of any size. Range:
/// Σ weight · |value| < 2³⁰ and Σ weight < 2³², checked before a term is added. Weights are taken to the nearest multiple
/// of 2⁻²⁰ (sample counts are not changed by that), so that their sum is exact too.
public struct ExactSum: Sendable {
    /// Why a term was refused; the sum is then as it was before.
    public enum Refusal: Error, Equatable, CustomStringConvertible {
        /// A value is NaN or infinite.
        case notFinite(index: Int)
        /// Σ weight · |value| would reach 2³⁰, or Σ weight 2³².
        case overflow
        case wrongLength(expected: Int, actual: Int)
        /// The weight is negative, NaN, infinite, or above 0 but below 2⁻²¹.
        case badWeight(Double)

        public var description: String {
            switch self {
            case .notFinite(let index): "element \(index) is not a finite number"
            case .overflow: "it is too large to be summed exactly"
            case .wrongLength(let expected, let actual): "it has \(actual) elements, not \(expected)"
            case .badWeight(let weight): "its weight is \(weight)"
            }
        }
    }

    /// Σ round(weight · value · 2³²), element by element: what partial sums exchange.
    public private(set) var total: [Int64]
    /// Σ weight, exact: a multiple of 2⁻²⁰ below 2³².
    public private(set) var weight: Double = 0
    /// An upper bound of Σ weight · |value| over the elements; exact as a sum, like `weight`.
    public private(set) var magnitude: Double = 0

    private static let scale = 0x1p32
    private static let largestMagnitude = 0x1p30
    private static let largestWeight = 0x1p32
    /// Values and sums of a block are 24 KB.
    private static let blockLength = 2048

    /// An empty sum of vectors of `count` elements.
    public init(count: Int) {
        total = [Int64](repeating: 0, count: count)
    }

    /// Back to the empty sum, keeping the memory.
    public mutating func reset() {
        for i in total.indices { total[i] = 0 }
        weight = 0
        magnitude = 0
    }

    /// Adds `weight · values`. O(count), one pass over memory: block by block, a look for non-finite values and the
    /// largest one, then the sum, for which the block is in the first-level cache.
    ///
    /// - Throws: `Refusal`; the sum is then as it was before.
    public mutating func add(_ values: Span<Float>, weight givenWeight: Double) throws(Refusal) {
        guard values.count == total.count else {
            throw .wrongLength(expected: total.count, actual: values.count)
        }
        let weight = Self.steps(givenWeight, .toNearestOrEven)
        guard givenWeight >= 0, givenWeight.isFinite, weight > 0 || givenWeight == 0 else {
            throw .badWeight(givenWeight)
        }
        var largest: UInt32 = 0
        var added = 0
        while added < values.count {
            let block = added..<min(added + Self.blockLength, values.count)
            largest = max(largest, Self.largestMagnitudeBits(values.extracting(block)))
            guard canGrow(magnitude: Self.magnitude(largest, weight), weight: weight) else { break }
            accumulate(values, block, weight: weight, largest: largest)
            added = block.upperBound
        }
        guard added == values.count, canGrow(magnitude: Self.magnitude(largest, weight), weight: weight) else {
            // Rounding is symmetric, so that the negative weight takes back to the bit what was added.
            accumulate(values, 0..<added, weight: -weight, largest: largest)
            throw values.indices.first { !values[$0].isFinite }.map { .notFinite(index: $0) } ?? .overflow
        }
        try grow(magnitude: Self.magnitude(largest, weight), weight: weight)
    }

    /// Adds `round(weight · value · 2³²)` for a range of elements.
    /// - Parameter largest: bits of a magnitude that none of them exceeds.
    private mutating func accumulate(_ values: Span<Float>, _ range: Range<Int>, weight: Double, largest: UInt32) {
        let factor = weight * Self.scale
        var sums = total.mutableSpan
        if abs(Double(Float(bitPattern: largest)) * factor) < 0x1p51 {
            // Adding 1.5 · 2⁵² leaves the rounded integer in the low bits of the Double, and unlike a conversion
            // instruction it vectorises on every processor.
            let magic = 0x1.8p52
            let magicBits = Int64(bitPattern: magic.bitPattern)
            for i in range {
                let shifted = Double(values[unchecked: i]) * factor + magic
                sums[unchecked: i] &+= Int64(bitPattern: shifted.bitPattern) &- magicBits
            }
        } else {
            for i in range {
                sums[unchecked: i] &+= Int64((Double(values[unchecked: i]) * factor).rounded(.toNearestOrEven))
            }
        }
    }

    /// Adds another partial sum of the same length. O(count).
    ///
    /// - Throws: `Refusal`; the sum is then as it was before.
    public mutating func add(_ other: ExactSum) throws(Refusal) {
        try add(partial: other.total.span, weight: other.weight, magnitude: other.magnitude)
    }

    /// Adds a partial sum that crossed between ranks: its `total`, `weight` and `magnitude`. O(count).
    ///
    /// - Throws: `Refusal`; the sum is then as it was before.
    public mutating func add(partial: Span<Int64>, weight: Double, magnitude: Double) throws(Refusal) {
        guard partial.count == total.count else {
            throw .wrongLength(expected: total.count, actual: partial.count)
        }
        guard weight >= 0, weight == Self.steps(weight, .down) else { throw .badWeight(weight) }
        guard magnitude >= 0 else { throw .overflow }
        try grow(magnitude: magnitude, weight: weight)
        var sums = total.mutableSpan
        for i in 0..<partial.count { sums[unchecked: i] &+= partial[unchecked: i] }
    }

    /// Writes Σ weight · value / Σ weight. O(count).
    ///
    /// - Precondition: some term had a positive weight.
    public func mean(into result: inout MutableSpan<Float>) {
        precondition(weight > 0, "the mean of no terms")
        precondition(result.count == total.count, "the mean has \(total.count) elements")
        let sums = total.span
        let divisor = weight * Self.scale
        for i in 0..<sums.count {
            result[unchecked: i] = Float(Double(sums[unchecked: i]) / divisor)
        }
    }

    /// False for NaN, too.
    private func canGrow(magnitude more: Double, weight: Double) -> Bool {
        magnitude + more < Self.largestMagnitude && self.weight + weight < Self.largestWeight
    }

    private mutating func grow(magnitude more: Double, weight: Double) throws(Refusal) {
        guard canGrow(magnitude: more, weight: weight) else { throw .overflow }
        magnitude += more
        self.weight += weight
    }

    /// An upper bound of a term, from the bits of its largest absolute value; NaN or infinity if that is.
    private static func magnitude(_ largest: UInt32, _ weight: Double) -> Double {
        steps(Double(Float(bitPattern: largest)) * weight, .up)
    }

    /// A multiple of 2⁻²⁰: up to 2³² a Double adds these without rounding, so their order does not matter either.
    private static func steps(_ value: Double, _ rule: FloatingPointRoundingRule) -> Double {
        (value * 0x1p20).rounded(rule) * 0x1p-20
    }

    /// The bit pattern of the largest absolute value. As integers, so that it vectorises and NaN is larger than all.
    private static func largestMagnitudeBits(_ values: Span<Float>) -> UInt32 {
        var largest: Int32 = 0
        for i in 0..<values.count {
            largest = max(largest, Int32(bitPattern: values[unchecked: i].bitPattern & 0x7FFF_FFFF))
        }
        return UInt32(bitPattern: largest)
    }
}
