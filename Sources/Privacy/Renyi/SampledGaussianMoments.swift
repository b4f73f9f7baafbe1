import Foundation

/// Rényi divergences of Gaussian noise on a Poisson sample.
///
/// I. Mironov, K. Talwar, L. Zhang, *Rényi Differential Privacy of the Sampled Gaussian
/// Mechanism*, 2019, arXiv 1908.10530. With μ₀ = N(0, σ²), μ = (1 − q) N(0, σ²) + q N(1, σ²)
/// and A_α = E_{μ₀}[(μ/μ₀)^α], the divergence of order α is ln A_α / (α − 1), in the direction
/// of removal; that of addition is no larger (theorem 5 and section 3.1).
enum SampledGaussianMoments {
    /// Most terms of the series for fractional orders; it ends by itself long before, save for
    /// absurd parameters.
    private static let mostTerms = 1_000

    /// The Rényi divergence of one release; ∞ where the series does not end.
    /// - Parameters:
    ///   - probability: q in (0, 1].
    ///   - noise: σ over the sensitivity.
    ///   - order: α > 1.
    static func divergence(probability: Double, noise: Double, order: Double) -> Double {
        guard probability < 1 else { return order / (2 * noise * noise) }
        // A_α is at least 1 by Jensen; rounding may say less.
        return max(0, logMoment(probability: probability, noise: noise, order: order)) / (order - 1)
    }

    /// ln A_α, for 0 < q < 1.
    /// - Parameters:
    ///   - probability: q.
    ///   - noise: σ over the sensitivity.
    ///   - order: α > 1, whole or not.
    static func logMoment(probability: Double, noise: Double, order: Double) -> Double {
        order == order.rounded() && order < 1e6
            ? wholeOrder(probability, noise, Int(order)) : fractionalOrder(probability, noise, order)
    }

    /// Whole α, a finite sum of positive terms (equation 2 with the binomial theorem): A_α = Σₖ
    /// C(α, k) (1 − q)^{α − k} qᵏ exp((k² − k) / 2σ²). O(α).
    private static func wholeOrder(_ q: Double, _ noise: Double, _ order: Int) -> Double {
        let logQ = log(q)
        let logRest = log1p(-q)
        let halfPrecision = 1 / (2 * noise * noise)
        var logBinomial = 0.0
        var sum = -Double.infinity
        for k in 0...order {
            let count = Double(k)
            let term =
                logBinomial + count * logQ + Double(order - k) * logRest + (count * count - count) * halfPrecision
            sum = LogNumber.logAdd(sum, term)
            logBinomial += log(Double(order - k) / (count + 1))
        }
        return sum
    }

    /// Fractional α (section 3.3): the integral is cut at z₀ = σ² ln(1/q − 1) + ½, where both
    /// parts of the mixture are equal, and each half is developed in its own binomial series,
    /// whose coefficients alternate beyond k > α. (dp-accounting 0.6.0 adds their magnitudes
    /// instead, which is a bound, too, but up to 3 % above at low orders.)
    /// - Returns: ln A_α, or a bound just above where the series ends slowly.
    /// - Complexity: O(terms), from ten to a thousand.
    private static func fractionalOrder(_ q: Double, _ noise: Double, _ order: Double) -> Double {
        let logQ = log(q)
        let logRest = log1p(-q)
        let halfPrecision = 1 / (2 * noise * noise)
        let cut = noise * noise * log(1 / q - 1) + 0.5
        var logBinomial = 0.0
        var isNegative = false
        var sum = LogNumber.zero
        var before = (-Double.infinity, -Double.infinity)
        for i in 0..<mostTerms {
            let k = Double(i)
            let rest = order - k
            // ∫ over (−∞, z₀] and over [z₀, ∞), each a binomial term times a normal tail.
            let low =
                logBinomial + k * logQ + rest * logRest + (k * k - k) * halfPrecision
                + NormalDistribution.logUpperTail((k - cut) / noise)
            let high =
                logBinomial + rest * logQ + k * logRest + (rest * rest - rest) * halfPrecision
                + NormalDistribution.logUpperTail((cut - rest) / noise)
            sum = sum + LogNumber(log: low, isNegative: isNegative) + LogNumber(log: high, isNegative: isNegative)
            let falls = low < before.0 && high < before.1
            if falls, max(low, high) < sum.log - 30 { return sum.log }
            // The terms alternate and fall, slowly where σ is small: what is left out is less than the last.
            if falls, i == mostTerms - 1 { return LogNumber.logAdd(sum.log, LogNumber.logAdd(low, high)) }
            before = (low, high)
            logBinomial += log(abs(rest)) - log(k + 1)
            if rest < 0 { isNegative.toggle() }
        }
        return .infinity
    }
}
