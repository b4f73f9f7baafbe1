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
/// when the update does. A client that is not asked keeps its residual as it is.
public struct ErrorFeedback: UpdateStage {
    public static let name = "error-feedback"
    public static let summary = "adds what the codec took away of a client's last updates (--error-feedback)"
    public static let halves: StageHalves = .client
    /// A residual for each vector that is encoded.
    public let clientVectors: Int

    private let compression: UpdateCompression

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
            return nil
        }
        self.compression = compression
        clientVectors = compression.vectorCount
        // An asynchronous server keeps no state of clients, and scaled updates of two rounds are in different units.
        let isPossible = setup.strategy.asynchronous == nil && !setup.layout.shape.isScaled
        guard wanted.map({ $0 == .on }) ?? (compression.codec.isBiased && isPossible) else { return nil }
        guard !setup.layout.shape.isScaled else {
            throw ConfigurationError(
                "--error-feedback is true; strategy '\(setup.settings.strategy)' sends updates in a unit of each round's own, "
                    + "in which nothing can be kept")
        }
    }

    /// Adds the residual, and keeps the new one. A message that is not finite, which the server leaves out, changes no
    /// residual. O(parameters), with an encoding and a decoding.
    public mutating func onClient(
        _ message: inout MutableSpan<Float>, state: inout MutableSpan<Float>, in turn: ClientTurn
    ) {
        for range in compression.encoded {
            for i in range { message[i] += state[i] }
        }
        var sent = [Float](repeating: 0, count: message.count)
        var span = sent.mutableSpan
        for i in 0..<span.count { span[unchecked: i] = message[unchecked: i] }
        let round = RoundID(turn.round, attempt: turn.attempt)
        guard (try? compression.passThrough(&span, of: turn.client, round)) != nil, span.span.firstNonFinite == nil
        else { return }
        for range in compression.encoded {
            for i in range { state[i] = message[unchecked: i] - span[unchecked: i] }
        }
    }
}
