import Aggregation
import FedCore
import Testing

@Suite struct KrumTests {
    /// f = 1, so that a score is of 5 − 1 − 2 = 2 neighbors: 4 + 20¼ = 24¼, 4 + 6¼ = 10¼, 6¼ + 20¼ = 26½, 0.02 + 30¼ and
    /// 0.02 + 31.6. With one neighbor it would be 10, with three 4.5.
    let line: [Float] = [0, 2, 4.5, 10, 10.125]

    @Test func takesTheUpdateWithTheNearestNeighbors() throws {
        #expect(try aggregated("krum", UpdateMatrix(column: line)) == [2])
        #expect(try aggregated("krum", UpdateMatrix(column: line.reversed())) == [2])
    }

    @Test func ofEqualScoresTakesTheLowestClient() throws {
        // 10, 5, 5, 10, and huge.
        #expect(try aggregated("krum", UpdateMatrix(column: [0, 1, 3, 4, 100])) == [1])
        #expect(try aggregated("krum", UpdateMatrix(column: [4, 3, 1, 0, 100])) == [3])
    }

    @Test func multiKrumTakesTheMeanOfTheBest() throws {
        // By default of 5 − 1 − 2 = 2: 2 and 0.
        #expect(try aggregated("multi-krum", UpdateMatrix(column: line)) == [1])
        #expect(try aggregated("multi-krum", ["select": "1"], UpdateMatrix(column: line)) == [2])
    }

    @Test func multiKrumNeedsMoreUpdatesTheMoreItSelects() throws {
        let rule = try Aggregations.standard.named("multi-krum", ["attackers": "2", "select": "6"])
        #expect(rule.minimumUpdates == 10)
        #expect(try Aggregations.standard.named("multi-krum", ["attackers": "2"]).minimumUpdates == 7)
    }

    /// The distance of two updates that differ in the last bits of large numbers would vanish in ‖x‖² + ‖y‖² − 2 x·y.
    @Test func tellsUpdatesApartThatAreFarFromZero() throws {
        let far: [Float] = line.map { 30_000 + $0 / 256 }
        #expect(try aggregated("krum", UpdateMatrix(column: far)) == [30_000 + 2.0 / 256])
    }

    @Test func distancesCountEveryCoordinate() throws {
        // Equal but for one coordinate, each time another one.
        for coordinate in [0, 15, 16, 1023, 1024, 2049] {
            let rows = line.map { value in (0..<2050).map { $0 == coordinate ? value : 1 } }
            #expect(try aggregated("krum", UpdateMatrix(rows)) == rows[1])
        }
    }
}

@Suite struct BulyanTests {
    /// n = 7, f = 1: Krum chooses 2 (1+1+4+4 of four neighbors, tied with 3), 3 (1+4+4 of three), 1 (1+9 of two, tied with
    /// 4), 4 (1 of one as 5, but the next is nearer) and 5 (25 of one as 0, but 1000 is nearer). Of these the three nearest
    /// to their median 3 are 2, 3, 4.
    @Test func choosesByKrumAndThenTakesTheValuesAroundTheMedian() throws {
        #expect(try aggregated("bulyan", UpdateMatrix(column: [0, 1, 2, 3, 4, 5, 1000])) == [3])
    }

    /// The two far ones are chosen last, or never. Of the first coordinate 2.5, 3 and 4 are nearest to the median 3, of the
    /// second 2, 3 and 3.5.
    @Test func takesTheNearestOnEitherSide() throws {
        let near: [[Float]] = [[-9, 3], [2.5, 10], [3, 2], [4, -10], [9, 3.5]]
        let result = try aggregated("bulyan", UpdateMatrix(near + [[500, 500], [-500, -500]]))
        #expect(isClose(result, [9.5 / 3, 8.5 / 3], within: 1e-6))
    }

    @Test func ofNoAttackersIsTheUnweightedMean() throws {
        let updates = try UpdateMatrix(column: [1, 2, 6], weights: [9, 1, 1])
        #expect(try aggregated("bulyan", ["attackers": "0"], updates) == [3])
    }

    /// Krum itself takes the update that hides one huge coordinate among many honest ones.
    @Test func withstandsAHugeCoordinateThatKrumOverlooks() throws {
        var rows = randomRows(7, of: 400)
        let hidden = 123
        // At the honest mean but for one coordinate: nearer to all than they are to one another.
        rows[0] = (0..<400).map { column in rows[1...].reduce(0) { $0 + $1[column] } / 6 }
        rows[0][hidden] = 8
        #expect(try aggregated("krum", UpdateMatrix(rows))[hidden] == 8)
        #expect(try abs(aggregated("bulyan", UpdateMatrix(rows))[hidden]) <= 1)
    }
}
