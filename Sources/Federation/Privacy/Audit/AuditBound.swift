import FedCore
import Foundation
package import Privacy

/// A lower bound of ε that an audit has found, with what it rests on.
package struct AuditBound: Sendable {
    /// How a bound follows from guesses.
    package enum Kind: String, Sendable, CaseIterable, Codable {
        /// A bound from all canaries, whose right guesses are independent because noise and directions are.
        case independent
        /// A bound from one run and its whole privacy curve, however canaries depend on one another.
        case curve
        /// A bound from one run and (ε, δ) alone.
        case point
    }

    /// How it follows.
    package let kind: Kind
    /// What was guessed.
    package let guesses: PrivacyAudit.Guesses
    /// ε is not below, save with a chance of `error`; 0 where nothing was shown.
    package let epsilon: Double
    /// Whether the claim is refuted at that chance.
    package let refutesClaim: Bool
}

/// What an accountant says of the audited run, and what it would say of the same run with other noise.
struct AuditClaim {
    /// Everything that was released about one record, at a noise multiplier.
    let composition: (_ noise: Double) throws(ConfigurationError) -> PrivacyComposition
    /// z, as the accountant was told.
    let noise: Double
    let delta: Double

    /// Factors of the noise that bounds are looked for in: 2⁻⁷ to 2⁷, and steps of 2^(1/256).
    private static let (octaves, steps) = (7, 256)

    /// ε of the claim.
    func epsilon() throws(ConfigurationError) -> Double { try epsilon(noise) }

    private func epsilon(_ noise: Double) throws(ConfigurationError) -> Double {
        try PrivacyAccountantKind.pld.accountant.epsilon(of: composition(noise), delta: delta).upper
    }

    /// The bound that a test shows: ε of the least noise that is refuted, of all factors of the claimed one.
    /// - Parameters:
    ///   - kind: how it follows.
    ///   - guesses: what was guessed.
    ///   - error: chance that it is wrong.
    func bound(
        _ kind: AuditBound.Kind, _ guesses: PrivacyAudit.Guesses, error: Double
    ) throws(ConfigurationError) -> AuditBound {
        if kind == .point {
            let bound = try PrivacyAudit.epsilon(guesses, delta: delta, error: error)
            return AuditBound(
                kind: kind, guesses: guesses, epsilon: bound, refutesClaim: bound > (try epsilon()))
        }
        func isRefuted(_ noise: Double) throws(ConfigurationError) -> Bool {
            let curve = try TradeOffCurve(composition(noise))
            return kind == .curve
                ? PrivacyAudit.refutes(curve, by: guesses, error: error)
                : PrivacyAudit.refutes(curve, byIndependent: guesses, error: error)
        }
        func noise(_ place: Int) -> Double { self.noise * exp2(Double(place) / Double(Self.steps)) }
        var (low, high) = (-Self.octaves * Self.steps, Self.octaves * Self.steps)
        guard try isRefuted(noise(high)) else {
            return AuditBound(kind: kind, guesses: guesses, epsilon: 0, refutesClaim: false)
        }
        // More noise promises more, and is refuted where less is.
        while high - low > 1 {
            let middle = (low + high) / 2
            if try isRefuted(noise(middle)) { high = middle } else { low = middle }
        }
        return AuditBound(
            kind: kind, guesses: guesses, epsilon: try epsilon(noise(high)), refutesClaim: try isRefuted(self.noise))
    }
}
