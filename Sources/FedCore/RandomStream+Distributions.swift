#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Distributions that need the C library's `log`, `exp` and `cos`. Their last bit may differ between two C libraries;
/// what must not differ between machines uses `PortableMath`.
extension RandomStream {
    /// A standard normal variate, by Box and Muller's method: four words of the stream. The second variate of a pair is
    /// dropped, so that a draw does not depend on the one before it.
    ///
    /// G. E. P. Box, M. E. Muller, *A Note on the Generation of Random Normal Deviates*, Annals of Mathematical
    /// Statistics 29(2), 1958.
    public mutating func normal() -> Double {
        let radius = (-2 * log(1 - uniformDouble())).squareRoot()
        return radius * cos(2 * .pi * uniformDouble())
    }

    /// An exponential variate with this mean, ≥ 0, by inversion: e.g. the time between two arrivals of a Poisson
    /// process.
    public mutating func exponential(mean: Double) -> Double {
        -mean * log(1 - uniformDouble())
    }

    /// The logarithm of a Gamma(shape, 1) variate: a small shape underflows the variate itself, never its logarithm.
    ///
    /// G. Marsaglia, W. W. Tsang, *A Simple Method for Generating Gamma Variables*, ACM TOMS 26(3), 2000; for
    /// shape < 1 by their section 6: Γ(a) = Γ(a + 1)·U^(1/a).
    ///
    /// - Parameter shape: a > 0.
    /// - Complexity: rejection; a little more than one attempt in the mean, each a normal and mostly a uniform number.
    /// - Precondition: shape > 0.
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

    /// Proportions drawn from a symmetric Dirichlet distribution, as Gamma(α, 1) variates over their sum.
    ///
    /// The variates are scaled by the largest while they are logarithms: with a small α all of them would underflow to
    /// 0.
    /// - Parameters:
    ///   - alpha: concentration α; the smaller, the more of the whole falls to one entry.
    ///   - count: number of proportions.
    /// - Returns: `count` numbers ≥ 0 whose sum is 1 up to rounding.
    /// - Precondition: alpha > 0.
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
