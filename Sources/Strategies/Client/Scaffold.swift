public import FedCore

/// Control variates that take the drift out of local steps: each gradient is corrected by c − cᵢ, the
/// difference between the server's and the client's estimate of their gradient.
///
/// After its steps a client keeps cᵢ⁺ = cᵢ − c − Δᵢ/(η‖a‖₁), option II, which needs no further gradient; ‖a‖₁
/// is the number of steps, or with momentum what the steps add up to. The paper's mean over clients is uniform;
/// here it is weighted by samples like the objective, so c moves by the share of the samples that took part.
///
/// One vector of d floats goes down beside the weights and one comes up beside the update: twice the traffic of
/// FedAvg. Each client also has a state of d floats, cᵢ, which the runtime keeps in a file at the server and
/// sends along, so that any rank can train any client.
///
/// S. P. Karimireddy et al., *SCAFFOLD: Stochastic Controlled Averaging for Federated Learning*, ICML 2020,
/// algorithm 1 and eq. 4, arXiv:1910.06378.
public struct Scaffold: Strategy {
    public static let name = "scaffold"
    public var portableHalf: PortableHalf? { .controlVariates }
    public static let summary = "control variates that take the clients' drift out of their steps"

    /// η_g > 0, the server's step along the mean update; option `server-lr`.
    public var serverRate = 1.0

    /// The server's c, `[d]`; empty before the first round.
    private var control: [Float] = []

    public init() {}

    public mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {
        serverRate = try options.number("server-lr", default: serverRate, "greater than 0") { $0 > 0 }
    }

    public var traffic: StrategyTraffic { StrategyTraffic(broadcastVectors: 1, extraVectors: 1, stateVectors: 1) }
    public var correctsGradients: Bool { true }
    public var needsSGD: String? { "takes the mean of a client's gradients from its update" }

    /// The correction of every gradient of the round, c − cᵢ. O(d).
    public func prepare(_ drift: inout MutableSpan<Float>, broadcast: Span<Float>, state: Span<Float>) {
        for i in 0..<drift.count { drift[unchecked: i] = broadcast[unchecked: i] - state[unchecked: i] }
    }

    /// Adds the correction. O(d).
    public func correct(
        _ gradient: inout MutableSpan<Float>, weights: Span<Float>, anchor: Span<Float>, drift: Span<Float>
    ) {
        gradient.add(drift)
    }

    /// Sends cᵢ⁺ − cᵢ beside the update; cᵢ⁺ is the client's new state. O(d).
    public func finish(
        _ update: inout MutableSpan<Float>, extra: inout MutableSpan<Float>, state: inout MutableSpan<Float>,
        broadcast: Span<Float>, gradient: Span<Float>, work: FinishedWork
    ) {
        let factor = Float(1 / (work.learningRate * work.accumulation))
        for i in 0..<update.count {
            let step = -broadcast[unchecked: i] - update[unchecked: i] * factor
            extra[unchecked: i] = step
            state[unchecked: i] += step
        }
    }

    /// Sends c down beside the weights; zeros before the first round.
    public func write(_ broadcast: inout MutableSpan<Float>) {
        broadcast.fill(control)
    }

    /// w ← w + η_g·mean(Δᵢ) and c ← c + share·mean(cᵢ⁺ − cᵢ), the second half of `mean`. O(d).
    public mutating func apply(_ mean: Span<Float>, to global: inout MutableSpan<Float>, in round: AggregatedRound) {
        let (count, rate) = (global.count, Float(serverRate))
        control.grow(to: count)
        var control = self.control.mutableSpan
        global.add(mean.extracting(0..<count), times: rate)
        control.add(mean.extracting(count..<2 * count), times: Float(round.share))
    }

    public var serverState: [UInt8] { VectorState.bytes([control]) }

    public mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
        control = try VectorState.vectors(state, count: 1, of: Self.name)[0]
    }
}
