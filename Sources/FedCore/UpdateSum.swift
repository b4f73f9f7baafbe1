/// The blocks of a client's message, as they are summed: scaled blocks, plain floats, and an exponent.
///
/// ```
/// | scaled block 0 | scaled block 1 | … | plain floats | exponent |     the exponent only if there are scaled blocks
/// ```
///
/// Nearly every strategy has plain floats only; see ``StrategyTraffic/isScaled``.
public struct UpdateShape: Sendable, Equatable {
    /// Lengths of the blocks that the client's power of two belongs to; empty when the strategy does not scale.
    public var scaled: [Int]
    /// Number of plain floats behind the scaled blocks.
    public var plain: Int

    /// Describes a message.
    /// - Parameters:
    ///   - scaled: lengths of the scaled blocks; each is summed with a precision of its own, so a large vector does
    ///     not cost a small number its digits.
    ///   - plain: number of floats behind them.
    public init(scaled: [Int] = [], plain: Int) {
        self.scaled = scaled
        self.plain = plain
    }

    /// Whether messages carry an exponent.
    public var isScaled: Bool { !scaled.isEmpty }
    /// Floats in the scaled blocks.
    public var scaledCount: Int { scaled.reduce(0, +) }
    /// Floats that are averaged: the length of a mean.
    public var averaged: Int { scaledCount + plain }
    /// Floats that are sent; the last is the exponent, if there is one.
    public var sent: Int { averaged + (isScaled ? 1 : 0) }

    /// Number of 64-bit integers in a partial sum.
    /// - Parameter levels: the levels of each scaled block that are sent; empty without scaled blocks.
    public func wordCount(_ levels: [ScaledSum.Levels]) -> Int { scaledWordCount(levels) + plain }

    /// Number of those integers that belong to the scaled blocks; they come first.
    func scaledWordCount(_ levels: [ScaledSum.Levels]) -> Int {
        zip(scaled, levels).reduce(0) { $0 + $1.0 * $1.1.count }
    }

    /// The exponent of an update's power of two; 0 without scaled blocks.
    /// - Parameter update: `[sent]`.
    /// - Throws: ``ExactSum/Refusal/badExponent(_:)`` when it is not a whole number below 2²⁴ in size, the range in
    ///   which Float holds every whole number.
    public func exponent(of update: Span<Float>) throws(ExactSum.Refusal) -> Int {
        guard isScaled else { return 0 }
        guard let exponent = Int(exactly: update[averaged]), abs(exponent) < 1 << 24 else {
            throw .badExponent(update[averaged])
        }
        return exponent
    }
}

/// The weighted mean of updates of one shape: an ``ExactSum`` of their plain floats and a ``ScaledSum`` of their scaled
/// blocks. It has the same bits for any order and grouping of the updates.
///
/// The server adds whole updates; with the `reduce` wire each rank adds its own clients' updates, and MPI adds the
/// integers of the ranks' partial sums, to the same bits. Memory: 8 bytes for each plain float, up to 32 for each
/// scaled one.
public struct UpdateSum: Sendable {
    /// The blocks of every update that is added.
    public let shape: UpdateShape
    private var plain: ExactSum
    private var scaled: ScaledSum

    /// Makes an empty sum.
    /// - Parameters:
    ///   - shape: the blocks of the updates.
    ///   - totalWeight: upper bound of Σ weight, above 0 and below 2³²; it fixes the precision (``ExactSum``).
    public init(_ shape: UpdateShape, totalWeight: Double) {
        self.shape = shape
        plain = ExactSum(count: shape.plain, totalWeight: totalWeight)
        scaled = ScaledSum(blocks: shape.scaled)
    }

    /// Steps of the fixed point of plain floats that make 1, a power of two.
    public var stepsPerUnit: Double { plain.scale }

    /// Σ weight of the updates that were added.
    public var weight: Double { plain.weight }

    /// Empties the sum, keeping its memory for the next round.
    public mutating func reset() {
        plain.reset()
        scaled.reset()
    }

    /// Adds an update.
    /// - Parameters:
    ///   - update: `[shape.sent]`.
    ///   - weight: weight in the mean, ≥ 0.
    /// - Throws: ``ExactSum/Refusal``, which depends on this update alone; the sum is then as it was before.
    /// - Complexity: O(floats): one pass over plain floats, two over scaled ones.
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

    /// Adds another sum of the same shape and the same bound of weights. O(floats).
    /// - Throws: ``ExactSum/Refusal/badWeight(_:)`` when both together are above the bound; the sum is then as it was.
    public mutating func add(_ other: UpdateSum) throws(ExactSum.Refusal) {
        precondition(other.shape == shape, "sums of different shapes")
        try add(weight: other.weight)
        let levels = other.levels
        var blocks = [Int64](repeating: 0, count: shape.scaledWordCount(levels))
        var words = blocks.mutableSpan
        other.scaled.write(levels, from: 0, to: &words)
        scaled.add(words.span, from: 0, levels: levels)
        plain.add(piece: other.plain.total.span, at: 0)
    }

    /// Refuses an update that ``add(_:weight:)`` would refuse for its values, without adding it. O(floats).
    /// - Precondition: the shape has no scaled blocks.
    /// - Throws: ``ExactSum/Refusal``.
    public func check(_ update: Span<Float>) throws(ExactSum.Refusal) {
        precondition(!shape.isScaled, "scaled updates are checked when they are added")
        try plain.check(update)
    }

    /// Writes the mean. Its scaled part is multiplied by one power of two for all blocks, which is not told: see
    /// ``ScaledSum/write(dividedBy:into:)``. O(floats).
    ///
    /// - Parameter result: `[shape.averaged]`.
    /// - Precondition: some update had a positive weight.
    public func mean(into result: inout MutableSpan<Float>) {
        precondition(result.count == shape.averaged, "the mean has \(shape.averaged) elements")
        guard shape.isScaled else { return plain.mean(into: &result) }
        var blocks = result.part(0..<shape.scaledCount)
        scaled.write(dividedBy: weight, into: &blocks)
        var rest = result.part(shape.scaledCount...)
        plain.mean(into: &rest)
    }

    /// Gives the mean to `body`, where it can in the sum's own memory. What the sum held is lost: ``reset()`` comes
    /// next.
    ///
    /// - Parameters:
    ///   - weight: what plain floats are divided by in the place of the weight that the sum has; nil: that.
    ///   - body: called once with the mean, `[shape.averaged]`.
    /// - Precondition: some update had a positive weight.
    public mutating func withMeanInPlace<R>(
        dividedBy weight: Double? = nil, _ body: (inout MutableSpan<Float>) -> R
    ) -> R {
        guard shape.isScaled else { return plain.withMeanInPlace(dividedBy: weight, body) }
        var mean = [Float](repeating: 0, count: shape.averaged)
        var span = mean.mutableSpan
        self.mean(into: &span)
        return body(&span)
    }

    // MARK: Partial sums

    /// The levels of each scaled block that the updates so far fell on; empty without scaled blocks.
    public var levels: [ScaledSum.Levels] { scaled.levels }

    /// Writes the sum as integers, so that ranks can exchange it. The element-wise sum of the words of several ranks,
    /// all written with the same levels, is the words of the sum of all their updates: `MPI_SUM` is enough.
    /// - Parameters:
    ///   - levels: the union of the levels of all ranks (``ScaledSum/union(_:_:)``).
    ///   - start: which of the `shape.wordCount(levels)` words is written first.
    ///   - words: receives as many of them as it is long.
    public func write(_ levels: [ScaledSum.Levels], from start: Int = 0, to words: inout MutableSpan<Int64>) {
        let count = shape.scaledWordCount(levels)
        let blockWords = min(words.count, max(0, count - start))
        var blocks = words.part(0..<blockWords)
        scaled.write(levels, from: start, to: &blocks)
        let totals = plain.total.span.extracting(max(0, start - count)...)
        for i in 0..<words.count - blockWords { words[blockWords + i] = totals[i] }
    }

    /// Adds a partial sum that was sent by another rank.
    /// - Parameters:
    ///   - words: integers that `write` made, or an element-wise sum of such.
    ///   - levels: the levels with which they were written.
    ///   - weight: Σ weight of the updates in them.
    /// - Throws: ``ExactSum/Refusal`` for a wrong length or weight; the sum is then as it was before.
    public mutating func add(
        partial words: Span<Int64>, levels: [ScaledSum.Levels], weight: Double
    ) throws(ExactSum.Refusal) {
        let count = shape.scaledWordCount(levels)
        guard words.count == count + shape.plain else {
            throw .wrongLength(expected: count + shape.plain, actual: words.count)
        }
        try add(weight: weight)
        add(piece: words, from: 0, levels: levels)
    }

    /// Adds some of the words of a partial sum, whose weight comes by itself. O(words).
    /// - Parameters:
    ///   - words: integers that `write` made, or an element-wise sum of such.
    ///   - start: which of them is the first.
    ///   - levels: the levels with which they were written.
    public mutating func add(piece words: Span<Int64>, from start: Int, levels: [ScaledSum.Levels]) {
        let count = shape.scaledWordCount(levels)
        let blockWords = min(words.count, max(0, count - start))
        scaled.add(words.extracting(0..<blockWords), from: start, levels: levels)
        plain.add(piece: words.extracting(blockWords...), at: max(0, start - count))
    }

    /// Writes the sum of some plain floats as integers, where updates have no scaled blocks. O(places).
    /// - Parameters:
    ///   - places: which of the floats.
    ///   - words: `[places.count]`.
    public func write(_ places: ArraySlice<Int>, to words: inout MutableSpan<Int64>) {
        precondition(!shape.isScaled && words.count == places.count)
        for (i, place) in places.enumerated() { words[i] = plain.total[place] }
    }

    /// Adds what ``write(_:to:)-(ArraySlice<Int>,_)`` wrote, whose weight comes by itself. O(places).
    public mutating func add(piece words: Span<Int64>, at places: ArraySlice<Int>) {
        precondition(!shape.isScaled && words.count == places.count)
        plain.add(piece: words, at: places)
    }

    /// Adds the weight of a partial sum that came in pieces.
    /// - Throws: ``ExactSum/Refusal/badWeight(_:)``; the weight is then as it was before.
    public mutating func add(weight: Double) throws(ExactSum.Refusal) { try plain.add(weight: weight) }
}
