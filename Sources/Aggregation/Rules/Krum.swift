public import FedCore

/// A single client's update: the one whose count − f − 2 nearest others are nearest, by squared Euclidean
/// distance. Of equals, the one whose next neighbor is nearer, then the client with the lowest id.
///
/// All other updates are thrown away, so learning is slower than with ``MultiKrum``. O(count² · dimension).
///
/// P. Blanchard, E. M. El Mhamdi, R. Guerraoui, J. Stainer, *Machine Learning with Adversaries: Byzantine
/// Tolerant Gradient Descent*, NeurIPS 2017, section 4, arXiv:1703.02757.
public struct Krum: RobustAggregation {
    public static let name = "krum"
    public static let summary = "the one update with the nearest neighbors; attackers=f (1), needs 2f + 3"

    /// f ≥ 0, the number of attackers to withstand; needs 2f + 3 updates.
    public var attackers: Int

    public init(_ options: inout OptionReader) throws(ConfigurationError) {
        attackers = try options.attackers()
    }

    public var settings: String { "attackers=\(attackers)" }
    /// 2f + 3: the paper's proof of resilience needs 2f + 2 < count.
    public var minimumUpdates: Int { 2 * attackers + 3 }

    public mutating func aggregate(
        _ updates: UpdateMatrix, trusted: Span<Float>, into mean: inout MutableSpan<Float>
    ) throws(AggregationError) {
        check(updates, trusted, mean)
        let ranking = KrumRanking(PairwiseDistances(updates))
        guard let best = ranking.best(1, attackers: attackers).first else { return }
        let row = updates.row(best)
        for i in 0..<row.count { mean[unchecked: i] = row[i] }
    }
}
