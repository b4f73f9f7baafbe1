public import FedCore

/// Clips what a client sends for differential privacy, and moves it to the lattice of the noise (`--privacy central`); see
/// ``PrivacyTerms``. The client's half of the mechanism: the server's is ``CentralNoise``.
public struct UpdateClipping: UpdateStage {
    public static let name = "clipping"
    public static let summary = "clips updates to --clip for differential privacy"
    public static let halves: StageHalves = .client

    private let terms: PrivacyTerms

    /// The stage of a run with central differential privacy.
    public init?(_ setup: StageSetup) throws(ConfigurationError) {
        guard let terms = try PrivacyTerms(setup.settings, floats: setup.layout.shape.sent) else { return nil }
        self.terms = terms
    }

    /// Clips the message. O(floats).
    public mutating func onClient(
        _ message: inout MutableSpan<Float>, state: inout MutableSpan<Float>, in turn: ClientTurn
    ) {
        terms.apply(to: &message)
    }
}
