import FedCore
import Privacy
import Records

/// What an audit has come to.
package struct AuditOutcome: Sendable {
    /// The mechanism, as `--privacy` names it.
    package let mechanism: String
    /// What a canary is, and is protected: `client` or `sample`.
    package let unit: String
    /// ε that the accountant states for what was released, at ``delta``.
    package let epsilon: Double
    /// δ of the claim.
    package let delta: Double
    /// The noise multiplier that the accountant was told.
    package let noise: Double
    /// Rounds in which the canaries could be seen: of the run, or, of noise at the clients, of the canary with most turns.
    package let rounds: Int
    /// Number of canaries, and of those that were in.
    package let canaries, included: Int
    /// The seed of the audit.
    package let seed: UInt64
    /// The chance that all bounds hold.
    package let confidence: Double
    /// Bounds, each at its share of the chance of an error.
    package let bounds: [AuditBound]

    /// The share of the canaries that the bounds of one run are of: those with the most extreme scores. Chosen beforehand, by
    /// simulation of Gaussians at ε from 4 to 10; a share chosen by its outcome would not hold at the stated confidence.
    private static let guessedShare = 0.25

    /// Guesses, and bounds ε.
    init(
        _ claim: AuditClaim, _ record: CanaryRecord, _ settings: RunSettings, seed: UInt64, confidence: Double
    ) throws(ConfigurationError) {
        let (included, excluded) = record.scores
        (mechanism, delta, noise) = (settings.privacy?.rawValue ?? "", claim.delta, claim.noise)
        (canaries, self.included, self.seed) = (included.count + excluded.count, included.count, seed)
        if case .sample = record.terms.unit { unit = "sample" } else { unit = "client" }
        rounds = record.releases
        epsilon = try claim.epsilon()
        self.confidence = confidence
        // The better half is guessed to be in: where ratios are of wrong noise, 0 does not part them. Any rule that sees scores
        // alone is right with the chance of the likelier coin at most, canary by canary, so that the binomial's bound holds.
        let all = try PrivacyAudit.Guesses(
            included: included, excluded: excluded, highest: canaries / 2, lowest: canaries - canaries / 2)
        let half = max(1, Int(Double(canaries) * Self.guessedShare / 2))
        let extreme = try PrivacyAudit.Guesses(included: included, excluded: excluded, highest: half, lowest: half)
        let error = (1 - confidence) / Double(AuditBound.Kind.allCases.count)
        var bounds: [AuditBound] = []
        for kind in AuditBound.Kind.allCases {
            bounds.append(try claim.bound(kind, kind == .independent ? all : extreme, error: error))
        }
        self.bounds = bounds
    }

    /// ε is not below this, save with a chance of 1 − ``confidence``: the largest of the bounds.
    package var lowerBound: Double { bounds.map(\.epsilon).max() ?? 0 }

    /// Whether the run leaks more than the accountant says.
    package var isViolated: Bool { bounds.contains(where: \.refutesClaim) }
}
