public import FedCore

/// Trust by likeness to an update that the server trains itself, on a little data it trusts: each update is
/// scaled to the length of the server's and weighs max(0, cos of the angle between the two). Withstands any
/// number of attackers, at the price of a local training at the server in each round.
///
/// Where nobody is trusted, or the server's update is zero, the result is zero. O(count · dimension).
///
/// X. Cao, M. Fang, J. Liu, N. Z. Gong, *FLTrust: Byzantine-robust Federated Learning via Trust Bootstrapping*,
/// NDSS 2021, arXiv:2012.13995.
public struct FLTrust: RobustAggregation {
    public static let name = "fltrust"
    public static let summary = "updates weighted by their likeness to the server's own; root=samples (100)"

    /// Number of samples drawn evenly from the training data, which no client gets, ≥ 1; 100 by default, as in
    /// the paper.
    public var rootSamples: Int

    public init(_ options: inout OptionReader) throws(ConfigurationError) {
        rootSamples = try options.integer("root", default: 100, "at least 1") { $0 >= 1 }
    }

    public var settings: String { "root=\(rootSamples)" }

    public mutating func aggregate(
        _ updates: UpdateMatrix, trusted: Span<Float>, into mean: inout MutableSpan<Float>
    ) throws(AggregationError) {
        check(updates, trusted, mean)
        let length = trusted.norm
        let norms = (0..<updates.count).map { updates.row($0).span.norm }
        let scores = norms.indices.map { index in
            let scale = norms[index] * length
            return scale > 0 ? max(0, updates.row(index).span.dot(trusted) / scale) : 0
        }
        let total = scores.reduce(0, +)
        updates.combine(
            scores.indices.map { scores[$0] > 0 ? scores[$0] / total * (length / norms[$0]) : 0 }, into: &mean)
    }
}
