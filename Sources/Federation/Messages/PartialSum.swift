import FedCore

/// An `UpdateSum` as it crosses: its integers, then the weight in steps of 2⁻²⁰, then the sum of all these words modulo
/// 2⁶⁴. All are Int64, and the sum of such vectors, of equal levels, is such a vector: the last word is a checksum that
/// survives `MPI_SUM`, where a CRC would not (docs/WIRE.md, *Partial sums*).
///
/// It is written and read in pieces, from the first word to the last, so that neither side needs memory for all of it.
/// A value of this type is one such pass: it keeps count of the words, and of their sum.
package struct PartialSum {
    /// Steps of the weight's fixed point, 2²⁰ for each unit.
    static let steps = 0x1p20

    /// Words of a piece of a reduction: 4 MiB, much more than what it costs to begin one, and little beside a large
    /// model.
    static let pieceWords = (4 << 20) / 8

    /// The union of all ranks' levels, by which the words are laid out.
    let levels: [ScaledSum.Levels]
    /// The places of the numbers that the words are of, ascending; nil for all.
    let places: [Int]?
    /// Number of words, weight and checksum included.
    let wordCount: Int
    /// Words that have passed.
    private(set) var passed = 0
    /// Sum modulo 2⁶⁴ of those that have passed, without the last one.
    private var checksum: Int64 = 0
    /// The last two words, once they have passed.
    private var ending: (weight: Int64, checksum: Int64) = (0, 0)

    /// Begins a pass.
    /// - Parameters:
    ///   - shape: the blocks of the updates.
    ///   - levels: the union of all ranks' levels; empty where no block is scaled.
    ///   - places: where updates can be other than zero, ascending, if that is known; only where no block is scaled.
    init(_ shape: UpdateShape, _ levels: [ScaledSum.Levels], at places: [Int]? = nil) {
        self.levels = levels
        self.places = places
        wordCount = (places?.count ?? shape.wordCount(levels)) + 2
    }

    /// Writes the next words of a sum. O(words).
    /// - Parameters:
    ///   - sum: the sum, whose levels are among those of all ranks; the same in each call.
    ///   - words: the place of the words: as many as are left, or fewer.
    mutating func write(_ sum: UpdateSum, to words: inout MutableSpan<Int64>) {
        let totals = totalsCount(words.count, from: passed)
        var part = words.part(0..<totals)
        if let places {
            sum.write(places[passed..<passed + totals], to: &part)
        } else {
            sum.write(levels, from: passed, to: &part)
        }
        var written = totals
        if written < words.count, passed + written == wordCount - 2 {
            words[written] = Int64(sum.weight * Self.steps)
            written += 1
        }
        note(words.span.extracting(..<written))
        guard written < words.count else { return }
        words[written] = checksum
        note(words.span.extracting(written...))
    }

    /// Adds words to another sum, all but weight and checksum. O(words).
    /// - Parameters:
    ///   - words: what has come.
    ///   - start: which of all words is the first of these.
    ///   - sum: the sum that they are added to.
    func add(_ words: Span<Int64>, from start: Int, to sum: inout UpdateSum) {
        let totals = words.extracting(0..<totalsCount(words.count, from: start))
        if let places {
            sum.add(piece: totals, at: places[start..<start + totals.count])
        } else {
            sum.add(piece: totals, from: start, levels: levels)
        }
    }

    /// Counts the next words that have come: as many as are left, or fewer. O(words).
    mutating func note(_ words: Span<Int64>) {
        precondition(passed + words.count <= wordCount, "more words than a partial sum has")
        for i in max(0, wordCount - 2 - passed)..<max(words.count, wordCount - 2 - passed) {
            if passed + i == wordCount - 2 { ending.weight = words[i] } else { ending.checksum = words[i] }
        }
        for i in 0..<min(words.count, wordCount - 1 - passed) { checksum &+= words[unchecked: i] }
        passed += words.count
    }

    /// Whether all words have passed, and the last is the sum of those before it.
    var isSound: Bool { passed == wordCount && checksum == ending.checksum }

    /// The weight that the words hold, Σ wᵢ of their updates; known when all have passed.
    var weight: Double { Double(ending.weight) / Self.steps }

    /// How many of `count` words are the sum's own.
    private func totalsCount(_ count: Int, from start: Int) -> Int { max(0, min(count, wordCount - 2 - start)) }
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
