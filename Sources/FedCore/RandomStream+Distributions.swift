#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension RandomStream {
    /// Standard normal. Box–Muller; the second variate is dropped so that a draw does not depend on the one before it.
    public mutating func normal() -> Double {
        let radius = (-2 * log(1 - uniformDouble())).squareRoot()
        return radius * cos(2 * .pi * uniformDouble())
    }

    /// Exponential with this mean, by inversion.
    public mutating func exponential(mean: Double) -> Double {
        -mean * log(1 - uniformDouble())
    }

    /// The logarithm of a Gamma(shape, 1) variate: a small shape underflows the variate itself, never its logarithm.
    ///
    /// G. Marsaglia, W. W. Tsang, *A Simple Method for Generating Gamma Variables*, ACM TOMS 26(3), 2000; for
    /// shape < 1 by their section 6: Γ(a) = Γ(a + 1)·U^(1/a).
    ///
    /// - Precondition: shape > 0
    public mutating func logGamma(shape: Double) -> Double {
        precondition(shape > 0, "a gamma variate needs a positive shape")
        if shape < 1 {
            let boost = log(1 - uniformDouble()) / shape
            return logGamma(shape: shape + 1) + boost
        }
        let d = shape - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = normal()
            let v = (1 + c * x) * (1 + c * x) * (1 + c * x)
            if v > 0, log(1 - uniformDouble()) < 0.5 * x * x + d - d * v + d * log(v) {
                return log(d) + log(v)
            }
        }
    }

    /// Symmetric Dirichlet(α, …, α) proportions; they sum to 1.
    ///
    /// - Precondition: alpha > 0
    public mutating func dirichlet(alpha: Double, count: Int) -> [Double] {
        precondition(alpha > 0, "Dirichlet proportions need a positive alpha")
        // Below this the logarithms would be infinite; one proportion is 1 there anyway.
        let alpha = max(alpha, 1e-300)
        let logs = (0..<count).map { _ in logGamma(shape: alpha) }
        guard let largest = logs.max() else { return [] }
        let weights = logs.map { exp($0 - largest) }
        let total = weights.reduce(0, +)
        return weights.map { $0 / total }
    }
}
