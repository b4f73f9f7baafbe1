public import FedCore

/// Momentum at the server: v ← βv + Δ, w ← w + η·v with Δ the mean update. It evens out what cohorts of unlike
/// clients do from round to round. The server keeps one vector of d floats.
///
/// T.-M. H. Hsu, H. Qi, M. Brown, *Measuring the Effects of Non-Identical Data Distribution for Federated
/// Visual Classification*, 2019, section 4.3, arXiv:1909.06335.
public struct FedAvgM: Strategy {
    public static let name = "fedavgm"
    public var portableHalf: PortableHalf? { .plain }
    public static let summary = "FedAvg with momentum at the server"

    /// η > 0, the server's learning rate; option `server-lr`.
    public var serverRate = 1.0
    /// β in [0, 1), the share of v that is kept; option `beta`.
    public var beta = 0.9

    /// v, `[d]`; empty before the first round.
    private var velocity: [Float] = []

    public init() {}

    public mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {
        serverRate = try options.number("server-lr", default: serverRate, "greater than 0") { $0 > 0 }
        beta = try options.number("beta", default: beta, "in [0, 1)") { $0 >= 0 && $0 < 1 }
    }

    /// Makes one step with momentum. O(d).
    public mutating func apply(_ mean: Span<Float>, to global: inout MutableSpan<Float>, in round: AggregatedRound) {
        let (rate, beta) = (Float(serverRate), Float(beta))
        velocity.grow(to: global.count)
        var velocity = self.velocity.mutableSpan
        velocity.scale(by: beta)
        velocity.add(mean)
        global.add(velocity.span, times: rate)
    }

    public var serverState: [UInt8] { VectorState.bytes([velocity]) }

    public mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
        velocity = try VectorState.vectors(state, count: 1, of: Self.name)[0]
    }
}
