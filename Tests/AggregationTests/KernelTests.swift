import FedCore
import Testing

@testable import Aggregation

@Suite struct SortingNetworkTests {
    /// A network that sorts all zeros and ones sorts everything (D. E. Knuth, TAOCP 3, section 5.3.4, theorem Z).
    @Test(arguments: 1...12) func sortsEveryInputOfZerosAndOnes(count: Int) {
        for places in [0..<count, (count - 1) / 2..<count / 2 + 1, count - 1..<count] {
            let network = SortingNetwork(count: count, places: places)
            var isSorted = true
            for input in 0..<1 << count {
                var values = (0..<count).map { input >> $0 & 1 }
                for comparator in network.comparators {
                    let (low, high) = (Int(comparator.low), Int(comparator.high))
                    if values[high] < values[low] { values.swapAt(low, high) }
                }
                let expected = values.sorted()
                isSorted = isSorted && places.allSatisfy { values[$0] == expected[$0] }
            }
            #expect(isSorted)
        }
    }

    @Test func hasBatchersNumberOfComparisons() {
        // TAOCP 3, section 5.3.4, table of merge exchange: 19 for 8, 63 for 16.
        #expect(SortingNetwork(count: 8, places: 0..<8).comparators.count == 19)
        #expect(SortingNetwork(count: 16, places: 0..<16).comparators.count == 63)
        #expect(SortingNetwork(count: 1, places: 0..<1).comparators.isEmpty)
    }

    @Test(arguments: [100, 129, 257]) func sortsLanesByThemselves(count: Int) {
        let columns = randomRows(16, of: count)
        var vectors = (0..<count).map { row in SIMD16<Float>((0..<16).map { columns[$0][row] }) }
        var span = vectors.mutableSpan
        SortingNetwork(count: count, places: 0..<count).sort(&span, from: 0)
        for lane in 0..<16 { #expect(vectors.map { $0[lane] } == columns[lane].sorted()) }
    }
}

@Suite struct KernelTests {
    @Test(arguments: [1, 16, 1000, 1024, 5000]) func distancesAgreeWithDoubles(dimension: Int) throws {
        let rows = randomRows(5, of: dimension)
        let distances = PairwiseDistances(try UpdateMatrix(rows))
        for i in 0..<5 {
            for j in 0..<5 {
                let expected = zip(rows[i], rows[j]).reduce(0.0) { sum, pair in
                    let difference = Double(pair.0) - Double(pair.1)
                    return sum + difference * difference
                }
                #expect(abs(distances[i, j] - expected) <= 1e-5 * expected)
                #expect(distances[i, j] == distances[j, i])
            }
        }
    }

    /// Krum's choice, done again from the paper: after each choice the scores are those of a smaller cohort.
    @Test func choosingOneByOneScoresThoseThatAreLeft() throws {
        for trial in 0..<50 {
            let rows = randomRows(15, of: 3, salt: trial)
            let ranking = KrumRanking(PairwiseDistances(try UpdateMatrix(rows)))
            var left = Array(0..<15)
            // While more than one neighbor counts, random rows have no equal scores.
            for count in 1...10 {
                let scores = left.map { row -> Double in
                    let distances = left.filter { $0 != row }.map { other in
                        let distance = length(zip(rows[row], rows[other]).map { $0 - $1 })
                        return distance * distance
                    }
                    return distances.sorted().prefix(left.count - 2 - 2).reduce(0, +)
                }
                let best = left.indices.min { scores[$0] < scores[$1] } ?? 0
                left.remove(at: best)
                #expect(ranking.chooseOneByOne(count, attackers: 2) == (0..<15).filter { !left.contains($0) })
            }
        }
    }

    @Test func equalRowsAreAtDistanceZeroHoweverLarge() throws {
        let row = randomRows(1, of: 3000)[0].map { 1e15 * $0 }
        let distances = PairwiseDistances(try UpdateMatrix([row, row, row.map { $0 / 2 }]))
        #expect(distances[0, 1] == 0 && distances[0, 2] > 0)
    }

    @Test(arguments: [0, 1, 15, 16, 17, 100]) func lengthsAndProductsAgreeWithDoubles(count: Int) {
        let (a, b) = (randomRows(1, of: count)[0], randomRows(1, of: count, salt: 1)[0])
        let dot = zip(a, b).map { Double($0) * Double($1) }.reduce(0, +)
        let square = zip(a, b).map { Double($0) - Double($1) }.reduce(0) { $0 + $1 * $1 }
        #expect(abs(a.span.dot(b.span) - dot) < 1e-12)
        #expect(abs(a.span.squaredDistance(to: b.span) - square) < 1e-12)
        #expect(abs(a.span.norm - length(a)) < 1e-12)
    }

    @Test func lengthsOfTheLargestNumbersAreFinite() {
        let row = [Float](repeating: .greatestFiniteMagnitude, count: 4)
        #expect(abs(row.span.norm / Double(Float.greatestFiniteMagnitude) - 2) < 1e-12)
    }
}
