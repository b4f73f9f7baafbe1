public import FedCore

/// Control variates take the drift out of local steps: each gradient is corrected by c − cᵢ, the difference between the
/// server's and the client's estimate of their gradient.
///
/// After its steps a client keeps cᵢ⁺ = cᵢ − c − Δᵢ/(η‖a‖₁), option II, which needs no further gradient; ‖a‖₁ is the number
/// of steps, or with momentum what the steps add up to. The paper's mean over clients is uniform; here it is weighted by
/// samples like the objective, so c moves by the share of the samples that took part.
///
/// S. P. Karimireddy et al., *SCAFFOLD: Stochastic Controlled Averaging for Federated Learning*, ICML 2020, algorithm 1 and
/// eq. 4, arXiv:1910.06378.
public struct Scaffold: Strategy {
    public static let name = "scaffold"
    public static let summary = "control variates that take the clients' drift out of their steps"

    /// η_g > 0: the server's step along the mean update.
    public var serverRate = 1.0

    private var control: [Float] = []

    public init() {}

    public mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {
        serverRate = try options.number("server-lr", default: serverRate, "greater than 0") { $0 > 0 }
    }

    public var traffic: StrategyTraffic { StrategyTraffic(broadcastVectors: 1, extraVectors: 1, stateVectors: 1) }
    public var correctsGradients: Bool { true }

    /// c − cᵢ.
    public func prepare(_ drift: inout MutableSpan<Float>, broadcast: Span<Float>, state: Span<Float>) {
        for i in 0..<drift.count { drift[unchecked: i] = broadcast[unchecked: i] - state[unchecked: i] }
    }

    public func correct(
        _ gradient: inout MutableSpan<Float>, weights: Span<Float>, anchor: Span<Float>, drift: Span<Float>
    ) {
        gradient.add(drift)
    }

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

    public func write(_ broadcast: inout MutableSpan<Float>) {
        broadcast.fill(control)
    }

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
