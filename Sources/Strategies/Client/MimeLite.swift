public import FedCore

/// Steps with the server's momentum, which clients leave as it is: local steps that act like those of a central
/// optimizer, and so drift less.
///
/// y ← y − η((1 − β)∇fᵢ(y) + βm) on the clients, m ← (1 − β)·mean(∇fᵢ(x)) + βm on the server, with full
/// gradients at the global weights x.
///
/// One vector of d floats goes down beside the weights, one comes up beside the update, and each client makes
/// one more pass over its data. Clients have no state, which suits large federations whose clients seldom
/// return.
///
/// S. P. Karimireddy et al., *Breaking the centralized barrier for cross-device federated learning* (MIME),
/// NeurIPS 2021, algorithm 1 (MimeLite, SGD with momentum), arXiv:2008.03606.
public struct MimeLite: Strategy {
    public static let name = "mimelite"
    public static let summary = "clients step with the server's momentum"

    /// β in [0, 1), the share of the momentum in a step; option `beta`.
    public var beta = 0.9

    /// The server's m, `[d]`; empty before the first round.
    private var momentum: [Float] = []

    public init() {}

    public mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {
        beta = try options.number("beta", default: beta, "in [0, 1)") { $0 >= 0 && $0 < 1 }
    }

    public var traffic: StrategyTraffic { StrategyTraffic(broadcastVectors: 1, extraVectors: 1) }
    public var localWork: LocalWork { .trainingAfterGradient }
    public var usesLocalMomentum: Bool { false }
    public var needsSGD: String? { "gives clients the server's momentum in place of their own" }
    public var correctsGradients: Bool { true }

    /// The vector that steps are corrected by: the server's m.
    public func prepare(_ drift: inout MutableSpan<Float>, broadcast: Span<Float>, state: Span<Float>) {
        for i in 0..<drift.count { drift[unchecked: i] = broadcast[unchecked: i] }
    }

    /// (1 − β)∇fᵢ(y) + βm. O(d).
    public func correct(
        _ gradient: inout MutableSpan<Float>, weights: Span<Float>, anchor: Span<Float>, drift: Span<Float>
    ) {
        gradient.scale(by: Float(1 - beta))
        gradient.add(drift, times: Float(beta))
    }

    /// Sends the full gradient at the global weights beside the update. O(d).
    public func finish(
        _ update: inout MutableSpan<Float>, extra: inout MutableSpan<Float>, state: inout MutableSpan<Float>,
        broadcast: Span<Float>, gradient: Span<Float>, work: FinishedWork
    ) {
        extra.add(gradient)
    }

    /// Sends m down beside the weights; zeros before the first round.
    public func write(_ broadcast: inout MutableSpan<Float>) {
        broadcast.fill(momentum)
    }

    /// Moves the weights by the mean update, and m by the mean gradient, which is the second half of `mean`.
    /// O(d).
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
