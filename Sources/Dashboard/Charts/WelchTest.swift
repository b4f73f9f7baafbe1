import Foundation

/// Whether the means of two small samples differ by more than their scatter explains, whatever the two scatters are.
///
/// B. L. Welch, *The Generalization of 'Student's' Problem when Several Different Population Variances are Involved*,
/// Biometrika 34, 1947.
struct WelchTest {
    /// The chance of a difference so large, in either direction, between samples of equal means.
    let probability: Double

    /// - Returns: nil when a sample has fewer than two values, or none of them scatters.
    init?(_ left: [Double], _ right: [Double]) {
        guard left.count > 1, right.count > 1 else { return nil }
        func moments(_ values: [Double]) -> (mean: Double, share: Double) {
            let mean = values.reduce(0, +) / Double(values.count)
            let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            return (mean, squares / Double(values.count - 1) / Double(values.count))
        }
        let (a, b) = (moments(left), moments(right))
        let variance = a.share + b.share
        guard variance > 0 else { return nil }
        let t = (a.mean - b.mean) / variance.squareRoot()
        // Welch–Satterthwaite.
        let freedom =
            variance * variance
            / (a.share * a.share / Double(left.count - 1) + b.share * b.share / Double(right.count - 1))
        // P(|T| > t) of Student's distribution is the regularised incomplete beta function at ν/(ν + t²) (DLMF 8.17).
        probability = Self.incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5)
    }

    /// The regularised incomplete beta function, by its continued fraction (https://dlmf.nist.gov/8.17.E22), evaluated from the
    /// front by Lentz's method.
    static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        guard x > 0, x < 1 else { return x <= 0 ? 0 : 1 }
        // The fraction converges fast on this side only.
        guard x <= (a + 1) / (a + b + 2) else { return 1 - incompleteBeta(1 - x, b, a) }
        let front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
        let tiny = 1e-300
        var value = 1.0
        var (c, d) = (1.0, 0.0)
        for i in 0..<300 {
            let m = Double(i / 2)
            let term =
                i == 0
                ? 1
                : i % 2 == 0
                    ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
                    : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
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
