import CVectors

/// The arithmetic of ``ExactSum`` and ``ScaledSum``: numbers are rounded once to whole steps, and steps are added as
/// 64-bit integers.
///
/// The loops run over every element of every update. Each is there twice: in Swift, written so that it vectorises for
/// every processor, and in C for AVX2, to the same bits. `vectors` says which; the tests compare them.
enum FixedPoint {
    /// Elements of a block that is searched for its largest value and then added: its values and sums are 24 KB, which
    /// a first-level cache holds.
    private static let blockLength = 2048

    /// sums ← sums + round(factor · value), ties to even, from the first value to the last block that has no magnitude
    /// above a limit. O(count), one pass over memory.
    /// - Parameters:
    ///   - values: `[sums.count]`.
    ///   - factor: weight / step.
    ///   - limit: bit pattern of the largest magnitude that a value may have, a finite one.
    ///   - sums: changed in place; the caller makes sure that they do not overflow.
    ///   - vectors: whether to use the loops for AVX2.
    /// - Returns: the number of values that were added: all, unless one is above the limit.
    static func add(
        _ values: Span<Float>, times factor: Double, within limit: UInt32, to sums: inout MutableSpan<Int64>,
        vectors: Bool = vectors_are_fast()
    ) -> Int {
        precondition(sums.count == values.count)
        // Half of what the fast loop can do, so that this division's rounding does not matter.
        let fastest = min(limit, Float(0x1p50 / abs(factor)).bitPattern)
        var added = 0
        while added < values.count {
            if vectors {
                let rest = values.extracting(added...)
                var part = sums.part(added...)
                added += rest.withUnsafeBufferPointer { from in
                    part.withUnsafeMutableBufferPointer { to in
                        vectors_add_steps_within(fastest, from.baseAddress, from.count, factor, to.baseAddress)
                    }
                }
                guard added < values.count else { break }
            }
            let block = added..<min(added + blockLength, values.count)
            let largest = largestMagnitudeBits(values.extracting(block), vectors: vectors)
            guard largest <= limit else { break }
            var part = sums.part(block)
            add(values.extracting(block), times: factor, largest: largest, to: &part, vectors: vectors)
            added = block.upperBound
        }
        return added
    }

    /// sums ← sums + round(factor · value), ties to even. O(count).
    /// - Parameters:
    ///   - values: `[sums.count]`, all finite.
    ///   - factor: weight / step.
    ///   - largest: bit pattern of a magnitude that no value exceeds; below 2⁵¹ steps it selects the fast loop.
    ///   - sums: changed in place; the caller makes sure that they do not overflow.
    ///   - vectors: whether to use the loops for AVX2.
    static func add(
        _ values: Span<Float>, times factor: Double, largest: UInt32, to sums: inout MutableSpan<Int64>,
        vectors: Bool = vectors_are_fast()
    ) {
        precondition(sums.count == values.count)
        guard abs(Double(Float(bitPattern: largest)) * factor) < 0x1p51 else {
            for i in 0..<values.count {
                sums[unchecked: i] &+= Int64((Double(values[unchecked: i]) * factor).rounded(.toNearestOrEven))
            }
            return
        }
        if vectors {
            values.withUnsafeBufferPointer { from in
                sums.withUnsafeMutableBufferPointer { to in
                    vectors_add_steps(from.baseAddress, from.count, factor, to.baseAddress)
                }
            }
            return
        }
        // Adding 1.5 · 2⁵² leaves the rounded integer in the low bits of the Double, and unlike a conversion
        // instruction it vectorises on every processor.
        let magic = 0x1.8p52
        let magicBits = Int64(bitPattern: magic.bitPattern)
        for i in 0..<values.count {
            let shifted = Double(values[unchecked: i]) * factor + magic
            sums[unchecked: i] &+= Int64(bitPattern: shifted.bitPattern) &- magicBits
        }
    }

    /// sums ← sums + others. O(count).
    static func add(_ others: Span<Int64>, to sums: inout MutableSpan<Int64>) {
        precondition(sums.count == others.count)
        for i in 0..<others.count { sums[unchecked: i] &+= others[unchecked: i] }
    }

    /// quotients ← sums / divisor, each sum rounded to Double, each quotient to Double and to Float. O(count).
    static func divide(
        _ sums: Span<Int64>, by divisor: Double, into quotients: inout MutableSpan<Float>,
        vectors: Bool = vectors_are_fast()
    ) {
        precondition(quotients.count == sums.count)
        if vectors {
            sums.withUnsafeBufferPointer { from in
                quotients.withUnsafeMutableBufferPointer { to in
                    vectors_divide_steps(from.baseAddress, from.count, divisor, to.baseAddress)
                }
            }
            return
        }
        for i in 0..<sums.count { quotients[unchecked: i] = Float(Double(sums[unchecked: i]) / divisor) }
    }

    /// Divides sums and leaves the quotients, as Floats, in the first half of their memory. O(count).
    /// - Parameters:
    ///   - bytes: the memory of the sums, 8 bytes each.
    ///   - divisor: what they are divided by.
    static func divideInPlace(_ bytes: UnsafeMutableRawBufferPointer, by divisor: Double) {
        let count = bytes.count / 8
        withUnsafeTemporaryAllocation(of: Float.self, capacity: blockLength) { scratch in
            for start in stride(from: 0, to: count, by: blockLength) {
                let block = start..<min(start + blockLength, count)
                // A block is read before the quotients, which end no later than it does, are written.
                let sums = UnsafeRawBufferPointer(rebasing: bytes[8 * block.lowerBound..<8 * block.upperBound])
                sums.withMemoryRebound(to: Int64.self) { sums in
                    var quotients = scratch.extracting(..<block.count).mutableSpan
                    divide(sums.span, by: divisor, into: &quotients)
                }
                UnsafeMutableRawBufferPointer(rebasing: bytes[4 * block.lowerBound..<4 * block.upperBound])
                    .copyMemory(from: UnsafeRawBufferPointer(scratch.extracting(..<block.count)))
            }
        }
    }

    /// The bit pattern of the largest absolute value; 0 without values. O(count).
    ///
    /// Magnitudes are compared as integers, which IEEE 754's formats allow: it vectorises, and NaN is larger than
    /// infinity, which is larger than every number.
    static func largestMagnitudeBits(_ values: Span<Float>, vectors: Bool = vectors_are_fast()) -> UInt32 {
        if vectors {
            return values.withUnsafeBufferPointer { vectors_largest_magnitude($0.baseAddress, $0.count) }
        }
        var largest: Int32 = 0
        for i in 0..<values.count {
            largest = max(largest, Int32(bitPattern: values[unchecked: i].bitPattern & 0x7FFF_FFFF))
        }
        return UInt32(bitPattern: largest)
    }
}
