import Foundation

/// Student's t distribution: how often a mean differs by chance as much as it was seen to.
package enum StudentDistribution {
    /// The probability of a value as far from 0 as `t`, in either direction: the regularised incomplete beta function at
    /// ν/(ν + t²) with the parameters ν/2 and 1/2 (https://dlmf.nist.gov/8.17).
    ///
    /// - Parameters:
    ///   - t: the statistic.
    ///   - freedom: degrees of freedom, ν, above 0; not necessarily whole.
    package static func probability(beyond t: Double, freedom: Double) -> Double {
        incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5)
    }

    /// The regularised incomplete beta function, by its continued fraction (https://dlmf.nist.gov/8.17.E22), evaluated from the
    /// front by Lentz's method.
    private static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        guard x > 0, x < 1 else { return x <= 0 ? 0 : 1 }
        // The fraction converges fast on this side only.
        guard x <= (a + 1) / (a + b + 2) else { return 1 - incompleteBeta(1 - x, b, a) }
        let front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
        let tiny = 1e-300
        var value = 1.0
        var (c, d) = (1.0, 0.0)
        for i in 0..<300 {
            let m = Double(i / 2)
            let place = a + 2 * m
            let term: Double
            if i == 0 {
                term = 1
            } else if i % 2 == 0 {
                term = m * (b - m) * x / ((place - 1) * place)
            } else {
                term = -(a + m) * (a + b + m) * x / (place * (place + 1))
            }
            d = 1 + term * d
            if abs(d) < tiny { d = tiny }
            d = 1 / d
            c = 1 + term / c
            if abs(c) < tiny { c = tiny }
            value *= c * d
            if abs(1 - c * d) < 1e-14 { break }
        }
        return front * (value - 1)
    }
}
