public import FedCore

/// Dynamic regularisation: each client's loss gets a linear and a proximal term that make the clients' optima
/// agree with the global one.
///
/// A client minimises Lᵢ(θ) − ⟨hᵢ, θ⟩ + α/2 ‖θ − θ_global‖² and keeps hᵢ ← hᵢ − α(θᵢ − θ_global). The server
/// keeps h ← h − α Σ pᵢ(θᵢ − θ_global) and moves to mean(θᵢ) − h/α. Means are weighted by samples, like the
/// objective; pᵢ is a client's share of all samples of the federation.
///
/// Each client has a state of d floats, hᵢ, which the runtime keeps in a file at the server and sends along, so
/// that any rank can train any client; the server remembers another vector.
///
/// D. A. E. Acar et al., *Federated Learning Based on Dynamic Regularization*, ICLR 2021, algorithm 1,
/// arXiv:2111.04263.
public struct FedDyn: Strategy {
    public static let name = "feddyn"
    public static let summary = "dynamic regularisation that lets the clients' optima agree with the global one"

    /// α > 0, the strength of the regularisation; option `alpha`.
    public var alpha = 0.01

    /// The server's h, `[d]`; empty before the first round.
    private var drift: [Float] = []

    public init() {}

    public mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {
        alpha = try options.number("alpha", default: alpha, "greater than 0") { $0 > 0 }
    }

    public var traffic: StrategyTraffic { StrategyTraffic(stateVectors: 1) }
    public var correctsGradients: Bool { true }

    /// The linear term of the gradient, −hᵢ. O(d).
    public func prepare(_ drift: inout MutableSpan<Float>, broadcast: Span<Float>, state: Span<Float>) {
        for i in 0..<drift.count { drift[unchecked: i] = -state[unchecked: i] }
    }

    /// Adds the gradients of both terms: −hᵢ + α(θ − θ_global). O(d).
    public func correct(
        _ gradient: inout MutableSpan<Float>, weights: Span<Float>, anchor: Span<Float>, drift: Span<Float>
    ) {
        precondition(weights.count == gradient.count && anchor.count == gradient.count && drift.count == gradient.count)
        let alpha = Float(alpha)
        for i in 0..<gradient.count {
            gradient[unchecked: i] += drift[unchecked: i] + alpha * (weights[unchecked: i] - anchor[unchecked: i])
        }
    }

    /// hᵢ ← hᵢ − α(θᵢ − θ_global), the client's new state. O(d).
    public func finish(
        _ update: inout MutableSpan<Float>, extra: inout MutableSpan<Float>, state: inout MutableSpan<Float>,
        broadcast: Span<Float>, gradient: Span<Float>, work: FinishedWork
    ) {
        state.add(update.span, times: -Float(alpha))
    }

    /// Updates h and moves the global weights to mean(θᵢ) − h/α. O(d).
    public mutating func apply(_ mean: Span<Float>, to global: inout MutableSpan<Float>, in round: AggregatedRound) {
        let alpha = alpha
        drift.grow(to: global.count)
        var drift = self.drift.mutableSpan
        drift.add(mean, times: -Float(alpha * round.share))
        global.add(mean)
        global.add(drift.span, times: -Float(1 / alpha))
    }

    public var serverState: [UInt8] { VectorState.bytes([drift]) }

    public mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
        drift = try VectorState.vectors(state, count: 1, of: Self.name)[0]
    }
}
