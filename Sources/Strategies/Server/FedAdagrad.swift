public import FedCore

/// Adagrad at the server: v ← v + Δ², w ← w + η·m/(√v + τ), with Δ the mean update in the place of a gradient.
/// Steps only become shorter, which suits sparse gradients. The server keeps two vectors of d floats.
///
/// S. J. Reddi et al., *Adaptive Federated Optimization*, ICLR 2021, algorithm 2, arXiv:2003.00295.
public struct FedAdagrad: Strategy {
    public static let name = "fedadagrad"
    public var portableHalf: PortableHalf? { .plain }
    public static let summary = "Adagrad at the server"

    /// η > 0, the server's learning rate; option `server-lr`.
    public var serverRate = 0.01
    /// β₁ in [0, 1), the momentum; 0, as in the paper's experiments with Adagrad.
    public var beta1 = 0.0
    /// τ ≥ 10⁻¹⁵, whose square is a Float: the smaller, the more adaptive.
    public var tau = 0.001

    private var moments = ServerMoments()

    public init() {}

    public mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {
        serverRate = try options.number("server-lr", default: serverRate, "greater than 0") { $0 > 0 }
        beta1 = try options.number("beta1", default: beta1, "in [0, 1)") { $0 >= 0 && $0 < 1 }
        tau = try options.number("tau", default: tau, "at least 1e-15") { $0 >= 1e-15 }
    }

    /// Makes one step of the optimizer. O(d).
    public mutating func apply(_ mean: Span<Float>, to global: inout MutableSpan<Float>, in round: AggregatedRound) {
        moments.move(&global, along: mean, rate: serverRate, beta1: beta1, tau: tau) { v, squaredUpdate in
            v + squaredUpdate
        }
    }

    public var serverState: [UInt8] { moments.bytes }

    public mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
        try moments.restore(state, of: Self.name)
    }
}
