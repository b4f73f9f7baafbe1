import CVectors
import Testing

@testable import NeuralNet

/// The loops for AVX2, beside loops over single numbers that say what they mean.
@Suite(.enabled(if: vectors_are_fast(), "this processor has no AVX2")) struct PoolingAndTranspositionTests {
    /// Numbers with ties, zeros of both signs, and some that are not finite.
    private static func numbers(_ count: Int) -> [Float] {
        (0..<count).map { i in
            switch i * 7919 % 101 {
            case 0: .nan
            case 1: -.infinity
            case 2: .infinity
            case 3: -0.0
            case let k: Float(k % 9) - 4
            }
        }
    }

    @Test(arguments: [(1, 2, 2, 2), (3, 8, 8, 2), (2, 7, 5, 2), (2, 9, 10, 3), (1, 5, 5, 5)])
    func `The first largest number of a window is found, and its gradient goes back to it`(
        planes: Int, height: Int, width: Int, window: Int
    ) {
        let (rows, columns) = (height / window, width / window)
        let images = Self.numbers(planes * height * width * 8)
        var pooled = [Float](repeating: 9, count: planes * rows * columns * 8)
        var places = [UInt8](repeating: 99, count: pooled.count)
        vectors_max_pool(images, planes, height, width, window, &pooled, &places)
        let gradients = Self.numbers(pooled.count).map { $0.isNaN ? 1 : $0 }
        var imageGradients = [Float](repeating: 9, count: images.count)
        vectors_max_pool_gradient(gradients, places, planes, height, width, window, &imageGradients)

        var expected = [Float](repeating: 0, count: images.count)
        for i in pooled.indices {
            let (lane, column, row, plane) = (i % 8, i / 8 % columns, i / 8 / columns % rows, i / 8 / columns / rows)
            var (best, place, source) = (-Float.greatestFiniteMagnitude, 0, 0)
            for k in 0..<window * window {
                let (y, x) = (row * window + k / window, column * window + k % window)
                let at = ((plane * height + y) * width + x) * 8 + lane
                if k == 0 { source = at }
                if images[at] > best { (best, place, source) = (images[at], k, at) }
            }
            #expect(pooled[i] == best && Int(places[i]) == place)
            expected[source] = gradients[i] + 0
        }
        #expect(imageGradients.map(\.bitPattern) == expected.map(\.bitPattern))
        var evaluated = [Float](repeating: 9, count: pooled.count)
        vectors_max_pool(images, planes, height, width, window, &evaluated, nil)
        #expect(evaluated == pooled)
    }

    @Test(arguments: [(8, 8), (16, 24), (3, 40), (13, 7), (128, 196), (33, 17)])
    func `Matrices of any size are transposed, and nothing else is written`(rows: Int, columns: Int) {
        let (fromRow, toRow) = (columns + 3, rows + 5)
        let matrix = (0..<rows * fromRow).map { Float($0) }
        var transposed = [Float](repeating: -1, count: columns * toRow)
        vectors_transpose_all(matrix, rows, columns, fromRow, &transposed, toRow)
        for column in 0..<columns {
            for row in 0..<toRow {
                let expected: Float = row < rows ? matrix[row * fromRow + column] : -1
                #expect(transposed[column * toRow + row] == expected)
            }
        }
    }
}
