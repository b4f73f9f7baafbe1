public import FedCore
import Records

/// Error feedback for lossy codecs: what the encoding of an update takes away is kept by the client and added to its
/// next update, so that nothing is lost for good, only late. The last client half: what it adds to is what is sent.
///
/// F. Seide et al., *1-Bit Stochastic Gradient Descent*, Interspeech 2014; S. P. Karimireddy et al., *Error Feedback
/// Fixes SignSGD and other Gradient Compression Schemes*, ICML 2019, algorithm 2, arXiv:1901.09847:
/// p = γ g + e, Δ = C(p), e ← p − Δ, here with the change of the weights as γ g.
///
/// On by default for codecs that are biased (``FedCore/UpdateCodec/isBiased``); `--error-feedback` decides otherwise.
/// The residual is a client's state: it goes with the client to whichever rank trains it, is in checkpoints, and counts
/// when the update does.
///
/// A client that is not asked keeps its residual as it is: it ages by the times that a client is asked, not by the rounds
/// between. Each time, a share of it stays (`--error-feedback-keep`). What a client has not sent it finds again in part when
/// it trains from weights that lack it, so that a residual counts that twice.
///
/// With `--error-feedback-momentum` a client keeps a second vector, which sums its updates up with this weight, and what is
/// added to the residual is this sum; it begins anew where something was sent. Y. Lin et al., *Deep Gradient Compression*,
/// ICLR 2018, equation 5 (momentum correction) and section 3.2 (momentum factor masking), arXiv:1712.01887:
/// u ← m u + Δ, v ← v + u, send C(v), u ← 0 where that is not zero; there of gradients. What the values' encoding takes away
/// of what is sent stays in v.
public struct ErrorFeedback: UpdateStage {
    public static let name = "error-feedback"
    public static let summary = "adds what the codec took away of a client's last updates (--error-feedback)"
    public static let halves: StageHalves = .client
    /// A residual for each vector that is encoded, and with a momentum a sum.
    public let clientVectors: Int

    private let compression: UpdateCompression
    /// The share of a residual that stays.
    private let keep: Float
    /// The weight of the sum of earlier updates; 0 without one.
    private let momentum: Float

    /// The stage of a run with a codec that is biased, or with `--error-feedback true`.
    /// - Throws: `ConfigurationError` when it is asked for without a codec, or with a strategy whose updates are scaled
    ///   anew in each round.
    public init?(_ setup: StageSetup) throws(ConfigurationError) {
        let wanted = setup.settings.errorFeedback
        guard let compression = setup.compression, !compression.codec.isLossless else {
            guard wanted == nil else {
                throw ConfigurationError(
                    "--error-feedback is \(wanted?.rawValue ?? ""); it must be given together with a lossy --compress")
            }
            try Self.refuseOptions(setup.settings, "a lossy --compress")
            return nil
        }
        self.compression = compression
        keep = Float(setup.settings.errorFeedbackKeep)
        momentum = Float(setup.settings.errorFeedbackMomentum)
        clientVectors = compression.vectorCount * (momentum > 0 ? 2 : 1)
        // An asynchronous server keeps no state of clients, and scaled updates of two rounds are in different units.
        let isPossible = setup.strategy.asynchronous == nil && !setup.layout.shape.isScaled
        guard wanted.map({ $0 == .on }) ?? (compression.codec.isBiased && isPossible) else {
            try Self.refuseOptions(
                setup.settings, "error feedback, which this run does not have: --error-feedback true")
            return nil
        }
        guard !setup.layout.shape.isScaled else {
            throw ConfigurationError(
                "--error-feedback is true; strategy '\(setup.settings.strategy)' sends updates in a unit of each round's own, "
                    + "in which nothing can be kept")
        }
    }

    /// Refuses what is said of residuals where there are none.
    private static func refuseOptions(_ settings: RunSettings, _ needed: String) throws(ConfigurationError) {
        for (name, value, standard) in [
            ("keep", settings.errorFeedbackKeep, 1.0), ("momentum", settings.errorFeedbackMomentum, 0.0),
        ] where value != standard {
            throw ConfigurationError(
                "--error-feedback-\(name) is \(value); it must be given together with \(needed)")
        }
    }

    /// Adds the residual, and keeps the new one. A message that is not finite, which the server leaves out, changes no
    /// residual. O(parameters), with an encoding and a decoding.
    public mutating func onClient(
        _ message: inout MutableSpan<Float>, state: inout MutableSpan<Float>, in turn: ClientTurn
    ) {
        // The sums lie behind the residuals.
        let distance = state.count / 2
        if momentum > 0 {
            for range in compression.encoded {
                for i in range { message[i] += momentum * state[distance + i] }
            }
        }
        let sums = momentum > 0 ? copy(message.span) : []
        for range in compression.encoded {
            for i in range { message[i] += keep * state[i] }
        }
        var sent = copy(message.span)
        var span = sent.mutableSpan
        let round = RoundID(turn.round, attempt: turn.attempt)
        guard (try? compression.passThrough(&span, of: turn.client, round)) != nil, span.span.firstNonFinite == nil
        else { return }
        for range in compression.encoded {
            for i in range { state[i] = message[unchecked: i] - span[unchecked: i] }
        }
        guard momentum > 0 else { return }
        for range in compression.encoded {
            for i in range { state[distance + i] = span[unchecked: i] == 0 ? sums[i] : 0 }
        }
    }

    /// A copy of all numbers. O(numbers).
    private func copy(_ numbers: Span<Float>) -> [Float] {
        var memory = [Float](repeating: 0, count: numbers.count)
        var copy = memory.mutableSpan
        for i in 0..<copy.count { copy[unchecked: i] = numbers[unchecked: i] }
        return memory
    }
}
