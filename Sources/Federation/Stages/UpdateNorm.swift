public import FedCore
import Records

/// Scales an update down to a largest L2 norm on the client, so that no client that runs this program moves the mean further
/// than its share of that (`--clip-updates`). Of an update that is compressed or masked nobody else could measure it.
/// It is the clipping of H. B. McMahan et al., *Learning Differentially Private Recurrent Language Models*, ICLR 2018,
/// arXiv:1710.06963, without the noise; with noise it is ``UpdateClipping``.
public struct UpdateNorm: UpdateStage {
    public static let name = "clip-updates"
    public static let summary = "scales a longer update down to the norm of --clip-updates"
    public static let halves: StageHalves = .client

    /// Largest L2 norm, > 0.
    private let limit: Float
    /// Length of the update; what the strategy sends beside it is left as it is.
    private let parameters: Int

    /// The stage of a run with `--clip-updates`.
    public init?(_ setup: StageSetup) throws(ConfigurationError) {
        guard let limit = setup.settings.clipUpdates else { return nil }
        guard !setup.layout.shape.isScaled else {
            throw ConfigurationError(
                "--clip-updates does not go with strategy '\(setup.settings.strategy)', which makes updates as large as "
                    + "their losses are")
        }
        self.limit = limit
        parameters = setup.layout.parameters
    }

    /// Scales the update Δ by min(1, limit / ‖Δ‖₂). O(parameters); the norm is summed in Double.
    public mutating func onClient(
        _ message: inout MutableSpan<Float>, state: inout MutableSpan<Float>, in turn: ClientTurn
    ) {
        var update = message.part(0..<parameters)
        update.clip(toNorm: limit)
    }
}
