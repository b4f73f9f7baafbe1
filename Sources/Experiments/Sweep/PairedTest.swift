import FedCore

/// Whether two sets of runs differ by more than their seeds explain, run against run of the same seed: what a seed draws, such as
/// who holds which samples, is the same on both sides, so that its share of the scatter drops out.
///
/// Student's t-test of the differences of pairs (Student, *The Probable Error of a Mean*, Biometrika 6, 1908).
package struct PairedTest: Equatable {
    /// Mean of the differences, in the values' unit, and their sample standard deviation.
    package let differences: SeedStatistic
    /// The chance of a mean difference so large, in either direction, if there were none.
    package let probability: Double

    /// Compares values of the same seeds.
    ///
    /// - Parameters:
    ///   - values: one for each seed.
    ///   - others: as many, of the same seeds in the same order; they are subtracted.
    /// - Returns: nil with fewer than two pairs or another number of others, and when all differences are equal.
    package init?(_ values: [Double], minus others: [Double]) {
        guard values.count == others.count, values.count > 1,
            let differences = SeedStatistic(zip(values, others).map { $0 - $1 }),
            let deviation = differences.deviation, deviation > 0
        else { return nil }
        self.differences = differences
        let error = deviation / Double(differences.count).squareRoot()
        probability = StudentDistribution.probability(
            beyond: differences.mean / error, freedom: Double(differences.count - 1))
    }
}

extension SweepTable {
    /// One row beside the best of those that differ from it in one coordinate.
    package struct Comparison {
        /// The row.
        package let row: Row
        /// The best one that it is compared with.
        package let best: Row
        /// Final accuracy of the row minus that of the best one, in [-1, 1].
        package let test: PairedTest
    }

    /// Rows beside the best of their kind, by the final accuracy of runs with equal seeds. Rows of a kind differ in the first
    /// coordinate alone, as strategies do at one α. A row is left out unless all runs of both are finished, at least two each.
    package var comparisons: [Comparison] {
        var kinds: [[String]] = []
        var byKind: [[String]: [Row]] = [:]
        for row in rows where row.curves.count == row.planned && row.planned > 1 {
            let kind = row.coordinates.dropFirst().map(\.value)
            if byKind[kind] == nil { kinds.append(kind) }
            byKind[kind, default: []].append(row)
        }
        func finals(_ row: Row) -> [Double] { row.curves.compactMap(\.finalAccuracy) }
        func mean(_ row: Row) -> Double { SeedStatistic(finals(row))?.mean ?? 0 }
        return kinds.flatMap { kind -> [Comparison] in
            let rows = byKind[kind] ?? []
            guard let place = rows.indices.max(by: { mean(rows[$0]) < mean(rows[$1]) }) else { return [] }
            return rows.indices.filter { $0 != place }.compactMap { other in
                PairedTest(finals(rows[other]), minus: finals(rows[place]))
                    .map { Comparison(row: rows[other], best: rows[place], test: $0) }
            }
        }
    }
}
