public import FedCore

/// Clients step with the server's momentum, which they leave as it is: local steps that act like those of a central
/// optimizer.
///
/// y ← y − η((1 − β)∇fᵢ(y) + βm) on the clients, m ← (1 − β)·mean(∇fᵢ(x)) + βm on the server, with full gradients at the
/// global weights x.
///
/// S. P. Karimireddy et al., *Breaking the centralized barrier for cross-device federated learning* (MIME), NeurIPS 2021,
/// algorithm 1 (MimeLite, SGD with momentum), arXiv:2008.03606.
public struct MimeLite: Strategy {
    public static let name = "mimelite"
    public static let summary = "clients step with the server's momentum"

    /// β in [0, 1).
    public var beta = 0.9

    private var momentum: [Float] = []

    public init() {}

    public mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {
        beta = try options.number("beta", default: beta, "in [0, 1)") { $0 >= 0 && $0 < 1 }
    }

    public var traffic: StrategyTraffic { StrategyTraffic(broadcastVectors: 1, extraVectors: 1) }
    public var localWork: LocalWork { .trainingAfterGradient }
    public var usesLocalMomentum: Bool { false }
    public var correctsGradients: Bool { true }

    /// m.
    public func prepare(_ drift: inout MutableSpan<Float>, broadcast: Span<Float>, state: Span<Float>) {
        for i in 0..<drift.count { drift[unchecked: i] = broadcast[unchecked: i] }
    }

    public func correct(
        _ gradient: inout MutableSpan<Float>, weights: Span<Float>, anchor: Span<Float>, drift: Span<Float>
    ) {
        gradient.scale(by: Float(1 - beta))
        gradient.add(drift, times: Float(beta))
    }

    public func finish(
        _ update: inout MutableSpan<Float>, extra: inout MutableSpan<Float>, state: inout MutableSpan<Float>,
        broadcast: Span<Float>, gradient: Span<Float>, work: FinishedWork
    ) {
        extra.add(gradient)
    }

    public func write(_ broadcast: inout MutableSpan<Float>) {
        broadcast.fill(momentum)
    }

    public mutating func apply(_ mean: Span<Float>, to global: inout MutableSpan<Float>, in round: AggregatedRound) {
        let (count, beta) = (global.count, beta)
        momentum.grow(to: count)
        var momentum = self.momentum.mutableSpan
        global.add(mean.extracting(0..<count))
        momentum.scale(by: Float(beta))
        momentum.add(mean.extracting(count..<2 * count), times: Float(1 - beta))
    }

    public var serverState: [UInt8] { VectorState.bytes([momentum]) }

    public mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
        momentum = try VectorState.vectors(state, count: 1, of: Self.name)[0]
    }
}
