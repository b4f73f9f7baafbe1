import FedCore

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// Fair resource allocation: clients with a high loss count more, the more so the larger q.
///
/// A client sends Δₖ = Fₖ^q·L(w − wₖ) and hₖ = q·Fₖ^(q−1)‖L(w − wₖ)‖² + L·Fₖ^q with Fₖ its loss at the global weights and
/// L = 1/η; the server moves by −ΣΔₖ/Σhₖ. Clients count alike, whatever they hold. With q = 0 it is the plain mean.
///
/// T. Li et al., *Fair Resource Allocation in Federated Learning*, ICLR 2020, algorithm 2, arXiv:1905.10497.
public struct QFedAvg: Strategy {
    public static let name = "qfedavg"
    public static let summary = "fairness: clients with a high loss count more"

    /// q ≥ 0.
    public var q = 1.0

    public init() {}

    public mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {
        q = try options.number("q", default: q, "at least 0") { $0 >= 0 }
    }

    public var traffic: StrategyTraffic { StrategyTraffic(extraNumbers: 1) }
    public var localWork: LocalWork { .trainingAfterGradient }

    public func weight(samples: Int) -> Double { 1 }

    public func finish(
        _ update: inout MutableSpan<Float>, extra: inout MutableSpan<Float>, state: inout MutableSpan<Float>,
        broadcast: Span<Float>, gradient: Span<Float>, work: FinishedWork
    ) {
        // A loss of exactly 0 has no power q − 1 < 0; it is as good as one that is tiny.
        let loss = max(work.initialLoss, 1e-10)
        let smoothness = 1 / work.learningRate
        let power = pow(loss, q)
        let squaredNorm = update.span.squaredNorm * smoothness * smoothness
        extra[0] = Float(q * power / loss * squaredNorm + smoothness * power)
        update.scale(by: Float(power * smoothness))
    }

    public mutating func apply(_ mean: Span<Float>, to global: inout MutableSpan<Float>, in round: AggregatedRound) {
        let count = global.count
        let divisor = mean[count]
        guard divisor > 0 else { return }
        global.add(mean.extracting(0..<count), times: 1 / divisor)
    }
}
