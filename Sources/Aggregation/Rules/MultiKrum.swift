import FedCore

/// The unweighted mean of the `select` updates with the best Krum scores.
///
/// P. Blanchard, E. M. El Mhamdi, R. Guerraoui, J. Stainer, *Machine Learning with Adversaries: Byzantine Tolerant Gradient
/// Descent*, NeurIPS 2017, section 6, arXiv:1703.02757. Withstands f attackers while select ≤ count − f − 2: G. Damaskinos
/// et al., *AggregaThor: Byzantine Machine Learning via Robust Gradient Aggregation*, MLSys 2019. O(count² · dimension).
public struct MultiKrum: RobustAggregation {
    public static let name = "multi-krum"
    public static let summary = "mean of the m updates with the best Krum scores; attackers=f (1), select=m (count - f - 2)"

    /// f ≥ 0; needs 2f + 3 updates.
    public var attackers: Int
    /// m ≥ 1, needs m + f + 2 updates; 0 is count − f − 2.
    public var select: Int

    public init(_ options: inout OptionReader) throws(ConfigurationError) {
        attackers = try options.attackers()
        select = try options.integer("select", default: 0, "from 0 (all but f + 2) to 1,000,000") {
            (0...1_000_000).contains($0)
        }
    }

    public var settings: String { "attackers=\(attackers)" + (select > 0 ? ",select=\(select)" : "") }
    public var minimumUpdates: Int { max(2 * attackers + 3, select + attackers + 2) }

    public mutating func aggregate(
        _ updates: UpdateMatrix, trusted: Span<Float>, into mean: inout MutableSpan<Float>
    ) throws(AggregationError) {
        check(updates, trusted, mean)
        let ranking = KrumRanking(PairwiseDistances(updates))
        let chosen = ranking.best(select > 0 ? select : updates.count - attackers - 2, attackers: attackers)
        var coefficients = [Double](repeating: 0, count: updates.count)
        for index in chosen { coefficients[index] = 1 / Double(chosen.count) }
        updates.combine(coefficients, into: &mean)
    }
}
