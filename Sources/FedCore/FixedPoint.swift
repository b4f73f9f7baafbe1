/// The arithmetic of exact sums: numbers are rounded once to whole steps, and steps are added as 64-bit integers.
enum FixedPoint {
    /// sums ← sums + round(factor · value), to the nearest even. O(count).
    /// - Parameter largest: bits of a magnitude that no value exceeds.
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

    /// The bit pattern of the largest absolute value. As integers, so that it vectorises and NaN is larger than all.
    static func largestMagnitudeBits(_ values: Span<Float>) -> UInt32 {
        var largest: Int32 = 0
        for i in 0..<values.count {
            largest = max(largest, Int32(bitPattern: values[unchecked: i].bitPattern & 0x7FFF_FFFF))
        }
        return UInt32(bitPattern: largest)
    }
}
