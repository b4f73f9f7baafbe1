import Foundation

/// A discrete privacy loss distribution in one direction: masses at whole multiples of a step,
/// shifted by a constant, and mass at infinite loss.
struct LossMasses {
    /// Distance of two losses.
    let step: Double
    /// The loss of `masses[0]`, in steps.
    let first: Int
    /// Added to every loss.
    var shift = 0.0
    /// Probabilities, in the order of the losses. After a composition by transforms some are
    /// negative by rounding, 10⁻¹⁷ or so.
    let masses: [Double]
    /// Probability of an infinite loss, which is all δ.
    let infinite: Double

    /// The loss at an index.
    func loss(_ i: Int) -> Double { Double(first + i) * step + shift }

    /// δ at ε: the mass at infinity and Σ p(L) (1 − e^{ε − L}) over L > ε (D. Sommer, S.
    /// Meiser, E. Mohammadi, *Privacy Loss Classes*, PoPETS 2019, equation 1). O(masses).
    /// - Parameter epsilon: may be below 0.
    /// - Returns: δ in [0, 1].
    func delta(epsilon: Double) -> Double {
        var delta = infinite
        for i in masses.indices.reversed() {
            let loss = loss(i)
            guard loss > epsilon else { break }
            delta -= masses[i] * expm1(epsilon - loss)
        }
        return min(max(delta, 0), 1)
    }

    /// The least ε ≥ 0 with δ(ε) ≤ δ; ∞ where the mass at infinity is above δ.
    ///
    /// From the top: with the masses above ε as U = Σ p and V = Σ p e^{−L}, δ(ε) = U − e^ε V is
    /// solved for ε in each interval between two losses until the solution lies in it.
    /// O(masses).
    /// - Parameter delta: δ in (0, 1).
    func epsilon(delta: Double) -> Double {
        guard infinite <= delta else { return .infinity }
        var upper = infinite
        // Σ p e^{t − L} with t the last loss seen, so that nothing over- or underflows.
        var lower = 0.0
        let decay = exp(-step)
        var loss = 0.0
        for i in masses.indices.reversed() {
            let next = self.loss(i)
            if upper > delta, lower > 0 {
                let solution = loss + log((upper - delta) / lower)
                if solution >= next { return max(0, solution) }
            }
            if next < 0, upper <= delta + lower * exp(-loss) { return 0 }
            lower = lower * decay + masses[i]
            upper += masses[i]
            loss = next
        }
        guard upper > delta, lower > 0 else { return 0 }
        return max(0, loss + log((upper - delta) / lower))
    }
}

/// The losses of a release, or of many, in both directions.
struct LossPair {
    /// The record is in the data that the loss is seen from.
    var remove: LossMasses
    /// It is not.
    var add: LossMasses

    /// The larger ε of both directions.
    func epsilon(delta: Double) -> Double { max(remove.epsilon(delta: delta), add.epsilon(delta: delta)) }

    /// The larger δ of both directions.
    func delta(epsilon: Double) -> Double { max(remove.delta(epsilon: epsilon), add.delta(epsilon: epsilon)) }
}
