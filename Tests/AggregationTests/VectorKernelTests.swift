import CVectors
import FedCore
import Testing

@testable import Aggregation

/// The kernels as loops in Swift and, where the processor has it, for AVX2.
@Suite struct VectorKernelTests {
    /// The ways to compute that this processor has.
    private static let ways = vectors_are_fast() ? [false, true] : [false]

    /// Rows with ties, zeros of both signs, subnormal and the largest numbers.
    private static func rows(_ count: Int, of dimension: Int) -> [[Float]] {
        var random = RandomStream(seed: 9, .synthesis, salt: count)
        return (0..<count).map { row in
            (0..<dimension).map { column in
                switch (row * 31 + column) * 7919 % 29 {
                case 0: -0.0
                case 1, 2: 0
                case 3: .leastNonzeroMagnitude
                case 4: -.leastNormalMagnitude
                case 5: .greatestFiniteMagnitude
                case 6: -.greatestFiniteMagnitude
                case let k where k < 15: Float(k - 10)
                default: 2 * random.uniform() - 1
                }
            }
        }
    }

    /// By the theorem on zeros and ones, for the places of the median, of a part, and of all.
    @Test(.enabled(if: vectors_are_fast(), "this processor has no AVX2"), arguments: 1...13)
    func `The steps sort every input of zeros and ones`(count: Int) {
        for places in [0..<count, (count - 1) / 2..<count / 2 + 1, count / 4..<count - count / 4] {
            let network = SortingNetwork(count: count, places: places)
            var isSorted = true
            for inputs in stride(from: 0, to: 1 << count, by: 16) {
                var values = (0..<count).map { place in
                    SIMD16<Float>((0..<16).map { (inputs + $0) >> place & 1 == 1 ? 1 : 0 })
                }
                var span = values.mutableSpan
                network.sort(&span, from: 0, vectors: true)
                for lane in 0..<16 {
                    let ones = ((inputs + lane) & ((1 << count) - 1)).nonzeroBitCount
                    isSorted = isSorted && places.allSatisfy { values[$0][lane] == ($0 < count - ones ? 0 : 1) }
                }
            }
            #expect(isSorted)
        }
    }

    @Test(arguments: Array(1...70) + [100, 127, 128, 129, 300])
    func `Columns are sorted, and nothing else is touched`(count: Int) {
        let columns = Self.rows(16, of: count).map { $0.map { $0 + 0 } }
        let behind = SIMD16<Float>(repeating: 7)
        for places in [0..<count, (count - 1) / 2..<count / 2 + 1, count - 1..<count] {
            let network = SortingNetwork(count: count, places: places)
            for vectors in Self.ways {
                var values = [behind] + (0..<count).map { row in SIMD16((0..<16).map { columns[$0][row] }) } + [behind]
                var span = values.mutableSpan
                network.sort(&span, from: 1, vectors: vectors)
                #expect(values[0] == behind && values[count + 1] == behind)
                for lane in 0..<16 {
                    let sorted = columns[lane].sorted()
                    #expect(places.allSatisfy { values[1 + $0][lane].bitPattern == sorted[$0].bitPattern })
                }
            }
        }
    }

    @Test(arguments: [0, 1, 7, 8, 15, 16, 17, 63, 64, 65, 255, 256, 257, 1100])
    func `A column's numbers are reduced as they are sorted`(dimension: Int) throws {
        for count in [1, 2, 5, 10, 33] {
            let rows = Self.rows(count, of: dimension)
            let updates = try UpdateMatrix(rows)
            let network = SortingNetwork(count: count, places: 0..<count)
            let sorted = (0..<dimension).map { column in rows.map { $0[column] + 0 }.sorted() }
            for vectors in Self.ways {
                for place in Set([0, count / 2, count - 1]) {
                    var result = [Float](repeating: .nan, count: dimension)
                    var span = result.mutableSpan
                    updates.reduceColumns(of: Array(0..<count), sortedBy: network, into: &span, vectors: vectors) {
                        $0[place]
                    }
                    #expect(result.map(\.bitPattern) == sorted.map { $0[place].bitPattern })
                }
            }
        }
    }

    @Test(.enabled(if: vectors_are_fast(), "this processor has no AVX2"), arguments: 1...14)
    func `Distances have the same bits`(count: Int) throws {
        for dimension in [0, 1, 15, 16, 17, 70, 1000, 1024, 2500] {
            for factor in [1, 1e-30, 1e15] as [Float] {
                let rows = Self.rows(count, of: dimension).map { $0.map { max(-1e4, min(1e4, $0)) * factor } }
                let updates = try UpdateMatrix(rows)
                let distances = [false, true].map { PairwiseDistances(updates, vectors: $0) }
                for i in 0..<count {
                    for j in 0..<count {
                        #expect(distances[0][i, j].bitPattern == distances[1][i, j].bitPattern)
                    }
                }
            }
        }
    }

    /// Squares of whole numbers are summed without rounding.
    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8, 11, 18]) func `Distances by whole numbers`(count: Int) throws {
        let rows = (0..<count).map { row in (0..<1030).map { (row * row + 3 * $0) % 11 } }
        let updates = try UpdateMatrix(rows.map { $0.map { Float($0) } })
        let distances = Self.ways.map { PairwiseDistances(updates, vectors: $0) }
        for i in 0..<count {
            for j in 0..<i {
                let expected = zip(rows[i], rows[j]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
                #expect(distances.allSatisfy { $0[i, j] == Double(expected) && $0[j, i] == Double(expected) })
            }
            #expect(distances.allSatisfy { $0[i, i] == 0 })
        }
    }

    @Test(
        .enabled(if: vectors_are_fast(), "this processor has no AVX2"), arguments: Array(0...70) + [2048, 2049, 5000])
    func `Sums of Doubles have the same bits`(count: Int) throws {
        let rows = Self.rows(3, of: count)
        let (a, b) = (rows[0], rows[1])
        #expect(a.span.dot(b.span, vectors: false).bitPattern == a.span.dot(b.span, vectors: true).bitPattern)
        let distances = [false, true].map { a.span.squaredDistance(to: b.span, vectors: $0).bitPattern }
        #expect(distances[0] == distances[1])

        let updates = try UpdateMatrix(rows)
        let combinations = [false, true].map { vectors in
            var result = [Float](repeating: .nan, count: count)
            var span = result.mutableSpan
            updates.combine([0.1, -1e-3, 0.7], into: &span, vectors: vectors)
            return result.map(\.bitPattern)
        }
        #expect(combinations[0] == combinations[1])

        let columns = (0..<count).map { row in SIMD16<Float>((0..<16).map { a[(row + $0) % count] }) }
        let sums = [false, true].map { ColumnSum.of(columns.span, scaledBy: 1.0 / 3, vectors: $0) }
        for lane in 0..<16 { #expect(sums[0][lane].bitPattern == sums[1][lane].bitPattern) }
    }
}
