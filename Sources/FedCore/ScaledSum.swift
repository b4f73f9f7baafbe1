/// A sum of terms whose sizes are unknown and far apart, Σ weight · 2ᵉ · values with an exponent e of each term's own, whose
/// bits do not depend on order or grouping. Only ratios of its elements mean something: it is known up to a power of two.
///
/// Every block of elements (a vector, a number) has *levels*, 16 binary places apart, each a fixed-point sum. A term adds to
/// the level that its largest element falls on, which is a property of the term alone, rounded once to 2⁻²⁶ of the level's
/// lower end: finer than Float. The four highest levels are kept, so what is lost is below 2⁻⁴⁸ of the largest term, and
/// which these are depends on the set of terms alone.
public struct ScaledSum: Sendable {
    /// Terms that there is room for.
    public static let largestCount = 1 << 20

    /// The levels of a block that something came to: from `top`, which stands for 2^(16 · top), downward.
    public struct Levels: Sendable, Equatable {
        public var top: Int
        /// 0 to 4; 0: nothing came.
        public var count: Int

        public static let none = Levels(top: 0, count: 0)
        public static let largestCount = 4

        public init(top: Int, count: Int) {
            self.top = top
            self.count = count
        }
    }

    private struct Block: Sendable {
        let range: Range<Int>
        var top: Int?
        var sums: [Int: [Int64]] = [:]
    }

    private static let levelBits = 16
    /// Binary places below a level's lower end.
    private static let places = 26

    /// Elements of all blocks.
    public let count: Int
    private var blocks: [Block] = []
    /// Memory of levels that were dropped.
    private var spare: [[Int64]] = []

    /// An empty sum.
    /// - Parameter blocks: their lengths.
    public init(blocks lengths: [Int]) {
        var end = 0
        for length in lengths {
            blocks.append(Block(range: end..<end + length))
            end += length
        }
        count = end
    }

    /// Back to the empty sum, keeping the memory.
    public mutating func reset() {
        for index in blocks.indices {
            spare += blocks[index].sums.values
            (blocks[index].top, blocks[index].sums) = (nil, [:])
        }
    }

    /// Adds `weight · 2^exponent · values`. O(count), two passes.
    /// - Precondition: all values are finite, and the weight is, too.
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

    /// Levels of each block.
    public var levels: [Levels] {
        blocks.map { block in
            guard let top = block.top, let bottom = block.sums.keys.min() else { return .none }
            return Levels(top: top, count: top - bottom + 1)
        }
    }

    /// The levels that a sum has room for after sums with these levels were added to it. Associative.
    public static func union(_ first: Levels, _ second: Levels) -> Levels {
        guard first.count > 0 else { return second }
        guard second.count > 0 else { return first }
        let top = max(first.top, second.top)
        let bottom = min(first.top - first.count, second.top - second.count)
        return Levels(top: top, count: min(top - bottom, Levels.largestCount))
    }

    /// Writes these levels, block by block and the highest first. Sums of such words, of equal levels, are such words.
    /// - Parameter levels: a union that this sum's own levels are part of.
    public func write(_ levels: [Levels], to words: inout MutableSpan<Int64>) {
        precondition(levels.count == blocks.count)
        var place = 0
        for (block, levels) in zip(blocks, levels) {
            for level in stride(from: levels.top, to: levels.top - levels.count, by: -1) {
                let sums = block.sums[level] ?? []
                for i in 0..<block.range.count { words[unchecked: place + i] = sums.isEmpty ? 0 : sums[i] }
                place += block.range.count
            }
        }
    }

    /// Adds what `write` wrote with these levels.
    public mutating func add(_ words: Span<Int64>, levels: [Levels]) {
        precondition(levels.count == blocks.count)
        var place = 0
        for (index, levels) in levels.enumerated() {
            let length = blocks[index].range.count
            for level in stride(from: levels.top, to: levels.top - levels.count, by: -1) {
                let part = words.extracting(place..<place + length)
                withLevel(level, of: index) { FixedPoint.add(part, to: &$0) }
                place += length
            }
        }
    }

    // MARK: Result

    /// Writes the sum divided by a weight and by a power of two, one for all elements, for which the largest is of the size
    /// of a term. O(count).
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

    private mutating func zeros(_ count: Int) -> [Int64] {
        guard let place = spare.firstIndex(where: { $0.count == count }) else {
            return [Int64](repeating: 0, count: count)
        }
        var sums = spare.remove(at: place)
        for i in sums.indices { sums[i] = 0 }
        return sums
    }

    private static func floorDivide(_ value: Int, by divisor: Int) -> Int {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }
}
