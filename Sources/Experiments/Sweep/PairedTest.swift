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

    /// Probabilities of several tests, each made so much larger that the chance of one false alarm among all is what it says
    /// (S. Holm, *A Simple Sequentially Rejective Multiple Test Procedure*, Scand. J. Statist. 6, 1979). In the order given.
    package static func holm(_ probabilities: [Double]) -> [Double] {
        var corrected = probabilities
        var largest = 0.0
        for (rank, place) in probabilities.indices.sorted(by: { probabilities[$0] < probabilities[$1] }).enumerated() {
            largest = max(largest, min(1, Double(probabilities.count - rank) * probabilities[place]))
            corrected[place] = largest
        }
        return corrected
    }

    /// Each list of values beside the one with the highest mean.
    ///
    /// - Parameter lists: values of the same seeds in the same order.
    /// - Returns: places of a list and of the best one, and the list's values minus those of the best; without lists that
    ///   cannot be compared.
    package static func besideBest(_ lists: [[Double]]) -> [(place: Int, best: Int, test: PairedTest)] {
        func mean(_ values: [Double]) -> Double { SeedStatistic(values)?.mean ?? 0 }
        guard let best = lists.indices.max(by: { mean(lists[$0]) < mean(lists[$1]) }) else { return [] }
        return lists.indices.filter { $0 != best }.compactMap { place in
            PairedTest(lists[place], minus: lists[best]).map { (place, best, $0) }
        }
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
        return kinds.flatMap { kind -> [Comparison] in
            let rows = byKind[kind] ?? []
            return PairedTest.besideBest(rows.map { $0.curves.compactMap(\.finalAccuracy) })
                .map { Comparison(row: rows[$0.place], best: rows[$0.best], test: $0.test) }
        }
    }
}
