import FedCore

/// An `UpdateSum` as it crosses: its integers, then the weight in steps of 2⁻²⁰, then the sum of all these words modulo 2⁶⁴.
/// All are Int64, and the sum of such vectors, of equal levels, is such a vector: the last word is a checksum that survives
/// `MPI_SUM`.
enum PartialSum {
    private static let steps = 0x1p20

    static func words(_ shape: UpdateShape, _ levels: [ScaledSum.Levels]) -> Int { shape.wordCount(levels) + 2 }

    /// - Parameter levels: a union that the sum's own are part of.
    static func write(_ sum: UpdateSum, _ levels: [ScaledSum.Levels], to words: inout MutableSpan<Int64>) {
        let count = words.count - 2
        var totals = words.part(0..<count)
        sum.write(levels, to: &totals)
        words[count] = Int64(sum.weight * steps)
        let sum = checksum(words.span.extracting(0..<count + 1))
        words[count + 1] = sum
    }

    /// Whether the checksum is right.
    static func isSound(_ words: Span<Int64>) -> Bool {
        checksum(words.extracting(0..<words.count - 1)) == words[words.count - 1]
    }

    static func weight(_ words: Span<Int64>) -> Double { Double(words[words.count - 2]) / steps }

    private static func checksum(_ words: Span<Int64>) -> Int64 {
        var checksum: Int64 = 0
        for i in 0..<words.count { checksum &+= words[unchecked: i] }
        return checksum
    }
}

/// Levels as they cross: of each scaled block two words, of which the ranks' maximum is the union.
enum LevelWords {
    /// Nothing came.
    private static let none = Int64.min / 2

    static func count(_ shape: UpdateShape) -> Int { 2 * shape.scaled.count }

    static func write(_ levels: [ScaledSum.Levels], to words: inout MutableSpan<Int64>) {
        for (block, levels) in levels.enumerated() {
            words[2 * block] = levels.count > 0 ? Int64(levels.top) : none
            words[2 * block + 1] = levels.count > 0 ? Int64(levels.count - levels.top) : none
        }
    }

    /// - Returns: nil when they are none that can be.
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
