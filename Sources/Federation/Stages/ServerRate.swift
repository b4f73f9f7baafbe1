public import FedCore
import Records

/// The server's learning rate η (`--server-lr`): multiplies the mean update before the strategy's step. 1 is the plain
/// step along the mean; smaller rates damp rounds with few or unlike clients.
///
/// S. J. Reddi et al., *Adaptive Federated Optimization*, ICLR 2021, algorithm 1, arXiv:2003.00295: η of the server.
public struct ServerRate: UpdateStage {
    public static let name = "server-rate"
    public static let summary = "multiplies the mean update by --server-lr"
    public static let halves: StageHalves = .server

    /// Factor on the mean update, > 0; 1 is no stage at all.
    public let rate: Float
    /// Length of the update.
    private let parameters: Int

    /// The stage of a run with a `--server-lr` other than 1.
    public init?(_ setup: StageSetup) {
        guard setup.settings.serverLr != 1 else { return nil }
        rate = setup.settings.serverLr
        parameters = setup.layout.parameters
    }

    /// Multiplies the mean update; what comes beside it stays. O(parameters).
    public mutating func onServer(
        _ mean: inout MutableSpan<Float>, weights: Span<Float>, in round: AggregatedRound
    ) {
        var update = mean.part(0..<parameters)
        update.scale(by: rate)
    }
}
