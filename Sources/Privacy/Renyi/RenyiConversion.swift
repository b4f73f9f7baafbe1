import Foundation

/// How a Rényi divergence becomes (ε, δ). Both are valid; the improved one is never worse, and
/// a figure is only comparable with another of the same conversion: they differ by a tenth to a
/// fifth.
public enum RenyiConversion: String, Sendable, CaseIterable {
    /// ε = D + ln(1 − 1/α) − ln(δ α) / (α − 1): C. Canonne, G. Kamath, T. Steinke, *The
    /// Discrete Gaussian for Differential Privacy*, NeurIPS 2020, arXiv 2004.00010, proposition
    /// 12; and ε = 0 where δ² > 1 − e⁻ᴰ (J. Bretagnolle, C. Huber, 1979, the bound of the total
    /// variation by the divergence). What dp-accounting and Opacus give.
    case improved
    /// ε = D + ln(1/δ) / (α − 1): I. Mironov, *Rényi Differential Privacy*, CSF 2017, arXiv
    /// 1702.07476, proposition 3. What papers and tutorials up to 2020 give.
    case classic

    /// ε at one order.
    /// - Parameters:
    ///   - divergence: D in nats, at this order; it bounds those of lower orders, too.
    ///   - order: α > 1.
    ///   - delta: δ in (0, 1).
    func epsilon(divergence: Double, order: Double, delta: Double) -> Double {
        guard divergence > 0 else { return 0 }
        guard divergence < .infinity else { return .infinity }
        switch self {
        case .classic: return divergence - log(delta) / (order - 1)
        case .improved:
            if delta * delta + expm1(-divergence) > 0 { return 0 }
            // Near 1 the expression is unstable, and of no use.
            guard order > 1.01 else { return .infinity }
            return max(0, divergence + log1p(-1 / order) - log(delta * order) / (order - 1))
        }
    }

    /// δ at one order, not above 1.
    /// - Parameters:
    ///   - divergence: D in nats.
    ///   - order: α > 1.
    ///   - epsilon: ε ≥ 0.
    func delta(divergence: Double, order: Double, epsilon: Double) -> Double {
        guard divergence > 0 else { return 0 }
        guard divergence < .infinity else { return 1 }
        switch self {
        case .classic: return min(1, exp((order - 1) * (divergence - epsilon)))
        case .improved:
            let variation = (-expm1(-divergence)).squareRoot()
            guard order > 1.01 else { return variation }
            return min(variation, exp((order - 1) * (divergence - epsilon + log1p(-1 / order)) - log(order)))
        }
    }
}
