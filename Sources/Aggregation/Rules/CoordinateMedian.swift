public import FedCore

/// The median of each coordinate by itself, every client one vote; of an even number, the mean of the two in
/// the middle. Stays within the honest clients' range while they are the majority. Sample counts play no part,
/// as an attacker could claim any. O(count · log² count · dimension).
///
/// D. Yin, Y. Chen, K. Ramchandran, P. Bartlett, *Byzantine-Robust Distributed Learning: Towards Optimal
/// Statistical Rates*, ICML 2018, definition 1, arXiv:1803.01498.
public struct CoordinateMedian: RobustAggregation {
    public static let name = "median"
    public static let summary = "median of each coordinate"

    public init(_ options: inout OptionReader) throws(ConfigurationError) {}

    public mutating func aggregate(
        _ updates: UpdateMatrix, trusted: Span<Float>, into mean: inout MutableSpan<Float>
    ) throws(AggregationError) {
        check(updates, trusted, mean)
        Self.median(of: updates, into: &mean)
    }

    /// Writes the median of each column; ``GeometricMedian`` starts from it, too.
    static func median(of updates: UpdateMatrix, into median: inout MutableSpan<Float>) {
        let (lower, upper) = ((updates.count - 1) / 2, updates.count / 2)
        let network = SortingNetwork(count: updates.count, places: lower..<upper + 1)
        updates.reduceColumns(of: Array(0..<updates.count), sortedBy: network, into: &median) { sorted in
            // Halved before they are added: the sum of two Floats may be none.
            lower == upper ? sorted[lower] : 0.5 * sorted[lower] + 0.5 * sorted[upper]
        }
    }
}
