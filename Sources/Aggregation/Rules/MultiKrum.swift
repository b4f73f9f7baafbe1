public import FedCore

/// The unweighted mean of the `select` updates with the best Krum scores. Withstands f attackers while select ≤
/// count − f − 2. O(count² · dimension).
///
/// P. Blanchard, E. M. El Mhamdi, R. Guerraoui, J. Stainer, *Machine Learning with Adversaries: Byzantine
/// Tolerant Gradient Descent*, NeurIPS 2017, arXiv:1703.02757; the bound of `select`: G. Damaskinos et al.,
/// *AggregaThor: Byzantine Machine Learning via Robust Gradient Aggregation*, MLSys 2019.
public struct MultiKrum: RobustAggregation {
    public static let name = "multi-krum"
    public static let summary = "mean of the m best by Krum's score; attackers=f (1), select=m (all but f + 2)"

    /// f ≥ 0, the number of attackers to withstand; needs 2f + 3 updates.
    public var attackers: Int
    /// m ≥ 1, the number of updates that are averaged; needs m + f + 2 updates; nil: as many as there may be.
    public var select: Int?

    public init(_ options: inout OptionReader) throws(ConfigurationError) {
        attackers = try options.attackers()
        select = try options.integer("select", "from 1 to 1,000,000") { (1...1_000_000).contains($0) }
    }

    public var settings: String { "attackers=\(attackers)" + (select.map { ",select=\($0)" } ?? "") }
    public var minimumUpdates: Int { max(2 * attackers + 3, (select ?? 1) + attackers + 2) }

    public mutating func aggregate(
        _ updates: UpdateMatrix, trusted: Span<Float>, into mean: inout MutableSpan<Float>
    ) throws(AggregationError) {
        check(updates, trusted, mean)
        let ranking = KrumRanking(PairwiseDistances(updates))
        let chosen = ranking.best(select ?? updates.count - attackers - 2, attackers: attackers)
        var coefficients = [Double](repeating: 0, count: updates.count)
        for index in chosen { coefficients[index] = 1 / Double(chosen.count) }
        updates.combine(coefficients, into: &mean)
    }
}
