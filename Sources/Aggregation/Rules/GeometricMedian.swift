import FedCore

/// The point with the least Σ αᵢ ‖v − Δᵢ‖, αᵢ the client's share of the samples: RFA. Withstands attackers that hold less
/// than half of the samples together.
///
/// K. Pillutla, S. M. Kakade, Z. Harchaoui, *Robust Aggregation for Federated Learning*, IEEE Transactions on Signal
/// Processing 70, 2022, algorithm 2 (smoothed Weiszfeld), arXiv:1912.13445. It starts from the coordinate-wise median
/// instead of a mean, which an attacker could have placed so far away that a few steps do not lead back, and stops
/// early when a step makes the sum less than 10⁻⁶ of it smaller. A step is O(count · dimension).
public struct GeometricMedian: RobustAggregation {
    public static let name = "geometric-median"
    public static let summary = "point nearest to all updates (RFA); iterations=R (10), smoothing=ν (1e-6)"

    /// At most, ≥ 1.
    public var iterations: Int
    /// ν > 0, a length: nearer than this, an update weighs no more.
    public var smoothing: Double

    public init(_ options: inout OptionReader) throws(ConfigurationError) {
        iterations = try options.integer("iterations", default: 10, "at least 1") { $0 >= 1 }
        smoothing = try options.number("smoothing", default: 1e-6, "above 0") { $0 > 0 }
    }

    public var settings: String { "iterations=\(iterations),smoothing=\(smoothing)" }

    public mutating func aggregate(
        _ updates: UpdateMatrix, trusted: Span<Float>, into mean: inout MutableSpan<Float>
    ) throws(AggregationError) {
        check(updates, trusted, mean)
        let weights = updates.weights
        CoordinateMedian.median(of: updates, into: &mean)
        var last = Double.infinity
        for _ in 0..<iterations {
            let distances = (0..<updates.count).map { updates.row($0).span.squaredDistance(to: mean.span).squareRoot() }
            let objective = zip(weights, distances).reduce(0) { $0 + $1.0 * $1.1 }
            guard last - objective > 1e-6 * objective else { break }
            last = objective
            let pulls = zip(weights, distances).map { $0 / max(smoothing, $1) }
            let total = pulls.reduce(0, +)
            updates.combine(pulls.map { $0 / total }, into: &mean)
        }
    }
}
