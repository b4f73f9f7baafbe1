public import FedCore
import Foundation

/// Finds the noise, or the number of rounds, that a budget (ε, δ) allows.
///
/// ```swift
/// let calibration = NoiseCalibration(epsilon: 8, delta: 1e-5, accountant: LossDistributionAccountant())
/// let noise = try calibration.noiseMultiplier(rounds: 1_000) { .sampledGaussian(noiseMultiplier: $0, probability: 0.01) }
/// ```
public struct NoiseCalibration: Sendable {
    /// The budget: ε above 0.
    public let epsilon: Double
    /// The budget: δ in (0, 1).
    public let delta: Double
    /// What holds the budget. Of an ε with an error the upper bound counts.
    public let accountant: any PrivacyAccountant
    /// When data sets are neighbours.
    public let relation: NeighbouringRelation

    /// A budget.
    /// - Throws: `ConfigurationError` for an ε or δ out of range.
    /// - Parameters:
    ///   - epsilon: what may be spent, above 0.
    ///   - delta: δ in (0, 1), of everything together.
    ///   - accountant: whose bound counts.
    ///   - relation: when data sets are neighbours.
    public init(
        epsilon: Double, delta: Double, accountant: any PrivacyAccountant,
        relation: NeighbouringRelation = .addOrRemoveOne
    ) throws(ConfigurationError) {
        guard epsilon > 0, epsilon < .infinity else {
            throw ConfigurationError("epsilon is \(epsilon); it must be above 0")
        }
        try checkDelta(delta)
        self.epsilon = epsilon
        self.delta = delta
        self.accountant = accountant
        self.relation = relation
    }

    /// The least noise multiplier for so many rounds, rounded up to six significant digits: it
    /// can be printed whole, and is the same on machines whose logarithms differ in the last
    /// place.
    ///
    /// - Parameters:
    ///   - rounds: how often the event takes place, from 1.
    ///   - event: a round with this noise multiplier.
    /// - Throws: `ConfigurationError` when no noise multiplier of ``PrivacyEvent/noiseRange``
    ///   will do, or the accountant does not take the event.
    /// - Complexity: some ten ε by each cheaper accountant, and five of the accountant's own.
    public func noiseMultiplier(
        rounds: Int, _ event: (Double) -> PrivacyEvent
    ) throws(ConfigurationError) -> Double {
        func spent(_ noise: Double, _ accountant: any PrivacyAccountant) throws(ConfigurationError) -> Double {
            let composition = try PrivacyComposition(event(noise), times: rounds, under: relation)
            return try accountant.epsilon(of: composition, delta: delta).upper
        }
        // Cheaper accountants first: each is near the next, so that the dearest is asked a few times only.
        let order: [(any PrivacyAccountant, spread: Double)] =
            switch accountant.kind {
            case .rdp: [(accountant, 0.25)]
            case .pld: [(RenyiAccountant(), 0.25), (accountant, 0.1)]
            case .prv:
                [(RenyiAccountant(), 0.25), (LossDistributionAccountant(resolution: 0.01), 0.1), (accountant, 0.005)]
            }
        var noise = 1.0
        for (number, step) in order.enumerated() {
            let isLast = number == order.count - 1
            noise = try search(from: noise, spread: step.spread, tolerance: isLast ? 1e-6 : 1e-3) {
                (noise) throws(ConfigurationError) in try spent(noise, step.0)
            }
        }
        return Self.roundedUp(noise)
    }

    /// The most rounds within the budget; 0 when one is too many.
    /// - Parameter event: a round.
    /// - Throws: `ConfigurationError` when the event costs nothing, or the accountant does not
    ///   take it.
    /// - Complexity: some twenty answers of the accountant, around what Rényi divergences
    ///   allow.
    public func rounds(_ event: PrivacyEvent) throws(ConfigurationError) -> Int {
        let one = try PrivacyComposition(event, under: relation)
        guard !one.isEmpty else {
            throw ConfigurationError("the event releases nothing: any number of rounds is within the budget")
        }
        func isWithin(_ rounds: Int) throws(ConfigurationError) -> Bool {
            try accountant.epsilon(of: PrivacyComposition(event, times: rounds, under: relation), delta: delta).upper
                <= epsilon
        }
        guard try isWithin(1) else { return 0 }
        var low = 1
        var high = 2
        // Rényi's answer is below the others', and near.
        if accountant.kind != .rdp {
            let renyi = try NoiseCalibration(
                epsilon: epsilon, delta: delta, accountant: RenyiAccountant(), relation: relation)
            let near = try renyi.rounds(event)
            if near > 1, try isWithin(near) { low = near }
            high = low + max(1, low / 4)
        }
        while high < Self.mostRounds, try isWithin(high) {
            low = high
            high *= 2
        }
        guard high < Self.mostRounds else {
            throw ConfigurationError("more than \(NumberText.grouped(Self.mostRounds)) rounds are within the budget")
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if try isWithin(middle) { low = middle } else { high = middle }
        }
        return low
    }

    /// Rounds beyond this many are not counted.
    static let mostRounds = 100_000_000

    /// The least noise multiplier for which ε is within the budget, to a relative tolerance
    /// from above.
    ///
    /// A bracket by doubling, then the Illinois method on ln ε over ln σ, which is nearly
    /// straight (M. Dowell, P. Jarratt, *A Modified Regula Falsi Method for Computing the Root
    /// of an Equation*, BIT 11, 1971).
    /// - Parameters:
    ///   - start: where the answer is near.
    ///   - spread: how near, as a difference of ln σ.
    ///   - tolerance: of ln σ.
    ///   - spent: ε with a noise multiplier.
    /// - Returns: a noise multiplier that keeps the budget.
    /// - Throws: `ConfigurationError` when none of the range does.
    private func search(
        from start: Double, spread: Double, tolerance: Double, _ spent: (Double) throws(ConfigurationError) -> Double
    ) throws(ConfigurationError) -> Double {
        let range = PrivacyEvent.noiseRange
        /// Above 0 where the budget is broken; finite, so that lines can be drawn.
        func excess(_ logNoise: Double) throws(ConfigurationError) -> Double {
            let ratio = try spent(min(max(exp(logNoise), range.lowerBound), range.upperBound)) / epsilon
            return log(min(max(ratio, 1e-6), 1e6))
        }
        var low = log(start) - spread
        var high = log(start) + spread / 10
        var atLow = try excess(low)
        var atHigh = try excess(high)
        var width = spread
        while atHigh > 0 {
            guard high < log(range.upperBound) else {
                throw ConfigurationError(
                    "no noise multiplier up to \(range.upperBound) keeps epsilon \(epsilon) at delta \(delta)")
            }
            (low, atLow) = (high, atHigh)
            high += width
            width *= 2
            atHigh = try excess(high)
        }
        width = spread
        while atLow <= 0 {
            guard low > log(range.lowerBound) else { return range.lowerBound }
            (high, atHigh) = (low, atLow)
            low -= width
            width *= 2
            atLow = try excess(low)
        }
        var (weightLow, weightHigh) = (atLow, atHigh)
        var movedHigh: Bool?
        for _ in 0..<60 where high - low > tolerance && atHigh < -2 * tolerance {
            let crossing = (low * weightHigh - high * weightLow) / (weightHigh - weightLow)
            // A shade to the safe side, so that both ends move.
            let next = min(max(crossing + tolerance / 4, low + tolerance / 8), high - tolerance / 8)
            let here = try excess(next)
            if here > 0 {
                (low, weightLow) = (next, here)
                if movedHigh == false { weightHigh /= 2 }
            } else {
                (high, atHigh, weightHigh) = (next, here, here)
                if movedHigh == true { weightLow /= 2 }
            }
            movedHigh = here <= 0
        }
        return exp(high)
    }

    /// The next number of six significant digits.
    /// - Parameter number: above 0.
    /// - Returns: at least the number, but for the rounding of a decimal fraction to a double.
    static func roundedUp(_ number: Double) -> Double {
        let unit = pow(10, (log10(number)).rounded(.down) - 5)
        let steps = (number / unit).rounded(.up)
        // The decimal fraction's own double: 1.1 and not 1.1000000000000001.
        return Double(String(format: "%.5e", steps * unit)) ?? steps * unit
    }
}
