import FedCore
import Records

/// Shares of a sum's noise: each client adds one to its own update, so small that as many as answer at least make the noise of a
/// whole. Where fewer do, the server draws the shares that are missing.
///
/// P. Kairouz, Z. Liu, T. Steinke, *The Distributed Discrete Gaussian Mechanism for Federated Learning with Secure Aggregation*,
/// ICML 2021, arXiv:2102.06387.
struct NoiseShares: Sendable, Equatable {
    /// Shares that make the noise: ⌈(1 − assumed dropout) · cohort⌉.
    let least: Int

    /// Deviations of its noise that a client's message has room for: one number is beyond them with a probability below e⁻⁷².
    private static let deviations = 12.0

    /// Takes cohort and assumed dropout from the settings.
    init(_ settings: RunSettings) {
        // What a Double makes of 0.7 · 10 must not ask for an eighth.
        least = max(1, Int(((1 - settings.assumedDropout) * Double(settings.cohortSize) - 1e-9).rounded(.up)))
    }

    /// σ of a share, where all of them have this one together.
    func sigma(_ sigma: Double) -> Double { sigma / Double(least).squareRoot() }

    /// Shares that are missing where so many clients have answered.
    func missing(_ answers: Int) -> Int { max(0, least - answers) }

    /// Points from 0 to the clip, a power of two: the most with which a Float, and an element of so many bits, holds each number of an
    /// update with its share exactly. Of the sum of numbers that were rounded *behind* their noise nobody could say what it tells.
    /// - Parameters:
    ///   - noise: z.
    ///   - bits: v, of an element with its sign; nil where updates cross as Floats.
    /// - Returns: nil where so few bits have no room for the noise.
    func points(_ noise: Double, bits: Int? = nil) -> Float? {
        // All whole numbers to 2²⁴ are Floats. An element is less than 2ᵛ⁻¹, and σ is rounded up to whole steps, by one at most.
        let most = min(0x1p24, bits.map { Double(1 << ($0 - 1) - 1) - Self.deviations } ?? .infinity)
        guard most > 0 else { return nil }
        // The clip is at less than twice as many points.
        let room = most / 2 / (1 + Self.deviations * sigma(noise))
        return min(0x1p20, Float(sign: .plus, exponent: Int(room.exponent), significand: 1))
    }
}

extension PrivacyTerms {
    /// What to say of a round in which fewer clients than expected have added their share of the noise; nil where enough did, or where
    /// clients add no shares.
    /// - Parameter answers: clients whose update is in the sum.
    func shortage(of answers: Int) -> String? {
        guard case .distributed(let shares) = account.mechanism, shares.missing(answers) > 0 else { return nil }
        return "\(NumberText.grouped(answers)) clients have sent a share of the noise, and it takes "
            + "\(NumberText.grouped(shares.least)): the server added the other \(NumberText.grouped(shares.missing(answers))), "
            + "which it knows; more than --assumed-dropout were missing"
    }
}
