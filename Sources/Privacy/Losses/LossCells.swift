import Foundation

/// The privacy loss of one release, cut into cells at the points of a grid.
///
/// With P = (1 − q) N(0, σ²) + q N(1, σ²), the output with the record, and Q = N(0, σ²),
/// without it, the loss of removal at x is L(x) = ln P(x)/Q(x) = ln(1 − q + q exp((2x − 1) /
/// 2σ²)), which grows with x; the loss of addition is −L(x), with x from Q. So one cut of the x
/// axis serves both directions (Y. Zhu, J. Dong, Y.-X. Wang, *Optimal Accounting of
/// Differential Privacy via Characteristic Function*, AISTATS 2022, arXiv 2106.08567, theorem
/// 11: the two are dominating pairs of the sampled mechanism).
struct LossCells {
    /// The edges are (first + i + offset) times the step, for i in 0...cells.
    let first: Int
    /// Mass of Q in each cell.
    private(set) var without: [Double]
    /// Mass of P in each cell.
    private(set) var with: [Double]
    /// Masses of Q and P below the first edge; 0 when the loss has a lower end.
    private(set) var below: (without: Double, with: Double)
    /// Masses of Q and P above the last edge.
    private(set) var above: (without: Double, with: Double)

    /// The edge after the last cell, in steps.
    var last: Int { first + without.count }

    /// Cuts a release.
    /// - Parameters:
    ///   - part: Gaussian noise on all records or on a Poisson sample.
    ///   - step: distance of the edges.
    ///   - offset: of the edges from whole multiples of the step, in steps: 0, or −½ for cells
    ///     around them.
    ///   - tail: mass that may lie outside at each end.
    /// - Complexity: O(range / step), two normal tails each.
    init(_ part: SampledGaussian, step: Double, offset: Double = 0, tail: Double) {
        let q = part.probability
        let noise = part.noiseMultiplier
        let reach = NormalDistribution.bound(tail: tail) * noise
        let top = Self.loss(at: 1 + reach, q, noise)
        let bottom = Self.loss(at: -reach, q, noise)
        let last = Int((top / step - offset).rounded(.up))
        let first = min(Int((bottom / step - offset).rounded(.down)), last - 1)
        self.first = first
        without = [Double](repeating: 0, count: last - first)
        with = without
        below = (0, 0)
        above = (0, 0)
        // For each edge the smaller tail of each normal, and on which side it is: differences of small tails keep their digits.
        var before = (zero: Edge(z: -.infinity), one: Edge(z: -.infinity))
        for edge in first...last {
            let x = Self.place(ofLoss: (Double(edge) + offset) * step, q, noise)
            let here = (zero: Edge(z: x / noise), one: Edge(z: (x - 1) / noise))
            let zero = here.zero.mass(from: before.zero)
            let one = here.one.mass(from: before.one)
            let masses = (without: zero, with: (1 - q) * zero + q * one)
            if edge == first {
                below = masses
            } else {
                without[edge - first - 1] = masses.without
                with[edge - first - 1] = masses.with
            }
            before = here
        }
        let (zero, one) = (before.zero.above, before.one.above)
        above = (zero, (1 - q) * zero + q * one)
    }

    /// L(x), without overflow.
    /// - Parameters:
    ///   - x: the output, in units of the sensitivity.
    ///   - q: probability of the record to be in the sample.
    ///   - noise: σ.
    static func loss(at x: Double, _ q: Double, _ noise: Double) -> Double {
        let exponent = (2 * x - 1) / (2 * noise * noise)
        guard q < 1 else { return exponent }
        return exponent > 0
            ? exponent + log(q + (1 - q) * exp(-exponent)) : log1p(q * expm1(exponent))
    }

    /// The x of a loss: σ² ln((e^L − 1 + q) / q) + ½; −∞ at and below the least loss, ln(1 −
    /// q).
    /// - Parameters:
    ///   - loss: in nats.
    ///   - q: probability of the record to be in the sample.
    ///   - noise: σ.
    private static func place(ofLoss loss: Double, _ q: Double, _ noise: Double) -> Double {
        guard q < 1 else { return noise * noise * loss + 0.5 }
        let ratio: Double
        if loss > 1 {
            ratio = loss + log1p(-(1 - q) * exp(-loss)) - log(q)
        } else {
            let excess = expm1(loss) / q
            guard excess > -1 else { return -.infinity }
            ratio = log1p(excess)
        }
        return noise * noise * ratio + 0.5
    }

    /// A point of a standard normal, as the smaller of its tails.
    private struct Edge {
        /// P[Z > z] for z > 0, else P[Z < z].
        let tail: Double
        /// Whether the tail is the upper one.
        let isRight: Bool

        /// - Parameter z: the point; may be infinite.
        init(z: Double) {
            isRight = z > 0
            tail = NormalDistribution.upperTail(abs(z))
        }

        /// P[Z > z].
        var above: Double { isRight ? tail : 1 - tail }

        /// The mass between a point on the left and this one. Where both tails are on one side it is their
        /// difference, so that masses far out keep their digits.
        func mass(from left: Edge) -> Double {
            switch (left.isRight, isRight) {
            case (false, false): tail - left.tail
            case (true, true): left.tail - tail
            default: 1 - tail - left.tail
            }
        }
    }
}
