import Aggregation
import FedCore
import Testing

/// How many colluding attackers a rule withstands, and how many it does not.
@Suite struct BreakdownTests {
    struct Point: CustomTestStringConvertible, Sendable {
        let rule: String
        var options: NamedOptions = [:]
        let updates: Int
        let withstood: Int
        let fatal: Int
        var testDescription: String { "\(rule) \(options), \(withstood) of \(updates)" }
    }

    /// Colluders that send the same are one another's nearest neighbors: with f + 2 of them each has the
    /// count − f − 2 = f + 1 neighbors that Krum looks at, at distance 0.
    static let points = [
        Point(rule: "mean", updates: 11, withstood: 0, fatal: 1),
        Point(rule: "median", updates: 11, withstood: 5, fatal: 6),
        Point(rule: "trimmed-mean", options: ["attackers": "2"], updates: 11, withstood: 2, fatal: 3),
        Point(rule: "krum", options: ["attackers": "2"], updates: 7, withstood: 2, fatal: 4),
        Point(rule: "multi-krum", options: ["attackers": "2"], updates: 7, withstood: 2, fatal: 4),
        Point(rule: "bulyan", options: ["attackers": "2"], updates: 11, withstood: 2, fatal: 6),
    ]

    @Test(arguments: points) func staysWithinTheHonestRange(point: Point) throws {
        for size in [10, 1e6, 1e30] as [Float] {
            let rows = cohort(point.updates, attackers: point.withstood, size: size)
            let honest = rows.filter { $0[0] != size }
            let result = try aggregated(point.rule, point.options, UpdateMatrix(rows))
            for column in result.indices {
                let values = honest.map { $0[column] }
                let range = (values.min() ?? 0)...(values.max() ?? 0)
                #expect(range.contains(result[column]))
            }
        }
    }

    @Test(arguments: points) func goesWithTooManyAttackersAnywhere(point: Point) throws {
        let rows = cohort(point.updates, attackers: point.fatal, size: 1e6)
        let result = try aggregated(point.rule, point.options, UpdateMatrix(rows))
        #expect(result.allSatisfy { $0 > 1000 })
    }

    /// With a share α < ½ of attackers it is no farther from the centre than 2(1 − α)/(1 − 2α) of the honest:
    /// Y. Chen, L. Su, J. Xu, *Distributed Statistical Machine Learning in Adversarial Settings*, 2017, arXiv:1705.05491.
    @Test func theGeometricMedianIsNearTheHonest() throws {
        for size in [10, 1e6, 1e30] as [Float] {
            for attackers in [1, 5] {
                let rows = cohort(11, attackers: attackers, size: size)
                let farthest = rows.filter { $0[0] != size }.map(length).max() ?? 0
                let share = Double(attackers) / 11
                let result = try aggregated("geometric-median", UpdateMatrix(rows))
                #expect(length(result) <= 2 * (1 - share) / (1 - 2 * share) * farthest)
            }
        }
        let result = try aggregated("geometric-median", UpdateMatrix(cohort(11, attackers: 6, size: 1e6)))
        #expect(result.allSatisfy { $0 > 1000 })
    }

    /// f of n attackers at the bound move the mean by 2 C f / n at the most.
    @Test func clippingBoundsWhatAttackersMove() throws {
        let honest = cohort(10, attackers: 0, size: 0)
        let clean = try aggregated("norm-clip", ["bound": "2"], UpdateMatrix(honest))
        var rows = honest
        for index in [1, 4, 8] { rows[index] = [Float](repeating: 1e30, count: 37) }
        let result = try aggregated("norm-clip", ["bound": "2"], UpdateMatrix(rows))
        #expect(length(zip(result, clean).map { $0 - $1 }) <= 2 * 2 * 0.3 + 1e-5)
    }

    /// Attackers among the honest, all with the same huge update.
    private func cohort(_ count: Int, attackers: Int, size: Float) -> [[Float]] {
        var rows = randomRows(count, of: 37)
        for index in 0..<attackers { rows[(index * 3 + 1) % count] = [Float](repeating: size, count: 37) }
        return rows
    }
}
