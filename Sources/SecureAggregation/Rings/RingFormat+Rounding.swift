import CVectors
public import FedCore

extension RingFormat {
    /// Rounds values to whole steps of `limit` / ``largestStep``, up or down at random such that the mean is the value, and multiplies them
    /// by a weight. The value 0 stays 0. O(count).
    ///
    /// A sum of such terms, times `limit` / ``largestStep``, is the weighted sum of the values without bias, with a variance below
    /// ¼ step² for each term of weight 1.
    ///
    /// - Parameters:
    ///   - values: `[count]`; those past ±`limit` are taken to be it, as clipping does.
    ///   - limit: above 0.
    ///   - weight: 1 … 2ʷ.
    ///   - random: 32 bits of it are drawn for each value.
    ///   - elements: `[count]`, overwritten with elements of the ring.
    /// - Throws: ``SecureAggregationError/badWeight(_:most:)``, ``SecureAggregationError/notFinite(index:)``; the elements are then
    ///   undefined.
    /// - Precondition: the ring is one of rounded values, not ``exact``.
    public func round(
        _ values: Span<Float>, limit: Float, weight: Int, random: inout RandomStream,
        into elements: inout MutableSpan<UInt32>
    ) throws(SecureAggregationError) {
        precondition(isNarrow, "elements of \(bits) bits in words of 32")
        try round(values, limit, weight, &random, &elements, vectors: vectors_are_fast())
    }

    /// The same for rings of 33 … 64 bits.
    public func round(
        _ values: Span<Float>, limit: Float, weight: Int, random: inout RandomStream,
        into elements: inout MutableSpan<Int64>
    ) throws(SecureAggregationError) {
        precondition(!isNarrow, "elements of \(bits) bits in words of 64")
        try round(values, limit, weight, &random, &elements)
    }

    /// Rounds to words of either size.
    /// - Parameter vectors: whether the processor's vector instructions are used for words of 32 bits; the elements are the same.
    @inline(__always)
    func round<Word: FixedWidthInteger & BitwiseCopyable>(
        _ values: Span<Float>, _ limit: Float, _ weight: Int, _ random: inout RandomStream,
        _ elements: inout MutableSpan<Word>, vectors: Bool = false
    ) throws(SecureAggregationError) {
        precondition(valueBits < 64 && limit > 0 && limit.isFinite, "values within ±\(limit)")
        guard values.count == elements.count else {
            throw .wrongVector(expected: elements.count, actual: values.count)
        }
        guard weight >= 1, weight <= 1 << weightBits else { throw .badWeight(weight, most: 1 << weightBits) }
        let largest = Double(largestStep)
        let factor = largest / Double(limit)
        // Many words at a time are drawn several times as fast as one.
        var words = [UInt32](repeating: 0, count: min(values.count, 1024))
        for start in stride(from: 0, to: values.count, by: 1024) {
            let count = min(1024, values.count - start)
            var span = words.mutableSpan
            var part = span.part(0..<count)
            random.fill(&part)
            if vectors, Word.bitWidth == 32 {
                var target = elements.part(start..<start + count)
                let piece = values.extracting(start..<start + count)
                if Self.roundVectors(piece, part.span, factor, largest, &target) {
                    guard weight > 1 else { continue }
                    for i in 0..<count { target[unchecked: i] &*= Word(truncatingIfNeeded: weight) }
                    continue
                }
                // One is not finite, which is found below.
            }
            for i in 0..<count {
                let value = values[unchecked: start + i]
                guard value.isFinite else { throw .notFinite(index: start + i) }
                let exact = min(max(Double(value) * factor, -largest), largest)
                let below = exact.rounded(.down)
                // 2⁻³² of a step is the resolution of the probability; a whole number has none above it.
                let isUp = Double(part[unchecked: i]) * 0x1p-32 < exact - below
                elements[unchecked: start + i] = Word(
                    truncatingIfNeeded: (Int64(below) + (isUp ? 1 : 0)) * Int64(weight))
            }
        }
    }

    /// Rounds by vector instructions, to the same elements as the loop. O(count).
    /// - Parameters:
    ///   - values: `[count]`.
    ///   - words: `[count]`, random.
    ///   - factor: steps of a value of 1.
    ///   - largest: steps at most.
    ///   - elements: `[count]`.
    /// - Returns: false when a value is not finite.
    private static func roundVectors<Word: BitwiseCopyable>(
        _ values: Span<Float>, _ words: Span<UInt32>, _ factor: Double, _ largest: Double,
        _ elements: inout MutableSpan<Word>
    ) -> Bool {
        values.withUnsafeBufferPointer { values in
            words.withUnsafeBufferPointer { words in
                elements.withUnsafeMutableBytes { elements in
                    vectors_round_steps(
                        values.baseAddress, words.baseAddress, values.count, factor, largest,
                        elements.bindMemory(to: UInt32.self).baseAddress)
                }
            }
        }
    }
}
