extension UpdateMatrix {
    /// Reduces each column of some rows, sorted by a network, to one number: 16 columns at a time, as vectors.
    /// What the median, the trimmed mean and Bulyan have in common.
    ///
    /// Columns are copied, a few cache lines of each row at once, to a tile in the first-level cache and sorted
    /// there.
    ///
    /// - Parameters:
    ///   - rows: indices of the rows, as many as the network sorts.
    ///   - network: puts the places that `reduce` reads in order.
    ///   - result: receives a number for each column, `[dimension]`.
    ///   - reduce: given the sorted values of 16 columns, `[rows.count]`, returns their 16 results.
    /// - Complexity: O(comparators · dimension / 16) vector operations; memory for one tile.
    func reduceColumns(
        of rows: [Int], sortedBy network: SortingNetwork, into result: inout MutableSpan<Float>,
        _ reduce: (Span<SIMD16<Float>>) -> SIMD16<Float>
    ) {
        precondition(rows.count == network.count)
        let count = rows.count
        let groups = 4
        var tile = [SIMD16<Float>](repeating: .zero, count: groups * count)
        for start in stride(from: 0, to: dimension, by: 16 * groups) {
            let width = min(16 * groups, dimension - start)
            var vectors = tile.mutableSpan
            for (position, index) in rows.enumerated() {
                let row = row(index)
                let elements = row.span
                for group in 0..<(width + 15) / 16 {
                    // −0 becomes 0, so that equal values are equal bits and their order cannot show.
                    vectors[unchecked: group * count + position] = elements.vector(at: start + 16 * group) + 0
                }
            }
            for group in 0..<(width + 15) / 16 {
                network.sort(&vectors, from: group * count)
                let value = reduce(vectors.span.extracting(group * count..<(group + 1) * count))
                let first = start + 16 * group
                for lane in 0..<min(16, dimension - first) { result[unchecked: first + lane] = value[lane] }
            }
        }
    }
}

extension Span<Float> {
    /// Elements `index ..< index + 16`, zero past the end.
    @inline(__always)
    func vector(at index: Int) -> SIMD16<Float> {
        var vector = SIMD16<Float>()
        if index + 16 <= count {
            for lane in 0..<16 { vector[lane] = self[unchecked: index + lane] }
        } else {
            for lane in 0..<Swift.max(count - index, 0) { vector[lane] = self[unchecked: index + lane] }
        }
        return vector
    }
}
