public import FedCore

/// The geometric median (RFA): the point with the least Σ αᵢ ‖v − Δᵢ‖, αᵢ the client's share of the samples.
/// Withstands attackers that hold less than half of the samples together.
///
/// K. Pillutla, S. M. Kakade, Z. Harchaoui, *Robust Aggregation for Federated Learning*, IEEE Transactions on
/// Signal Processing 70, 2022, algorithm 2 (smoothed Weiszfeld), arXiv:1912.13445. Details that differ:
///
/// - It starts from the coordinate-wise median instead of a mean, which an attacker could have placed so far
///   away that a few steps do not lead back.
/// - A step is to Σ βᵢΔᵢ / Σ βᵢ with βᵢ = αᵢ / max(ν, ‖v − Δᵢ‖). Where ν is next to nothing beside the
///   distances, that hardly ever leaves an update that the point falls on; the step there is that of Y. Vardi,
///   C.-H. Zhang, *The multivariate L1-median and associated data depth*, PNAS 97(4), 2000.
/// - It stops early when a step makes the sum, smoothed as in the paper's eq. 11, smaller by less than 10⁻⁶ of
///   it.
///
/// A step is O(count · dimension).
public struct GeometricMedian: RobustAggregation {
    public static let name = "geometric-median"
    public static let summary = "point nearest to all updates (RFA); iterations=R (10), smoothing=ν (1e-6)"

    /// Largest number of steps, ≥ 1; 10 by default.
    public var iterations: Int
    /// ν > 0, a length: an update that is nearer than this weighs no more; 10⁻⁶ by default.
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
            let meanDistance = zip(weights, distances).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
            guard meanDistance > 0 else { break }
            let isSmooth = smoothing > Self.negligible * meanDistance
            let objective = zip(weights, distances).reduce(0) { $0 + $1.0 * (isSmooth ? smoothed($1.1) : $1.1) }
            guard last - objective > 1e-6 * objective else { break }
            last = objective
            let here = isSmooth ? [] : distances.indices.filter { distances[$0] < smoothing }
            var pulls = zip(weights, distances).map { $0 / max(smoothing, $1) }
            for index in here { pulls[index] = 0 }
            let total = pulls.reduce(0, +)
            guard total > 0 else { break }
            updates.combine(pulls.map { $0 / total }, into: &mean)
            guard let place = here.first else { continue }
            // The others pull the point away from here; what is here holds it, with all its weight.
            let force = total * updates.row(place).span.squaredDistance(to: mean.span).squareRoot()
            let held = min(1, here.reduce(0) { $0 + weights[$1] } / force)
            for index in pulls.indices { pulls[index] *= (1 - held) / total }
            pulls[place] = held
            updates.combine(pulls, into: &mean)
        }
    }

    /// Share of the mean distance below which ν only keeps the weights finite and does not smooth.
    private static let negligible = 1e-3

    /// A distance as it counts in the sum that is made small: ‖·‖ with its kink rounded off within ν.
    private func smoothed(_ distance: Double) -> Double {
        distance >= smoothing ? distance : distance * distance / (2 * smoothing) + smoothing / 2
    }
}
