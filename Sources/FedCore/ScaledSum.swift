/// A sum of terms whose sizes are unknown and far apart, Σ weight · 2ᵉ · values with an exponent e for each term, whose
/// bits do not depend on order or grouping.
///
/// It is for ratios of sums, such as q-FedAvg's ΣΔₖ/Σhₖ, whose terms are powers of a loss and may lie outside the
/// range of Float and of any one fixed-point step. The result is known up to a power of two: only ratios of its
/// elements have a meaning.
///
/// Every block of elements (a vector, a number) has *levels*, 16 binary places apart, each a fixed-point sum. A term
/// adds to the level that its largest element falls on, which is a property of the term alone, rounded once to 2⁻²⁶ of
/// the level's lower end: finer than Float. The four highest levels are kept, so what is lost is below 2⁻⁴⁸ of the
/// largest term, and which these are depends on the set of terms alone.
///
/// The idea of sums in bins that are given by the exponent is that of J. Demmel and H. D. Nguyen, *Parallel
/// Reproducible Summation*, IEEE Transactions on Computers 64(7), 2015.
public struct ScaledSum: Sendable {
    /// Number of terms that there is room for: each is below 2⁴² steps of its level, and 2²⁰ of them below 2⁶².
    public static let largestCount = 1 << 20

    /// The consecutive levels of a block that terms fell on: from `top` downward.
    public struct Levels: Sendable, Equatable {
        /// Index of the highest level; its lower end is 2^(16 · top).
        public var top: Int
        /// Number of levels, 0 … 4; 0 when no term that is not zero was added.
        public var count: Int

        /// The levels of an empty block.
        public static let none = Levels(top: 0, count: 0)
        /// Most levels that a block keeps.
        public static let largestCount = 4

        /// Describes `count` levels from `top` downward.
        public init(top: Int, count: Int) {
            self.top = top
            self.count = count
        }
    }

    private struct Block: Sendable {
        /// Its elements among those of all blocks.
        let range: Range<Int>
        /// Index of the highest level so far; nil at first.
        var top: Int?
        /// The fixed-point sums of each level that a term fell on, in steps of 2^(16 · level − 26).
        var sums: [Int: [Int64]] = [:]
    }

    /// Binary places between the lower ends of two levels.
    private static let levelBits = 16
    /// Binary places below a level's lower end.
    private static let places = 26

    /// Number of elements of all blocks together.
    public let count: Int
    private var blocks: [Block] = []
    /// Arrays of levels that were dropped, to be used again.
    private var spare: [[Int64]] = []

    /// Makes an empty sum.
    /// - Parameter blocks: lengths of the blocks, in their order.
    public init(blocks lengths: [Int]) {
        var end = 0
        for length in lengths {
            blocks.append(Block(range: end..<end + length))
            end += length
        }
        count = end
    }

    /// Empties the sum, keeping its memory.
    public mutating func reset() {
        for index in blocks.indices {
            spare += blocks[index].sums.values
            (blocks[index].top, blocks[index].sums) = (nil, [:])
        }
    }

    /// Adds `weight · 2^exponent · values`. O(count), two passes. A weight of 0 adds nothing.
    /// - Precondition: all values and the weight are finite; `values` has `count` elements.
    public mutating func add(_ values: Span<Float>, exponent: Int, weight: Double) {
        precondition(values.count == count)
        guard weight > 0 else { return }
        for index in blocks.indices {
            let part = values.extracting(blocks[index].range)
            let largest = FixedPoint.largestMagnitudeBits(part)
            let magnitude = Double(Float(bitPattern: largest)) * weight
            guard magnitude > 0 else { continue }
            let level = Self.floorDivide(Int(magnitude.exponent) + exponent, by: Self.levelBits)
            let shift = exponent - level * Self.levelBits + Self.places
            let factor = Double(sign: .plus, exponent: shift, significand: weight)
            withLevel(level, of: index) { FixedPoint.add(part, times: factor, largest: largest, to: &$0) }
        }
    }

    // MARK: Partial sums

    /// The levels of each block, from its highest to its lowest that a term fell on.
    public var levels: [Levels] {
        blocks.map { block in
            guard let top = block.top, let bottom = block.sums.keys.min() else { return .none }
            return Levels(top: top, count: top - bottom + 1)
        }
    }

    /// The levels of a sum that is made of two sums with these levels: from the higher top downward, at most four.
    /// Associative and commutative, so ranks agree on it by one reduction.
    public static func union(_ first: Levels, _ second: Levels) -> Levels {
        guard first.count > 0 else { return second }
        guard second.count > 0 else { return first }
        let top = max(first.top, second.top)
        let bottom = min(first.top - first.count, second.top - second.count)
        return Levels(top: top, count: min(top - bottom, Levels.largestCount))
    }

    /// Writes the fixed-point sums of some levels, block by block, the highest level first; zeros for a level that no
    /// term fell on. Words that were written with equal levels can be added element by element.
    /// - Parameters:
    ///   - levels: the union of this sum's levels and those of the others, one for each block. What lies below is left
    ///     out, as it would have been in one sum of all terms.
    ///   - start: which of the `Σ length × levels` words over the blocks is written first.
    ///   - words: receives as many of them as it is long.
    public func write(_ levels: [Levels], from start: Int = 0, to words: inout MutableSpan<Int64>) {
        for (index, level, stretch, place) in stretches(levels, start..<start + words.count) {
            let sums = blocks[index].sums[level] ?? []
            for i in 0..<stretch.count {
                words[unchecked: place + i] = sums.isEmpty ? 0 : sums[stretch.lowerBound + i]
            }
        }
    }

    /// Adds words that `write` wrote with these levels, beginning with word `start`. O(words).
    public mutating func add(_ words: Span<Int64>, from start: Int = 0, levels: [Levels]) {
        for (index, level, stretch, place) in stretches(levels, start..<start + words.count) {
            let part = words.extracting(place..<place + stretch.count)
            withLevel(level, of: index) { sums in
                var range = sums.part(stretch)
                FixedPoint.add(part, to: &range)
            }
        }
    }

    /// The stretches of a range of words that are of one level each.
    /// - Returns: block, level, which of its elements, and where the first of them lies in the range.
    private func stretches(
        _ levels: [Levels], _ range: Range<Int>
    ) -> [(block: Int, level: Int, elements: Range<Int>, place: Int)] {
        precondition(levels.count == blocks.count)
        var found: [(block: Int, level: Int, elements: Range<Int>, place: Int)] = []
        var place = 0
        for (index, levels) in levels.enumerated() {
            let length = blocks[index].range.count
            for level in stride(from: levels.top, to: levels.top - levels.count, by: -1) {
                let part = range.clamped(to: place..<place + length)
                if !part.isEmpty {
                    let elements = part.lowerBound - place..<part.upperBound - place
                    found.append((index, level, elements, part.lowerBound - range.lowerBound))
                }
                place += length
            }
        }
        return found
    }

    // MARK: Result

    /// Writes the sum divided by a weight and by a power of two.
    ///
    /// The power is that of the highest level of all blocks, one for all elements, so ratios between blocks are kept
    /// and the largest element is well within Float's range.
    /// - Parameters:
    ///   - weight: Σ weight of the terms.
    ///   - result: `[count]`.
    /// - Complexity: O(count · levels), one temporary array of Doubles for each block.
    public func write(dividedBy weight: Double, into result: inout MutableSpan<Float>) {
        precondition(result.count == count)
        let top = blocks.compactMap(\.top).max() ?? 0
        for block in blocks {
            var sums = [Double](repeating: 0, count: block.range.count)
            // From the lowest level: the small ones first.
            for (level, steps) in block.sums.sorted(by: { $0.key < $1.key }) {
                // Far below the top it is 0.
                let unit = Double(
                    sign: .plus, exponent: (level - top) * Self.levelBits - Self.places, significand: 1)
                for i in sums.indices { sums[i] += Double(steps[i]) * unit }
            }
            for (i, sum) in zip(block.range, sums) { result[unchecked: i] = Float(sum / weight) }
        }
    }

    /// Gives a level's sums to `body`, unless it is so far below the highest that it does not count.
    private mutating func withLevel(_ level: Int, of index: Int, _ body: (inout MutableSpan<Int64>) -> Void) {
        let top = max(level, blocks[index].top ?? level)
        blocks[index].top = top
        for key in blocks[index].sums.keys where key <= top - Levels.largestCount {
            if let dropped = blocks[index].sums.removeValue(forKey: key) { spare.append(dropped) }
        }
        guard level > top - Levels.largestCount else { return }
        var sums = blocks[index].sums.removeValue(forKey: level) ?? zeros(blocks[index].range.count)
        var span = sums.mutableSpan
        body(&span)
        blocks[index].sums[level] = sums
    }

    /// An array of zeros, from the spare ones if one has the length.
    private mutating func zeros(_ count: Int) -> [Int64] {
        guard let place = spare.firstIndex(where: { $0.count == count }) else {
            return [Int64](repeating: 0, count: count)
        }
        var sums = spare.remove(at: place)
        for i in sums.indices { sums[i] = 0 }
        return sums
    }

    /// The quotient rounded down, where Swift's `/` rounds to zero: the levels around 0 are of equal width, too.
    private static func floorDivide(_ value: Int, by divisor: Int) -> Int {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }
}
