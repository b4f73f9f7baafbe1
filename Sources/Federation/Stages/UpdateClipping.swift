public import FedCore
import Records

/// Clips what a client sends for differential privacy, and moves it to the lattice of the noise; see ``ClipLattice``. Where the
/// clip adapts, the client also says whether its update was below it (``AdaptiveClipping``). The client's half of the
/// mechanism: the server's is ``ServerPrivacy``.
public struct UpdateClipping: UpdateStage {
    public static let name = "clipping"
    public static let summary = "clips updates to --clip for differential privacy"
    public static let halves: StageHalves = .client

    private let lattice: ClipLattice
    private let parameters: Int
    private let isAdaptive: Bool

    /// The stage of a run with differential privacy of clients.
    public init?(_ setup: StageSetup) throws(ConfigurationError) {
        parameters = setup.layout.parameters
        guard let lattice = try PrivacyTerms.lattice(setup.settings, floats: parameters) else { return nil }
        self.lattice = lattice
        isAdaptive = setup.settings.clipping == .adaptive
    }

    /// Clips the update. O(floats).
    public mutating func onClient(
        _ message: inout MutableSpan<Float>, state: inout MutableSpan<Float>, in turn: ClientTurn
    ) {
        var lattice = lattice
        if let clip = turn.clip, let adapted = ClipLattice(clip: clip, floats: parameters) { lattice = adapted }
        var update = message.part(0..<parameters)
        let isBelow = lattice.apply(to: &update)
        if isAdaptive {
            message[message.count - 1] = isBelow ? AdaptiveClipping.indicator : -AdaptiveClipping.indicator
        }
    }
}
