import CVectors

/// A fixed sequence of comparisons that sorts any `count` values. Without branches on the values, it sorts the
/// columns of a whole vector at once, in the same time whatever the values are.
///
/// K. E. Batcher, *Sorting Networks and Their Applications*, AFIPS Spring Joint Computer Conference 1968: merge
/// exchange, in the form for any number of values of D. E. Knuth, *The Art of Computer Programming* 3, section
/// 5.2.2, algorithm M. About `count · log₂²(count) / 4` comparisons.
struct SortingNetwork: Sendable {
    /// A comparison that puts the smaller of two values at `low` and the larger at `high`.
    struct Comparator: Sendable {
        let low: Int32
        let high: Int32
    }

    /// Number of values that are sorted.
    let count: Int
    private(set) var comparators: [Comparator] = []
    private let steps: [vectors_step]

    /// Builds a network that puts only some of the sorted values into their places, and leaves out comparisons
    /// that only matter to others: a median needs far fewer than a sort.
    ///
    /// - Parameters:
    ///   - count: number of values, ≥ 0.
    ///   - places: places of the sorted order whose values are wanted, within 0 ..< count.
    /// - Complexity: O(count log² count).
    init(count: Int, places: Range<Int>) {
        self.count = count
        steps = vectors_are_fast() ? Self.steps(count: count, places: places) : []
        var step = 1
        while step < count { step *= 2 }
        let top = step / 2
        var p = top
        while p > 0 {
            var q = top
            var r = 0
            var d = p
            while true {
                for i in 0..<max(count - d, 0) where i & p == r {
                    comparators.append(Comparator(low: Int32(i), high: Int32(i + d)))
                }
                guard q != p else { break }
                d = q - p
                q /= 2
                r = p
            }
            p /= 2
        }
        var isNeeded = (0..<count).map(places.contains)
        var kept: [Comparator] = []
        for comparator in comparators.reversed() {
            let (low, high) = (Int(comparator.low), Int(comparator.high))
            guard isNeeded[low] || isNeeded[high] else { continue }
            isNeeded[low] = true
            isNeeded[high] = true
            kept.append(comparator)
        }
        comparators = kept.reversed()
    }

    /// Sorts each lane of the values `start ..< start + count`.
    ///
    /// - Parameters:
    ///   - values: 16 lanes of values without NaN.
    ///   - start: index of the first vector.
    ///   - vectors: whether to use the loop for AVX2, which gives the same bits.
    @inline(__always)
    func sort(_ values: inout MutableSpan<SIMD16<Float>>, from start: Int, vectors: Bool = vectors_are_fast()) {
        precondition(start >= 0 && start + count <= values.count)
        if vectors {
            return values.withUnsafeMutableBytes { values in
                let first = values.baseAddress?.assumingMemoryBound(to: Float.self)
                vectors_sort(first.map { $0 + 16 * start }, steps, steps.count)
            }
        }
        let comparators = comparators.span
        for i in 0..<comparators.count {
            let low = start + Int(comparators[unchecked: i].low)
            let high = start + Int(comparators[unchecked: i].high)
            let a = values[unchecked: low]
            let b = values[unchecked: high]
            // Not `pointwiseMin` and `pointwiseMax`, which go lane by lane for the sake of NaN: a hundred times slower.
            values[unchecked: low] = a.replacing(with: b, where: b .< a)
            values[unchecked: high] = b.replacing(with: a, where: b .< a)
        }
    }
}
