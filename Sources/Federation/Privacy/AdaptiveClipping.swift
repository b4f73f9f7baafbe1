import FedCore
import Foundation
import Privacy
import Records

/// A clip that follows a quantile of the updates' norms.
///
/// Beside its update a client sends whether its norm is at most the clip, as ±½, so that one client moves the sum of these
/// by ½. The server adds noise of σ_b to it, divides by the expected number of clients, adds ½, which gives b̄, the share
/// below the clip, and makes C ← C · exp(−η (b̄ − γ)). A client that is missing counts as half below.
///
/// G. Andrew, O. Thakkar, H. B. McMahan, S. Ramaswamy, *Differentially Private Learning with Adaptive Clipping*, NeurIPS
/// 2021, arXiv:1905.03871, algorithm 1 and theorem 1: σ_b is a twentieth of the expected clients, and updates get noise of
/// z_Δ = (z⁻² − (2 σ_b)⁻²)^(−½), so that both together cost what noise of z on the updates alone would.
struct AdaptiveClipping: Sendable, Equatable {
    /// γ, the share of updates that is to be below the clip.
    let quantile: Double
    /// η, the rate of the clip's logarithm.
    let rate: Double
    /// σ_b, the standard deviation of the noise on the number of updates below the clip.
    let countNoise: Double

    /// What a message says of an update below the clip, and with the other sign of one above.
    static let indicator: Float = 0.5

    /// Describes a clip that adapts.
    /// - Parameters:
    ///   - quantile: γ in [0, 1].
    ///   - rate: η ≥ 0.
    ///   - expected: clients that a cohort has on average.
    init(quantile: Double, rate: Double, expected: Double) {
        (self.quantile, self.rate) = (quantile, rate)
        countNoise = expected / 20
    }

    /// z_Δ, the noise multiplier of the updates.
    /// - Parameter noise: z, that of both releases together.
    /// - Returns: nil where the noise of the count alone is too little for z.
    func updateNoise(_ noise: Double) -> Double? {
        let left = 1 / (noise * noise) - 1 / (4 * countNoise * countNoise)
        return left > 0 ? 1 / left.squareRoot() : nil
    }

    /// The next clip.
    /// - Parameters:
    ///   - clip: C.
    ///   - share: b̄, which noise may take out of [0, 1].
    func next(_ clip: Double, share: Double) -> Double {
        let exponent = rate * (share - quantile)
        // The same bits on every machine.
        let factor = exponent >= 0 ? PortableMath.exp(-exponent) : 1 / PortableMath.exp(exponent)
        return min(max(clip * factor, ClipLattice.clips.lowerBound), ClipLattice.clips.upperBound)
    }

    /// Steps of the count's lattice that make 1, a power of two: its noise is 2²⁰ steps or more, and ½ a whole number.
    var countSteps: Double { Double(sign: .plus, exponent: 20 - max(0, countNoise.exponent), significand: 1) }

    /// σ of the count's noise in steps, rounded up.
    var countSigma: Double { (countNoise * countSteps).rounded(.up) }

    /// What the release of the count costs: ½ is its sensitivity.
    var countEvent: PrivacyEvent {
        .discreteGaussian(
            DiscreteGaussianNoise(noiseMultiplier: 2 * countNoise, stepsPerParty: countSigma, dimension: 1))
    }
}
