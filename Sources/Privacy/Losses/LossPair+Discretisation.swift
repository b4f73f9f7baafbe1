import Foundation

extension LossPair {
    /// Connects the dots: the discrete distribution whose δ(ε) agrees with the exact one at
    /// every multiple of the step, and is the chord in e^ε between, which lies above, because δ
    /// is convex in e^ε.
    ///
    /// V. Doroshenko, B. Ghazi, P. Kamath, R. Kumar, P. Manurangsi, *Connect the Dots: Tighter
    /// Discrete Approximations of Privacy Loss Distributions*, PoPETS 2022, arXiv 2207.04380,
    /// algorithm 1. Here in its equal form by cells: the mass p of a cell [a, b] goes to both
    /// ends so that p and E[e^{−L}], which is the mass r of the other distribution, stay what
    /// they are: w_a = (r e^b − p) / (e^{b − a} − 1). So it is never optimistic, and its error
    /// is of second order in the step. Mass below the range is moved up to its lower end, mass
    /// above it to infinity.
    /// - Parameters:
    ///   - part: Gaussian noise on all records or on a Poisson sample.
    ///   - step: distance of two losses, in nats.
    ///   - tail: mass that may be truncated at each end.
    /// - Complexity: O(range of the loss / step).
    static func connectingDots(_ part: SampledGaussian, step: Double, tail: Double) -> LossPair {
        let cells = LossCells(part, step: step, tail: tail)
        let count = cells.without.count
        var remove = [Double](repeating: 0, count: count + 1)
        var add = remove
        let growth = expm1(step)
        /// w_a, within [0, p]; 0, which is pessimistic, where e^b overflows.
        func lowerEnd(of mass: Double, other: Double, upper: Double) -> Double {
            guard upper < 700 else { return 0 }
            return min(max((other * exp(upper) - mass) / growth, 0), mass)
        }
        for i in 0..<count {
            let (without, with) = (cells.without[i], cells.with[i])
            let low = Double(cells.first + i) * step
            // Removal: p = with, r = without, losses [low, low + step].
            let stays = lowerEnd(of: with, other: without, upper: low + step)
            remove[i] += stays
            remove[i + 1] += with - stays
            // Addition: p = without, r = with, losses [−low − step, −low]; its array is filled from the top.
            let falls = lowerEnd(of: without, other: with, upper: -low)
            add[count - i - 1] += falls
            add[count - i] += without - falls
        }
        remove[0] += cells.below.with
        add[0] += cells.above.without
        return LossPair(
            remove: LossMasses(step: step, first: cells.first, masses: remove, infinite: cells.above.with),
            add: LossMasses(step: step, first: -cells.last, masses: add, infinite: cells.below.without))
    }

    /// Rounds to the nearest multiple of the step, conditioned on the range −reach…reach, and
    /// shifts so that the mean is the exact one.
    ///
    /// S. Gopi, Y. T. Lee, L. Wutschitz, *Numerical Composition of Differential Privacy*,
    /// NeurIPS 2021, arXiv 2106.02848, algorithm 2: then the error of a composition of k grows
    /// with √k, because the rounding errors of independent losses, of mean 0, cancel.
    /// - Parameter reach: a multiple of the step, in steps.
    /// - Returns: masses that add up to 1, without any at infinity.
    static func matchingMeans(_ part: SampledGaussian, step: Double, reach: Int) -> LossPair {
        let cells = LossCells(part, step: step, offset: -0.5, tail: 1e-16)
        // Cell i lies around the multiple first + i.
        let inside = max(-reach, cells.first)..<max(min(reach + 1, cells.last), max(-reach, cells.first) + 1)
        func masses(_ all: [Double]) -> [Double] {
            let kept = inside.map { all.indices.contains($0 - cells.first) ? all[$0 - cells.first] : 0 }
            let sum = kept.reduce(0, +)
            return kept.map { $0 / sum }
        }
        let means = meanLosses(part)
        func matched(_ masses: [Double], first: Int, mean: Double) -> LossMasses {
            var losses = LossMasses(step: step, first: first, masses: masses, infinite: 0)
            let discrete = masses.indices.reduce(0) { $0 + masses[$1] * losses.loss($1) }
            losses.shift = mean - discrete
            return losses
        }
        return LossPair(
            remove: matched(masses(cells.with), first: inside.lowerBound, mean: means.remove),
            add: matched(masses(cells.without).reversed(), first: 1 - inside.upperBound, mean: means.add))
    }

    /// E[L] in both directions, by the trapezoid rule over x.
    ///
    /// L is analytic in a strip of half-width πσ² around the real axis, so the rule at σ/24
    /// errs by less than exp(−2π · 24 · πσ) for the noise multipliers that anybody uses (L. N.
    /// Trefethen, J. Weideman, *The Exponentially Convergent Trapezoidal Rule*, SIAM Review
    /// 56(3), 2014, theorem 5.1); for smaller ones the step is finer.
    /// - Returns: the mean of removal's loss under P, and of addition's under Q, in nats; both
    ///   are Kullback-Leibler divergences.
    private static func meanLosses(_ part: SampledGaussian) -> (remove: Double, add: Double) {
        let q = part.probability
        let noise = part.noiseMultiplier
        let step = noise * min(1.0 / 24, noise / 4)
        let reach = 9.5 * noise
        var (with, without) = (0.0, 0.0)
        let count = Int(((1 + 2 * reach) / step).rounded(.up))
        for i in 0...count {
            let x = Double(i) * step - reach
            let loss = LossCells.loss(at: x, q, noise)
            let zero = NormalDistribution.density(x / noise)
            with += loss * ((1 - q) * zero + q * NormalDistribution.density((x - 1) / noise))
            without -= loss * zero
        }
        return (with * step / noise, without * step / noise)
    }
}
