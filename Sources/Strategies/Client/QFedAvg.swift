public import FedCore

/// Fair resource allocation (q-FedAvg): clients with a high loss count more, the more so the larger q, so that
/// the accuracies of the clients are less unlike.
///
/// With Δₖ = Fₖ^q·L(w − wₖ) and hₖ = q·Fₖ^(q−1)‖L(w − wₖ)‖² + L·Fₖ^q, Fₖ a client's loss at the global weights
/// and L = 1/η, the server moves by −ΣΔₖ/Σhₖ. Clients count alike, whatever they hold. With q = 0 it is the
/// plain mean.
///
/// The step is a ratio of sums whose terms have any size: 0.1¹⁵, 3¹⁵. A client sends Fₖ^q(wₖ − w) and Fₖ^q(1 +
/// q‖wₖ − w‖²/(ηFₖ)), which are Δₖ and hₖ over −L and L, as floats of ordinary size times a power of two: that
/// of Fₖ^q. Each client makes one more pass over its data, for Fₖ.
///
/// T. Li et al., *Fair Resource Allocation in Federated Learning*, ICLR 2020, algorithm 2, arXiv:1905.10497.
public struct QFedAvg: Strategy {
    public static let name = "qfedavg"
    public static let summary = "fairness: clients with a high loss count more"

    /// q from 0 to 10,000, the emphasis on high losses; option `q`, 0 is the plain mean.
    public var q = 1.0
    /// Largest q, with which exponents stay whole numbers below 2²⁴, as Floats hold them exactly.
    private static let largestQ = 10_000.0

    public init() {}

    public mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {
        q = try options.number("q", default: q, "from 0 to 10000") { $0 >= 0 && $0 <= Self.largestQ }
    }

    public var traffic: StrategyTraffic { StrategyTraffic(extraNumbers: 1, isScaled: true) }
    public var localWork: LocalWork { .trainingAfterGradient }
    public var needsSGD: String? { "takes an update over the learning rate for a gradient" }

    /// 1: clients count alike.
    public func weight(samples: Int) -> Double { 1 }

    /// Scales the update by Fₖ^q and sends hₖ/L and the exponent beside it. A client whose loss is NaN,
    /// infinite or too small sends NaN, for which the server leaves it out. O(d).
    public func finish(
        _ update: inout MutableSpan<Float>, extra: inout MutableSpan<Float>, state: inout MutableSpan<Float>,
        broadcast: Span<Float>, gradient: Span<Float>, work: FinishedWork
    ) {
        // A loss of exactly 0 has no power q − 1 < 0; it is as good as one that is tiny.
        let loss = work.initialLoss == 0 ? 1e-10 : work.initialLoss
        guard loss > 0, loss.isNormal else {
            extra[0] = .nan  // which leaves the client out
            return
        }
        let (power, exponent) = Self.power(loss, q)
        let squaredNorm = update.span.squaredNorm
        let curvature = squaredNorm > 0 ? q * squaredNorm / (work.learningRate * loss) : 0
        extra[0] = Float(power * (1 + curvature))
        extra[1] = Float(exponent)
        update.scale(by: Float(power))
    }

    /// x^q as a number in (½, 1] and the exponent of the power of two that belongs to it. The same bits on
    /// every machine.
    private static func power(_ x: Double, _ q: Double) -> (Double, exponent: Int) {
        let ln2 = 0.693_147_180_559_945_3
        let binary = q * (PortableMath.log(x) / ln2)
        let exponent = binary.rounded(.up)
        return (PortableMath.exp((binary - exponent) * ln2), Int(exponent))
    }

    /// w ← w + ΣFₖ^q(wₖ − w) / Σ(hₖ/L); the divisor is the element behind the update. O(d).
    public mutating func apply(_ mean: Span<Float>, to global: inout MutableSpan<Float>, in round: AggregatedRound) {
        let divisor = Double(mean[global.count])
        guard divisor > 0 else { return }
        for i in 0..<global.count { global[unchecked: i] += Float(Double(mean[unchecked: i]) / divisor) }
    }
}
