import Aggregation
import FedCore
import Testing

@Suite struct WeightedMeanTests {
    @Test func weighsBySampleCount() throws {
        // (1·1 + 3·5)/4 and (1·−8 + 3·4)/4.
        #expect(try aggregated("mean", UpdateMatrix([[1, -8], [5, 4]], weights: [1, 3])) == [4, 1])
    }

    @Test func namesTheClientWhoseUpdateCannotBeSummed() throws {
        let updates = try UpdateMatrix(column: [1, 0x1p31])
        #expect(throws: AggregationError(client: 1, refusal: .overflow)) { try aggregated("mean", updates) }
    }
}

@Suite struct CoordinateMedianTests {
    @Test func isTheMiddleOfEachCoordinate() throws {
        #expect(try aggregated("median", UpdateMatrix([[1, -5, 7], [3, 10, 7], [2, 0, -7]])) == [2, 0, 7])
    }

    @Test func ofAnEvenNumberIsTheMeanOfTheTwoInTheMiddle() throws {
        #expect(try aggregated("median", UpdateMatrix(column: [10, 1, 3, 2])) == [2.5])
    }

    @Test func ofTheLargestNumbersIsOneOfThem() throws {
        let largest = Float.greatestFiniteMagnitude
        #expect(try aggregated("median", UpdateMatrix(column: [largest, largest])) == [largest])
    }

    @Test func givesEveryClientOneVote() throws {
        #expect(try aggregated("median", UpdateMatrix(column: [0, 1, 2], weights: [1, 1, 1000])) == [1])
    }

    @Test(arguments: [1, 2, 5, 16, 33, 100]) func agreesWithSortingEachColumn(count: Int) throws {
        let rows = randomRows(count, of: 137)
        let expected = (0..<137).map { column in
            let sorted = rows.map { Double($0[column]) }.sorted()
            return Float((sorted[(count - 1) / 2] + sorted[count / 2]) / 2)
        }
        #expect(try isClose(aggregated("median", UpdateMatrix(rows)), expected, within: 1e-7))
    }
}

@Suite struct TrimmedMeanTests {
    @Test func leavesOutTheLargestAndTheSmallest() throws {
        // (1 + 2 + 6)/3
        #expect(try aggregated("trimmed-mean", UpdateMatrix(column: [100, 2, 6, -50, 1])) == [3])
        #expect(try aggregated("trimmed-mean", ["attackers": "2"], UpdateMatrix(column: [100, 2, 6, -50, 1])) == [2])
    }

    @Test func ofNoAttackersIsTheUnweightedMean() throws {
        let updates = try UpdateMatrix(column: [1, 2, 6], weights: [9, 1, 1])
        #expect(try aggregated("trimmed-mean", ["attackers": "0"], updates) == [3])
    }

    @Test(arguments: [3, 20, 100]) func agreesWithSortingEachColumn(count: Int) throws {
        let rows = randomRows(count, of: 137)
        let trimmed = (count - 1) / 3
        let expected = (0..<137).map { column in
            let kept = rows.map { Double($0[column]) }.sorted()[trimmed..<count - trimmed]
            return Float(kept.reduce(0, +) / Double(kept.count))
        }
        let mean = try aggregated("trimmed-mean", ["attackers": "\(trimmed)"], UpdateMatrix(rows))
        #expect(isClose(mean, expected, within: 1e-7))
    }
}
