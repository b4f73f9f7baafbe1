public import FedCore
import Foundation

/// The accountant of privacy loss distributions: losses on a grid, rounded so that δ is never
/// below the truth, composed by Fourier transforms, in both directions of neighbours.
///
/// Grid and window are chosen for each question, so that the error of ε is some 10⁻⁴ of ε:
/// connecting the dots raises the mean of the sum of T losses by T h²/12 and its variance by T
/// h²/6. Releases without sampling alone are answered exactly, in closed form. The δ that
/// truncation costs (10⁻⁶ of δ) is counted. Rounding in the transforms is some 10⁻¹³, so δ
/// below 10⁻¹¹ has no meaning.
public struct LossDistributionAccountant: PrivacyAccountant {
    public var kind: PrivacyAccountantKind { .pld }

    /// Distance of two losses times √T, over ε; smaller is tighter and slower.
    public let resolution: Double

    /// Least δ that transforms in double precision resolve.
    static let leastDelta = 1e-11

    /// Makes an accountant.
    /// - Parameter resolution: as ``resolution``; the usual one agrees with dp-accounting 0.6.0
    ///   at its steps of 10⁻⁴ to four digits.
    public init(resolution: Double = 0.003) {
        precondition(resolution > 0, "a resolution of \(resolution)")
        self.resolution = resolution
    }

    /// An upper bound that is tight to some 10⁻⁴ of itself.
    /// - Complexity: O(n log n) for each distinct part, n some 700 √T: 10 ms for a thousand
    ///   rounds.
    /// - Parameters:
    ///   - composition: what was released.
    ///   - delta: δ in (0, 1), from 10⁻¹¹ on where there is sampling.
    /// - Throws: `ConfigurationError` for a δ out of range, for samples of a fixed size, and
    ///   for coarse noise on whole numbers.
    public func epsilon(of composition: PrivacyComposition, delta: Double) throws(ConfigurationError) -> EpsilonBounds {
        try checkDelta(delta)
        let parts = try LossParts(composition, for: kind)
        guard !parts.sampled.isEmpty else {
            let exact = parts.whole.map { GaussianHockeyStick.epsilon(delta: delta, noiseMultiplier: $0) } ?? 0
            return EpsilonBounds(upper: exact + parts.slack)
        }
        guard delta >= Self.leastDelta else {
            throw ConfigurationError("pld resolves delta from \(Self.leastDelta) on, not \(delta); rdp does")
        }
        let curve = parts.curve
        let scale = curve.epsilon(delta: delta).epsilon
        guard scale < .infinity else { return EpsilonBounds(upper: .infinity) }
        let losses = composed(parts, curve, scale: scale, tail: delta * 1e-6)
        return EpsilonBounds(upper: losses.epsilon(delta: delta) + parts.slack)
    }

    /// δ at ε.
    /// The grid is chosen for this ε, so that δ is right to some 10⁻³ of itself from 10⁻¹² on.
    /// - Parameters:
    ///   - composition: what was released.
    ///   - epsilon: ε ≥ 0.
    /// - Returns: an upper bound in [0, 1].
    /// - Throws: as ``epsilon(of:delta:)``.
    public func delta(of composition: PrivacyComposition, epsilon: Double) throws(ConfigurationError) -> Double {
        guard epsilon >= 0 else { throw ConfigurationError("epsilon is \(epsilon); it must not be below 0") }
        let parts = try LossParts(composition, for: kind)
        let epsilon = max(0, epsilon - parts.slack)
        guard !parts.sampled.isEmpty else {
            return parts.whole.map { GaussianHockeyStick.delta(epsilon: epsilon, noiseMultiplier: $0) } ?? 0
        }
        let curve = parts.curve
        guard curve.divergences.contains(where: { $0 < .infinity }) else { return 1 }
        return composed(parts, curve, scale: max(epsilon, 0.01), tail: 1e-15).delta(epsilon: epsilon)
    }

    /// δ at many ε, from one composition: the curve of a mechanism, as audits compare it with.
    /// - Parameters:
    ///   - composition: what was released.
    ///   - epsilons: each ≥ 0.
    /// - Returns: upper bounds in [0, 1], in the order of `epsilons`.
    /// - Throws: as ``epsilon(of:delta:)``.
    /// - Complexity: of one ``delta(of:epsilon:)``, and O(n) for each ε.
    public func deltas(
        of composition: PrivacyComposition, epsilons: [Double]
    ) throws(ConfigurationError) -> [Double] {
        for epsilon in epsilons where !(epsilon >= 0) {
            throw ConfigurationError("epsilon is \(epsilon); it must not be below 0")
        }
        let parts = try LossParts(composition, for: kind)
        guard !parts.sampled.isEmpty else {
            return epsilons.map { epsilon in
                parts.whole.map {
                    GaussianHockeyStick.delta(epsilon: max(0, epsilon - parts.slack), noiseMultiplier: $0)
                } ?? 0
            }
        }
        let curve = parts.curve
        guard curve.divergences.contains(where: { $0 < .infinity }) else { return epsilons.map { _ in 1 } }
        let losses = composed(parts, curve, scale: 1, tail: 1e-12)
        return epsilons.map { losses.delta(epsilon: max(0, $0 - parts.slack)) }
    }

    /// The losses of all releases together.
    /// - Parameters:
    ///   - parts: what was released.
    ///   - curve: its Rényi divergences, from which the window follows.
    ///   - scale: an ε near the one that is asked for.
    ///   - tail: δ that may be given away at each end.
    /// - Returns: losses in both directions, in the window outside of which the tails are.
    private func composed(_ parts: LossParts, _ curve: RenyiCurve, scale: Double, tail: Double) -> LossPair {
        let count = parts.count
        let coarse = LossWindow(curve, tail: tail)
        let wished = resolution * max(scale, coarse.upper / 200) / Double(count).squareRoot()
        let window = LossWindow(curve, tail: tail, step: wished, count: count)
        let points = LossWindow.points(for: window.width / wished + 2, in: 1 << 12...1 << 22)
        let step = window.width / Double(points - 2)
        var composition = LossComposition(count: points, step: step)
        for (part, times) in parts.all {
            composition.add(.connectingDots(part, step: step, tail: tail / Double(count)), times: times)
        }
        return composition.losses(first: Int((-window.lower / step).rounded(.down)), lost: 2 * tail)
    }
}
