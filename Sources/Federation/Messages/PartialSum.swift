import FedCore

/// An `UpdateSum` as it crosses: its integers, then the weight in steps of 2⁻²⁰, then the sum of all these words modulo
/// 2⁶⁴. All are Int64, and the sum of such vectors, of equal levels, is such a vector: the last word is a checksum that
/// survives `MPI_SUM`, where a CRC would not (docs/WIRE.md, *Partial sums*).
enum PartialSum {
    /// Steps of the weight's fixed point, 2²⁰ for each unit.
    private static let steps = 0x1p20

    /// Number of words of a sum with these levels.
    static func words(_ shape: UpdateShape, _ levels: [ScaledSum.Levels]) -> Int { shape.wordCount(levels) + 2 }

    /// Writes a sum. O(words).
    /// - Parameters:
    ///   - sum: the sum.
    ///   - levels: a union that the sum's own levels are part of; the same on every rank.
    ///   - words: `[words(shape, levels)]`.
    static func write(_ sum: UpdateSum, _ levels: [ScaledSum.Levels], to words: inout MutableSpan<Int64>) {
        let count = words.count - 2
        var totals = words.part(0..<count)
        sum.write(levels, to: &totals)
        words[count] = Int64(sum.weight * steps)
        let sum = checksum(words.span.extracting(0..<count + 1))
        words[count + 1] = sum
    }

    /// Whether the last word is the sum of those before it. O(words).
    static func isSound(_ words: Span<Int64>) -> Bool {
        checksum(words.extracting(0..<words.count - 1)) == words[words.count - 1]
    }

    /// The weight that a vector holds, Σ wᵢ of its updates.
    static func weight(_ words: Span<Int64>) -> Double { Double(words[words.count - 2]) / steps }

    /// The sum of words modulo 2⁶⁴.
    private static func checksum(_ words: Span<Int64>) -> Int64 {
        var checksum: Int64 = 0
        for i in 0..<words.count { checksum &+= words[unchecked: i] }
        return checksum
    }
}

/// Levels as they cross: two words for each scaled block, the highest level and the number of levels less the highest,
/// so that the ranks' maximum of each (`MPI_MAX`) is the union.
enum LevelWords {
    /// Both words of a block in which nothing came: small enough to lose against any level.
    private static let none = Int64.min / 2

    /// Number of words.
    static func count(_ shape: UpdateShape) -> Int { 2 * shape.scaled.count }

    /// Writes the levels of each block.
    /// - Parameter words: `[count(shape)]`.
    static func write(_ levels: [ScaledSum.Levels], to words: inout MutableSpan<Int64>) {
        for (block, levels) in levels.enumerated() {
            words[2 * block] = levels.count > 0 ? Int64(levels.top) : none
            words[2 * block + 1] = levels.count > 0 ? Int64(levels.count - levels.top) : none
        }
    }

    /// Reads the union of all ranks' levels, at most as many for each block as count.
    /// - Returns: nil when these are no levels that can be.
    static func read(_ words: Span<Int64>) -> [ScaledSum.Levels]? {
        var levels: [ScaledSum.Levels] = []
        for block in 0..<words.count / 2 {
            let (top, below) = (words[2 * block], words[2 * block + 1])
            if top == none, below == none {
                levels.append(.none)
                continue
            }
            guard abs(top) < 1 << 24, abs(below) < 1 << 25, top + below > 0 else { return nil }
            levels.append(.init(top: Int(top), count: min(Int(top + below), ScaledSum.Levels.largestCount)))
        }
        return levels
    }
}
