public import FedCore

/// The mean of each coordinate without its `attackers` smallest and largest values, every client one vote.
/// Stays within the honest clients' range. O(count · log² count · dimension).
///
/// D. Yin, Y. Chen, K. Ramchandran, P. Bartlett, *Byzantine-Robust Distributed Learning: Towards Optimal
/// Statistical Rates*, ICML 2018, definition 2 with β = attackers / count, arXiv:1803.01498.
public struct TrimmedMean: RobustAggregation {
    public static let name = "trimmed-mean"
    public static let summary = "mean of each coordinate without its f smallest and largest values; attackers=f (1)"

    /// f ≥ 0, the number of attackers to withstand; needs 2f + 1 updates.
    public var attackers: Int

    public init(_ options: inout OptionReader) throws(ConfigurationError) {
        attackers = try options.attackers()
    }

    public var settings: String { "attackers=\(attackers)" }
    /// 2f + 1: at least one value of each coordinate is left.
    public var minimumUpdates: Int { 2 * attackers + 1 }

    public mutating func aggregate(
        _ updates: UpdateMatrix, trusted: Span<Float>, into mean: inout MutableSpan<Float>
    ) throws(AggregationError) {
        check(updates, trusted, mean)
        let kept = attackers..<updates.count - attackers
        // Those that are kept in order, so that the sum, too, depends on the values alone.
        let network = SortingNetwork(count: updates.count, places: kept)
        let share = 1 / Double(kept.count)
        updates.reduceColumns(of: Array(0..<updates.count), sortedBy: network, into: &mean) { sorted in
            ColumnSum.of(sorted.extracting(kept), scaledBy: share)
        }
    }
}
