/// The arithmetic of ``ExactSum`` and ``ScaledSum``: numbers are rounded once to whole steps, and steps are added as
/// 64-bit integers. The loops run over every element of every update, so they are written to vectorise.
enum FixedPoint {
    /// sums ← sums + round(factor · value), ties to even. O(count).
    /// - Parameters:
    ///   - values: `[sums.count]`, all finite.
    ///   - factor: weight / step.
    ///   - largest: bit pattern of a magnitude that no value exceeds; below 2⁵¹ steps it selects the fast loop.
    ///   - sums: changed in place; the caller makes sure that they do not overflow.
    static func add(
        _ values: Span<Float>, times factor: Double, largest: UInt32, to sums: inout MutableSpan<Int64>
    ) {
        precondition(sums.count == values.count)
        if abs(Double(Float(bitPattern: largest)) * factor) < 0x1p51 {
            // Adding 1.5 · 2⁵² leaves the rounded integer in the low bits of the Double, and unlike a conversion
            // instruction it vectorises on every processor.
            let magic = 0x1.8p52
            let magicBits = Int64(bitPattern: magic.bitPattern)
            for i in 0..<values.count {
                let shifted = Double(values[unchecked: i]) * factor + magic
                sums[unchecked: i] &+= Int64(bitPattern: shifted.bitPattern) &- magicBits
            }
        } else {
            for i in 0..<values.count {
                sums[unchecked: i] &+= Int64((Double(values[unchecked: i]) * factor).rounded(.toNearestOrEven))
            }
        }
    }

    /// sums ← sums + others. O(count).
    static func add(_ others: Span<Int64>, to sums: inout MutableSpan<Int64>) {
        precondition(sums.count == others.count)
        for i in 0..<others.count { sums[unchecked: i] &+= others[unchecked: i] }
    }

    /// The bit pattern of the largest absolute value; 0 without values. O(count).
    ///
    /// Magnitudes are compared as integers, which IEEE 754's formats allow: it vectorises, and NaN is larger than
    /// infinity, which is larger than every number.
    static func largestMagnitudeBits(_ values: Span<Float>) -> UInt32 {
        var largest: Int32 = 0
        for i in 0..<values.count {
            largest = max(largest, Int32(bitPattern: values[unchecked: i].bitPattern & 0x7FFF_FFFF))
        }
        return UInt32(bitPattern: largest)
    }
}
