public import FedCore
import Foundation

/// What a mechanism allows every test for one record: how seldom it can be wrong when it is right so often.
///
/// J. Dong, A. Roth, W. J. Su, *Gaussian Differential Privacy*, Journal of the Royal Statistical Society B 84(1), 2022,
/// arXiv 1905.02383: the trade-off function f is the envelope of the (ε, δ) that hold (proposition 2.12). Here it is that of
/// some eighty ε, with δ by privacy loss distributions: never above the true f, so that what it refutes is refuted.
public struct TradeOffCurve: Sendable {
    /// e^ε, and δ at ε.
    private let points: [(factor: Double, delta: Double)]

    /// Where the curve is known: dense where tests of audits are, and up to ε = 20.
    private static let epsilons: [Double] =
        Array(stride(from: 0.0, to: 4, by: 0.1)) + Array(stride(from: 4.0, to: 10, by: 0.25))
        + Array(stride(from: 10.0, through: 20, by: 0.5))

    /// The curve of all that was released.
    /// - Throws: `ConfigurationError` for what privacy loss distributions do not take.
    /// - Complexity: that of one δ, some 10 ms for a thousand rounds with sampling.
    public init(_ composition: PrivacyComposition) throws(ConfigurationError) {
        let deltas = try LossDistributionAccountant().deltas(of: composition, epsilons: Self.epsilons)
        points = zip(Self.epsilons, deltas).map { (exp($0), $1) }
    }

    /// The least chance of an event without the record, of whose chance with it a bound from below is known; and the same
    /// with both exchanged: f(1 − y), from y ≤ e^ε x + δ and 1 − x ≤ e^ε (1 − y) + δ.
    /// - Parameter probability: y in [0, 1].
    /// - Returns: x in [0, y].
    public func least(where probability: Double) -> Double {
        var least = 0.0
        for (factor, delta) in points {
            least = max(least, (probability - delta) / factor, 1 - delta - factor * (1 - probability))
        }
        return least
    }

    /// Largest chance of a right guess whether a record was there that was so with probability ½: (1 + δ(0)) / 2.
    public var bestGuess: Double { (1 + points[0].delta) / 2 }
}
