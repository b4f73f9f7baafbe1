import Foundation

/// The exact privacy curve of Gaussian noise without sampling.
///
/// B. Balle, Y.-X. Wang, *Improving the Gaussian Mechanism for Differential Privacy: Analytical
/// Calibration and Optimal Denoising*, ICML 2018, arXiv 1805.06530, theorem 8: δ(ε) = Φ(−ε/μ +
/// μ/2) − e^ε Φ(−ε/μ − μ/2) with μ = 1/σ.
public enum GaussianHockeyStick {
    /// δ at ε for a noise multiplier; in [0, 1].
    /// - Parameters:
    ///   - epsilon: ε ≥ 0.
    ///   - noiseMultiplier: σ over the sensitivity; of T releases σ/√T.
    public static func delta(epsilon: Double, noiseMultiplier: Double) -> Double {
        let mu = 1 / noiseMultiplier
        let second = exp(epsilon + NormalDistribution.logUpperTail(epsilon / mu + mu / 2))
        return min(max(NormalDistribution.upperTail(epsilon / mu - mu / 2) - second, 0), 1)
    }

    /// The least ε ≥ 0 at δ in (0, 1), to a relative 10⁻¹², by bisection.
    /// - Parameters:
    ///   - delta: δ in (0, 1).
    ///   - noiseMultiplier: σ over the sensitivity.
    public static func epsilon(delta: Double, noiseMultiplier: Double) -> Double {
        guard self.delta(epsilon: 0, noiseMultiplier: noiseMultiplier) > delta else { return 0 }
        var high = 1.0
        while self.delta(epsilon: high, noiseMultiplier: noiseMultiplier) > delta { high *= 2 }
        return Bisection.least(in: 0...high) { self.delta(epsilon: $0, noiseMultiplier: noiseMultiplier) <= delta }
    }

    /// The least noise multiplier for (ε, δ): the analytic Gaussian mechanism's.
    /// - Parameters:
    ///   - epsilon: ε ≥ 0.
    ///   - delta: δ in (0, 1).
    /// - Returns: σ over the sensitivity, to a relative 10⁻¹³ from above.
    public static func noiseMultiplier(epsilon: Double, delta: Double) -> Double {
        var high = 1.0
        while self.delta(epsilon: epsilon, noiseMultiplier: high) > delta { high *= 2 }
        var low = high / 2
        while self.delta(epsilon: epsilon, noiseMultiplier: low) <= delta { low /= 2 }
        return Bisection.least(in: low...high) { self.delta(epsilon: epsilon, noiseMultiplier: $0) <= delta }
    }
}
