import Foundation

/// The standard normal distribution, also far out in its tails.
enum NormalDistribution {
    /// P[Z > z], with full relative precision.
    static func upperTail(_ z: Double) -> Double { erfc(z * 0.5.squareRoot()) / 2 }

    /// ln P[Z > z], also where the probability underflows.
    ///
    /// Beyond z = 30 by the asymptotic series of Mills' ratio: φ(z)/z · (1 − 1/z² + 3/z⁴ −
    /// 15/z⁶ + 105/z⁸), whose next term is below 10⁻¹¹ there (M. Abramowitz, I. Stegun,
    /// *Handbook of Mathematical Functions*, 1964, 26.2.12).
    static func logUpperTail(_ z: Double) -> Double {
        if z < -1 { return log1p(-upperTail(-z)) }
        guard z > 30 else { return log(upperTail(z)) }
        let inverse = 1 / (z * z)
        let series = -inverse * (1 - inverse * (3 - inverse * (15 - 105 * inverse)))
        return -z * z / 2 - log(z) - 0.5 * log(2 * Double.pi) + log1p(series)
    }

    /// A z beyond which no more than the probability lies: P[Z > z] ≤ exp(−z²/2). Wider than
    /// the quantile, and in closed form.
    static func bound(tail: Double) -> Double { (-2 * log(tail)).squareRoot() }

    /// The density.
    static func density(_ z: Double) -> Double { exp(-z * z / 2) / (2 * Double.pi).squareRoot() }
}
