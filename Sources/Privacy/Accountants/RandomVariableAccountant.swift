public import FedCore
import Foundation

/// The accountant of privacy random variables, with an error on both sides.
///
/// S. Gopi, Y. T. Lee, L. Wutschitz, *Numerical Composition of Differential Privacy*, NeurIPS
/// 2021, arXiv 2106.02848. The losses are truncated to ±L (remark 5.6), discretised at h =
/// ε_err / √(k/2 · ln(12/δ_err)) for k releases with their mean kept (algorithm 2), and
/// composed; then δ(ε + ε_err) − δ_err ≤ δ̃(ε) ≤ δ(ε − ε_err) + δ_err (theorem 5.5).
public struct RandomVariableAccountant: PrivacyAccountant {
    public var kind: PrivacyAccountantKind { .prv }
    /// ε_err: half the distance of the bounds on ε, but for δ_err.
    public let epsilonError: Double
    /// δ_err over δ.
    public let deltaErrorShare: Double

    /// Most points of the grid: half a gigabyte.
    private static let mostPoints = 1 << 23

    /// Makes an accountant; with the usual errors those of Opacus.
    /// - Parameters:
    ///   - epsilonError: ε_err, above 0. Half the error takes twice the time and memory.
    ///   - deltaErrorShare: δ_err over δ, in (0, 1).
    public init(epsilonError: Double = 0.01, deltaErrorShare: Double = 1e-3) {
        precondition(
            epsilonError > 0 && (0..<1).contains(deltaErrorShare) && deltaErrorShare > 0, "errors out of range")
        self.epsilonError = epsilonError
        self.deltaErrorShare = deltaErrorShare
    }

    /// Lower bound, estimate and upper bound.
    /// - Complexity: O(n log n) for each distinct part, n some 6 L √k / ε_err: 40 ms for a
    ///   thousand rounds.
    /// - Throws: `ConfigurationError` for what has Rényi bounds only, for δ below 10⁻¹¹, and
    ///   for an error that would need too fine a grid.
    /// - Parameters:
    ///   - composition: what was released.
    ///   - delta: δ in (0, 1), from 10⁻¹¹ on.
    /// - Returns: the larger of both directions, each bound for itself.
    public func epsilon(of composition: PrivacyComposition, delta: Double) throws(ConfigurationError) -> EpsilonBounds {
        try checkDelta(delta)
        guard delta >= LossDistributionAccountant.leastDelta else {
            throw ConfigurationError(
                "prv resolves delta from \(LossDistributionAccountant.leastDelta) on, not \(delta); rdp does")
        }
        let parts = try LossParts(composition, for: kind)
        guard parts.count > 0 else { return EpsilonBounds(lower: 0, epsilon: 0, upper: 0) }
        let deltaError = delta * deltaErrorShare
        let curve = parts.curve
        guard curve.epsilon(delta: delta).epsilon < .infinity else { return EpsilonBounds(upper: .infinity) }
        let losses = try composed(parts, curve, deltaError: deltaError)
        return EpsilonBounds(
            lower: max(0, losses.epsilon(delta: delta + deltaError) - epsilonError),
            epsilon: losses.epsilon(delta: delta),
            upper: losses.epsilon(delta: delta - deltaError) + epsilonError + parts.slack)
    }

    /// An upper bound of δ at ε: δ̃(ε − ε_err) + δ_err, with a δ_err of 10⁻¹⁰.
    /// - Parameters:
    ///   - composition: what was released.
    ///   - epsilon: ε ≥ 0.
    /// - Returns: an upper bound in [0, 1].
    public func delta(of composition: PrivacyComposition, epsilon: Double) throws(ConfigurationError) -> Double {
        guard epsilon >= 0 else { throw ConfigurationError("epsilon is \(epsilon); it must not be below 0") }
        let parts = try LossParts(composition, for: kind)
        guard parts.count > 0 else { return 0 }
        let curve = parts.curve
        guard curve.divergences.contains(where: { $0 < .infinity }) else { return 1 }
        let deltaError = 1e-10
        let losses = try composed(parts, curve, deltaError: deltaError)
        return min(1, losses.delta(epsilon: epsilon - epsilonError - parts.slack) + deltaError)
    }

    /// The losses of all releases together, conditioned on their being within the range.
    /// - Parameters:
    ///   - parts: what was released.
    ///   - curve: its Rényi divergences, from which the range follows.
    ///   - deltaError: δ_err, which pays for the truncation and for the rounding.
    /// - Returns: losses at whole multiples of a step below h, each shifted by the mean that
    ///   rounding cost.
    /// - Throws: `ConfigurationError` when h would need more points than there is memory for.
    private func composed(
        _ parts: LossParts, _ curve: RenyiCurve, deltaError: Double
    ) throws(ConfigurationError) -> LossPair {
        let count = Double(parts.count)
        // Remark 5.6: wide enough for the sum, and for each loss alone.
        var range = max(curve.epsilon(delta: deltaError / 4).epsilon, epsilonError)
        for (part, _) in parts.all {
            range = max(range, RenyiCurve(part).epsilon(delta: deltaError / 8 / count).epsilon)
        }
        range += 3
        let mesh = epsilonError / (count / 2 * log(12 / deltaError)).squareRoot()
        let points = LossWindow.points(for: 2 * range / mesh + 2, in: 1 << 10...Self.mostPoints)
        let reach = points / 2 - 1
        let step = range / Double(reach)
        guard step <= mesh else {
            throw ConfigurationError(
                "prv would need more than \(NumberText.grouped(Self.mostPoints)) points for an error of \(epsilonError) in epsilon; "
                    + "allow a larger error, or take pld")
        }
        var composition = LossComposition(count: points, step: step)
        for (part, times) in parts.all {
            composition.add(.matchingMeans(part, step: step, reach: reach), times: times)
        }
        return composition.losses(first: -reach, lost: 0)
    }
}
