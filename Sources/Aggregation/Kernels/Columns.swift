import CVectors
import FedCore

extension UpdateMatrix {
    /// Reduces each column of some rows, sorted by a network, to one number: 16 columns at a time, as vectors.
    /// What the median, the trimmed mean and Bulyan have in common.
    ///
    /// Columns are copied to a tile in the first-level cache and sorted there. Meanwhile memory is asked for others.
    ///
    /// - Parameters:
    ///   - rows: indices of the rows, as many as the network sorts.
    ///   - network: puts the places that `reduce` reads in order.
    ///   - result: receives a number for each column, `[dimension]`.
    ///   - vectors: whether to use the loops for AVX2, which give the same bits.
    ///   - reduce: given the sorted values of 16 columns, `[rows.count]`, returns their 16 results.
    /// - Complexity: O(comparators · dimension / 16) vector operations; memory for one tile.
    func reduceColumns(
        of rows: [Int], sortedBy network: SortingNetwork, into result: inout MutableSpan<Float>,
        vectors: Bool = vectors_are_fast(), _ reduce: (Span<SIMD16<Float>>) -> SIMD16<Float>
    ) {
        precondition(rows.count == network.count)
        let count = rows.count
        var tile = [SIMD16<Float>](repeating: .zero, count: count)
        withRows(rows) { rows in
            for start in stride(from: 0, to: dimension, by: 16) {
                let width = min(16, dimension - start)
                var columns = tile.mutableSpan
                columns.take(rows, from: start, width: width, vectors: vectors)
                network.sort(&columns, from: 0, vectors: vectors)
                let value = reduce(columns.span)
                for lane in 0..<width { result[unchecked: start + lane] = value[lane] }
            }
        }
    }

    /// Gives the addresses of some rows to `body`, for which they are valid: 100 rows are read in turn, a little of each,
    /// and to retain an array would take as long as to sort some of its values.
    func withRows(_ indices: [Int], _ body: (UnsafeBufferPointer<UnsafePointer<Float>?>) -> Void) {
        let rows = indices.map(row)
        // An array that nobody changes stays where it is while it is held.
        withExtendedLifetime(rows) {
            rows.map { $0.withUnsafeBufferPointer(\.baseAddress) }.withUnsafeBufferPointer(body)
        }
    }
}

extension MutableSpan<SIMD16<Float>> {
    /// Copies columns `start ..< start + width` of rows, at most 16; zero past the end.
    fileprivate mutating func take(
        _ rows: UnsafeBufferPointer<UnsafePointer<Float>?>, from start: Int, width: Int, vectors: Bool
    ) {
        precondition(rows.count == count && width <= 16)
        if vectors {
            // Several cache lines where the rows are few, as many as memory delivers while a tile is sorted.
            let ahead = 16 * Swift.max(1, Swift.min(8, 1024 / Swift.max(count, 1)))
            return withUnsafeMutableBytes {
                vectors_take_columns(
                    rows.baseAddress, rows.count, start, width, ahead,
                    $0.baseAddress?.assumingMemoryBound(to: Float.self))
            }
        }
        for (position, row) in rows.enumerated() {
            // −0 becomes 0, so that equal values are equal bits and their order cannot show.
            self[unchecked: position] = UnsafeBufferPointer(start: row, count: start + width).span.vector(at: start) + 0
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
