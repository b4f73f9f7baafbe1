import FedCore

/// Yogi at the server: v ← v − (1 − β₂)Δ² sign(v − Δ²), which changes no faster than Δ² does.
///
/// S. J. Reddi et al., *Adaptive Federated Optimization*, ICLR 2021, algorithm 2, arXiv:2003.00295.
public struct FedYogi: Strategy {
    public static let name = "fedyogi"
    public static let summary = "Yogi at the server"

    /// η > 0.
    public var serverRate = 0.01
    /// β₁ in [0, 1).
    public var beta1 = 0.9
    /// β₂ in [0, 1).
    public var beta2 = 0.99
    /// τ > 0: the smaller, the more adaptive.
    public var tau = 0.001

    private var moments = ServerMoments()

    public init() {}

    public static let options = [
        StrategyOption<Self>("server-lr", \.serverRate, .above(0), "server step size η"),
        StrategyOption<Self>("beta1", \.beta1, .decay, "decay β₁ of the first moment"),
        StrategyOption<Self>("beta2", \.beta2, .decay, "decay β₂ of the second moment"),
        StrategyOption<Self>("tau", \.tau, .above(0), "adaptivity τ"),
    ]

    public mutating func apply(_ mean: Span<Float>, to global: inout MutableSpan<Float>, in round: AggregatedRound) {
        let beta2 = Float(beta2)
        moments.move(&global, along: mean, rate: serverRate, beta1: beta1, tau: tau) { v, squaredUpdate in
            v - (1 - beta2) * squaredUpdate * (v > squaredUpdate ? 1 : v < squaredUpdate ? -1 : 0)
        }
    }

    public var serverState: [UInt8] { moments.bytes }

    public mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
        try moments.restore(state, of: Self.name)
    }
}
