import FedCore

/// The moments that the three adaptive server optimizers share: m ← β₁m + (1 − β₁)Δ, a second moment v by a
/// rule of their own, and w ← w + η·m/(√v + τ) with Δ the mean update. There is no bias correction; v starts at
/// τ².
///
/// S. J. Reddi et al., *Adaptive Federated Optimization*, ICLR 2021, algorithm 2, arXiv:2003.00295.
struct ServerMoments: Sendable {
    /// m, `[d]`; empty before the first step.
    private var first: [Float] = []
    /// v, `[d]`, ≥ 0; empty before the first step.
    private var second: [Float] = []

    /// Makes one step.
    ///
    /// - Parameters:
    ///   - global: the weights, which are moved.
    ///   - mean: Δ, the mean update.
    ///   - rate: η.
    ///   - beta1: β₁.
    ///   - tau: τ, also the root of the first v.
    ///   - secondMoment: the next v, from v and Δ²; it is inlined, as it runs for each element.
    /// - Complexity: O(d), in one pass.
    @inline(__always)
    mutating func move(
        _ global: inout MutableSpan<Float>, along mean: Span<Float>, rate: Double, beta1: Double, tau: Double,
        secondMoment: (_ v: Float, _ squaredUpdate: Float) -> Float
    ) {
        let (rate, beta1, tau) = (Float(rate), Float(beta1), Float(tau))
        first.grow(to: global.count)
        second.grow(to: global.count, with: tau * tau)
        Self.move(
            &global, along: mean, first: &first, second: &second, rate: rate, beta1: beta1, tau: tau,
            secondMoment: secondMoment)
    }

    /// The pass over the elements, apart so that the arrays are borrowed once.
    @inline(__always)
    private static func move(
        _ global: inout MutableSpan<Float>, along mean: Span<Float>, first: inout [Float], second: inout [Float],
        rate: Float, beta1: Float, tau: Float, secondMoment: (_ v: Float, _ squaredUpdate: Float) -> Float
    ) {
        var first = first.mutableSpan
        var second = second.mutableSpan
        for i in 0..<global.count {
            let update = mean[unchecked: i]
            let m = beta1 * first[unchecked: i] + (1 - beta1) * update
            let v = secondMoment(second[unchecked: i], update * update)
            first[unchecked: i] = m
            second[unchecked: i] = v
            global[unchecked: i] += rate * m / (v.squareRoot() + tau)
        }
    }

    /// Both moments, for a checkpoint.
    var bytes: [UInt8] { VectorState.bytes([first, second]) }

    /// Takes both moments back.
    ///
    /// - Throws: `ConfigurationError` when the bytes are not two vectors of finite numbers, or a second moment
    ///   is negative.
    mutating func restore(_ bytes: [UInt8], of strategy: String) throws(ConfigurationError) {
        let vectors = try VectorState.vectors(bytes, count: 2, of: strategy)
        guard vectors[1].allSatisfy({ $0 >= 0 }) else {
            throw ConfigurationError("the state of strategy '\(strategy)' holds a negative second moment")
        }
        (first, second) = (vectors[0], vectors[1])
    }
}
