import Foundation

/// Between which bounds a composed loss lies, save for a given probability.
///
/// Chernoff's bound from the Rényi divergences, which are its moments: P[L > t] ≤ exp((α −
/// 1)(D_α − t)) and P[L < −t] ≤ exp((α − 1) D_α − α t), in both directions of neighbours, since
/// D_α of addition is no larger than that of removal (Mironov, Talwar, Zhang 2019, theorem 5).
struct LossWindow {
    /// The loss is below, save for the tail.
    let upper: Double
    /// The loss is above −lower, save for the tail.
    let lower: Double

    /// Length of the window.
    var width: Double { upper + lower }

    /// Finds the window.
    /// - Parameters:
    ///   - curve: divergences of everything together.
    ///   - tail: probability that may lie outside at each end.
    ///   - step: of the grid on which dots are connected, which widens the distribution: a
    ///     moment E[e^{λL}] grows by exp(λ (λ + 1) step² / 8) at most in each release.
    ///   - count: number of releases.
    init(_ curve: RenyiCurve, tail: Double, step: Double = 0, count: Int = 0) {
        var (upper, lower) = (Double.infinity, Double.infinity)
        for (order, divergence) in zip(curve.orders, curve.divergences) where divergence < .infinity {
            let spread = Double(count) * order * (order + 1) * step * step / 8
            upper = min(upper, divergence + (spread - log(tail)) / (order - 1))
            lower = min(lower, ((order - 1) * divergence + spread - log(tail)) / order)
        }
        self.upper = max(upper, step)
        self.lower = max(lower, step)
    }

    /// The least power of two that is at least the number, within a range.
    /// - Parameters:
    ///   - number: how many are wanted.
    ///   - range: powers of two.
    static func points(for number: Double, in range: ClosedRange<Int>) -> Int {
        var points = range.lowerBound
        while points < range.upperBound, Double(points) < number { points *= 2 }
        return points
    }
}
