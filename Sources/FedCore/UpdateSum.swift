/// What a client sends, as it is to be summed: blocks of floats that a power of two belongs to, plain floats, and the
/// exponent of that power. Nearly every strategy has plain floats only.
public struct UpdateShape: Sendable, Equatable {
    /// The lengths of the blocks that the client's power of two belongs to; empty: there is none.
    public var scaled: [Int]
    public var plain: Int

    /// - Parameters:
    ///   - scaled: lengths of blocks; each is summed with a precision of its own.
    ///   - plain: floats behind them.
    public init(scaled: [Int] = [], plain: Int) {
        self.scaled = scaled
        self.plain = plain
    }

    public var isScaled: Bool { !scaled.isEmpty }
    /// Floats in the blocks.
    public var scaledCount: Int { scaled.reduce(0, +) }
    /// Floats that are averaged.
    public var averaged: Int { scaledCount + plain }
    /// Floats that are sent; the last is the exponent, if there is one.
    public var sent: Int { averaged + (isScaled ? 1 : 0) }

    /// The integers of a partial sum with these levels of each scaled block.
    public func wordCount(_ levels: [ScaledSum.Levels]) -> Int { scaledWordCount(levels) + plain }

    func scaledWordCount(_ levels: [ScaledSum.Levels]) -> Int {
        zip(scaled, levels).reduce(0) { $0 + $1.0 * $1.1.count }
    }

    /// The exponent in an update; 0 without.
    /// - Throws: `Refusal` when it is not a whole number below 2²⁴.
    public func exponent(of update: Span<Float>) throws(ExactSum.Refusal) -> Int {
        guard isScaled else { return 0 }
        guard let exponent = Int(exactly: update[averaged]), abs(exponent) < 1 << 24 else {
            throw .badExponent(update[averaged])
        }
        return exponent
    }
}

/// The weighted mean of updates, whatever they are scaled by: the same bits for any order and grouping.
public struct UpdateSum: Sendable {
    public let shape: UpdateShape
    private var plain: ExactSum
    private var scaled: ScaledSum

    /// An empty sum.
    /// - Parameter totalWeight: the most that Σ weight can come to.
    public init(_ shape: UpdateShape, totalWeight: Double) {
        self.shape = shape
        plain = ExactSum(count: shape.plain, totalWeight: totalWeight)
        scaled = ScaledSum(blocks: shape.scaled)
    }

    /// Σ weight.
    public var weight: Double { plain.weight }

    /// Back to the empty sum, keeping the memory.
    public mutating func reset() {
        plain.reset()
        scaled.reset()
    }

    /// Adds an update. O(floats).
    ///
    /// - Throws: `Refusal`, a matter of this update alone; the sum is then as it was before.
    public mutating func add(_ update: Span<Float>, weight: Double) throws(ExactSum.Refusal) {
        guard update.count == shape.sent else { throw .wrongLength(expected: shape.sent, actual: update.count) }
        guard shape.isScaled else { return try plain.add(update, weight: weight) }
        let blocks = update.extracting(0..<shape.scaledCount)
        if let index = blocks.firstNonFinite { throw .notFinite(index: index) }
        let exponent = try shape.exponent(of: update)
        let counted = try ExactSum.rounded(weight)
        try plain.add(update.extracting(shape.scaledCount..<shape.averaged), weight: weight)
        scaled.add(blocks, exponent: exponent, weight: counted)
    }

    /// Writes the mean, the scaled part of it times a power of two. O(floats).
    ///
    /// - Precondition: some update had a positive weight.
    public func mean(into result: inout MutableSpan<Float>) {
        precondition(result.count == shape.averaged, "the mean has \(shape.averaged) elements")
        guard shape.isScaled else { return plain.mean(into: &result) }
        var blocks = result.part(0..<shape.scaledCount)
        scaled.write(dividedBy: weight, into: &blocks)
        var rest = result.part(shape.scaledCount...)
        plain.mean(into: &rest)
    }

    // MARK: Partial sums

    /// Levels of each scaled block.
    public var levels: [ScaledSum.Levels] { scaled.levels }

    /// Writes the sum as integers. Sums of such words, of equal levels, are such words.
    /// - Parameter levels: a union that this sum's own are part of.
    public func write(_ levels: [ScaledSum.Levels], to words: inout MutableSpan<Int64>) {
        let count = shape.scaledWordCount(levels)
        var blocks = words.part(0..<count)
        scaled.write(levels, to: &blocks)
        let totals = plain.total.span
        for i in 0..<totals.count { words[unchecked: count + i] = totals[unchecked: i] }
    }

    /// Adds a partial sum that crossed between ranks.
    ///
    /// - Throws: `Refusal`; the sum is then as it was before.
    public mutating func add(
        partial words: Span<Int64>, levels: [ScaledSum.Levels], weight: Double
    ) throws(ExactSum.Refusal) {
        let count = shape.scaledWordCount(levels)
        guard words.count == count + shape.plain else {
            throw .wrongLength(expected: count + shape.plain, actual: words.count)
        }
        try plain.add(partial: words.extracting(count...), weight: weight)
        scaled.add(words.extracting(0..<count), levels: levels)
    }
}
