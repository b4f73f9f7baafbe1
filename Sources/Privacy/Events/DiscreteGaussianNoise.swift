import Foundation

/// Gaussian noise on the whole numbers, as it is added to sums in integers: P[x] ∝ exp(−x² /
/// 2σ²).
///
/// C. Canonne, G. Kamath, T. Steinke, *The Discrete Gaussian for Differential Privacy*, NeurIPS
/// 2020, arXiv 2004.00010, theorem 4 and corollary 9: with one party it satisfies
/// ½(Δ/σ)²-concentrated DP, which is the bound of the Gaussian. With several parties that add a
/// share each the sum is no discrete Gaussian, but close to one: P. Kairouz, Z. Liu, T.
/// Steinke, *The Distributed Discrete Gaussian Mechanism for Federated Learning with Secure
/// Aggregation*, ICML 2021, arXiv 2102.06387, theorem 1.
public struct DiscreteGaussianNoise: Sendable, Hashable {
    /// Standard deviation of all noise together over the L2 sensitivity.
    public let noiseMultiplier: Double
    /// Standard deviation of one party's noise, in steps of the lattice.
    public let stepsPerParty: Double
    /// Number of parties whose noise is in the sum. Those that drop out do not count.
    public let parties: Int
    /// Number of coordinates.
    public let dimension: Int

    /// Describes noise.
    /// - Parameters:
    ///   - noiseMultiplier: σ of the sum over the L2 sensitivity, both in the same unit.
    ///   - stepsPerParty: σ of one party's noise, in steps.
    ///   - parties: how many parties add noise.
    ///   - dimension: number of coordinates.
    public init(noiseMultiplier: Double, stepsPerParty: Double, parties: Int = 1, dimension: Int) {
        self.noiseMultiplier = noiseMultiplier
        self.stepsPerParty = stepsPerParty
        self.parties = parties
        self.dimension = dimension
    }

    /// The noise multiplier of a Gaussian whose concentrated bound this noise keeps: 1 / ε of
    /// theorem 1 of Kairouz et al., with τ = 10 Σₖ exp(−2π² σ² k / (k + 1)) over k from 1 to
    /// parties − 1 and ε = min{√(Δ²/nσ² + ½ τ d), Δ/√n σ + τ √d}.
    ///
    /// With one party it is ``noiseMultiplier``.
    /// Rényi divergences of samples of it are bounded by those of samples of the Gaussian, too:
    /// the terms of the binomial sum are moments, each at most the Gaussian's, and the
    /// reflection x ↦ s − x of the lattice exchanges both neighbours, which is all that theorem
    /// 5 of Mironov, Talwar, Zhang 2019 asks for.
    public var gaussianNoiseMultiplier: Double {
        guard parties > 1 else { return noiseMultiplier }
        let gap = gap
        let plain = 1 / noiseMultiplier
        let d = Double(dimension)
        return 1 / min((plain * plain + gap * d / 2).squareRoot(), plain + gap * d.squareRoot())
    }

    /// How far the logarithm of the probability of one integer can be between the sum of the parties' noise and one discrete Gaussian of
    /// the same σ: τ of corollary 12 of Kairouz et al.; 0 of one party.
    private var gap: Double {
        guard parties > 1 else { return 0 }
        let square = stepsPerParty * stepsPerParty
        var gap = 0.0
        // Terms approach exp(−2π²σ²), so a thousand of them and the rest at once.
        let counted = min(parties - 1, 1_000)
        for k in 1...counted { gap += exp(-2 * Double.pi * Double.pi * square * Double(k) / Double(k + 1)) }
        let last = exp(-2 * Double.pi * Double.pi * square * Double(counted) / Double(counted + 1))
        return 10 * (gap + Double(parties - 1 - counted) * last)
    }

    /// How far the logarithm of a probability can be from that of a Gaussian rounded to whole
    /// numbers, save with a probability below e⁻⁵⁰: max{d/8, (d + 2√(50 d) + 100)/24} / σ²,
    /// and of several parties d τ more, with σ that of their sum.
    ///
    /// A rounded Gaussian is a Gaussian seen through a function, so that it is as private as
    /// that one. The mean of exp(−x²/2σ²) over the step around a whole x is between exp(−1/8σ²)
    /// and exp(x²/24σ⁴) times its middle; the squares of d coordinates add up to at most σ²(d +
    /// 2√(50 d) + 100), save with that probability (B. Laurent, P. Massart, *Adaptive
    /// Estimation of a Quadratic Functional by Model Selection*, Annals of Statistics 28(5),
    /// 2000, lemma 1). So with steps that are fine beside σ, which those of an exact sum are,
    /// accountants of loss distributions may take the noise for a Gaussian's.
    public var logDistanceFromRounded: Double {
        let d = Double(dimension)
        let square = stepsPerParty * stepsPerParty * Double(parties)
        return max(d / 8, (d + 2 * (50 * d).squareRoot() + 100) / 24) / square + d * gap
    }
}
