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
        try round(values, limit, weight, &random, &elements)
    }

    /// The same for rings of 33 … 64 bits.
    public func round(
        _ values: Span<Float>, limit: Float, weight: Int, random: inout RandomStream,
        into elements: inout MutableSpan<Int64>
    ) throws(SecureAggregationError) {
        precondition(!isNarrow, "elements of \(bits) bits in words of 64")
        try round(values, limit, weight, &random, &elements)
    }

    @inline(__always)
    private func round<Word: FixedWidthInteger>(
        _ values: Span<Float>, _ limit: Float, _ weight: Int, _ random: inout RandomStream,
        _ elements: inout MutableSpan<Word>
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
}
