import CVectors

/// Squared Euclidean distances between all pairs of rows, `[count, count]`, symmetric with a zero diagonal.
///
/// Each is a sum of squared differences. The shorter way through a Gram matrix, ‖x‖² + ‖y‖² − 2 x·y, would lose the
/// distance of two updates that are close together and far from 0, which is what colluding attackers' are. Of a tile of
/// 1,024 coordinates the squares are summed as Floats, 64 to a lane; tiles are summed as Doubles: relative error below
/// 10⁻⁵. A distance too large for that is infinite, which is farther than any other; one below 10⁻¹⁹ counts as none.
struct PairwiseDistances {
    /// Number of rows.
    let count: Int
    private var squares: [Double]

    /// Finds all distances.
    ///
    /// - Parameters:
    ///   - updates: the rows.
    ///   - vectors: whether to use the loop for AVX2, which gives the same bits.
    /// - Complexity: O(count² · dimension / 2), which is most of the time that Krum and Bulyan take.
    init(_ updates: UpdateMatrix, vectors: Bool = vectors_are_fast()) {
        count = updates.count
        squares = [Double](repeating: 0, count: count * count)
        // The tile stays in the second-level cache.
        let vectorsPerRow = min(64, max(4, 8192 / max(count, 1)))
        var tile = [SIMD16<Float>](repeating: .zero, count: count * vectorsPerRow)
        for start in stride(from: 0, to: updates.dimension, by: 16 * vectorsPerRow) {
            var copy = tile.mutableSpan
            for index in 0..<count {
                let row = updates.row(index)
                let elements = row.span
                for k in 0..<vectorsPerRow {
                    copy[unchecked: index * vectorsPerRow + k] = elements.vector(at: start + 16 * k)
                }
            }
            add(tile.span, vectorsPerRow, vectors: vectors)
        }
        for i in 0..<count {
            for j in 0..<i { squares[i * count + j] = squares[j * count + i] }
        }
    }

    /// Squared distance between two rows, ≥ 0.
    subscript(i: Int, j: Int) -> Double { squares[i * count + j] }

    /// Adds the squares of one tile, `[count, vectorsPerRow]`, to the distances.
    private mutating func add(_ tile: Span<SIMD16<Float>>, _ vectorsPerRow: Int, vectors: Bool) {
        precondition(tile.count == count * vectorsPerRow)
        if vectors {
            return tile.withUnsafeBytes { tile in
                squares.withUnsafeMutableBufferPointer { squares in
                    vectors_add_distances(
                        tile.baseAddress?.assumingMemoryBound(to: Float.self), count, 16 * vectorsPerRow,
                        squares.baseAddress)
                }
            }
        }
        for i in 0..<count {
            let first = i * vectorsPerRow
            for j in i + 1..<max(count, i + 1) {
                let second = j * vectorsPerRow
                var sum = SIMD16<Float>.zero
                for k in 0..<vectorsPerRow {
                    let difference = tile[unchecked: first + k] - tile[unchecked: second + k]
                    sum += difference * difference
                }
                squares[i * count + j] += sum.total
            }
        }
    }
}

extension SIMD16<Float> {
    /// The sum of the lanes, as Doubles, in a fixed order.
    @inline(__always)
    var total: Double {
        let eight = SIMD8<Double>(lowHalf) + SIMD8<Double>(highHalf)
        let four = eight.lowHalf + eight.highHalf
        let two = four.lowHalf + four.highHalf
        return two[0] + two[1]
    }
}
