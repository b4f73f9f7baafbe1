public import FedCore

/// Buffered asynchronous aggregation: keeps what arrives in a buffer and makes a step when it holds K updates,
/// w ← w + η Δ̄ with Δ̄ their mean, each scaled by s(t − τ) = 1/√(1 + t − τ).
///
/// Between FedAvg and ``FedAsync``: nobody waits for the slowest client, and a step rests on more than one. The
/// paper weighs clients equally; here they weigh their samples, as in FedAvg: with K the cohort and nothing
/// stale this is FedAvg.
///
/// J. Nguyen et al., *Federated Learning with Buffered Asynchronous Aggregation*, AISTATS 2022, algorithm 1,
/// arXiv:2106.06639.
public struct FedBuff: AsynchronousStrategy {
    public static let name = "fedbuff"
    public var portableHalf: PortableHalf? { .plain }
    public static let summary = "asynchronous: a step whenever a buffer of K updates is full"

    /// K, the number of updates of a step, from 1 to 65,535; option `buffer`.
    public var bufferSize = 10
    /// η > 0, the length of a step along the mean; option `server-lr`.
    public var serverRate = 1.0
    /// s, the factor of a stale update; options `staleness`, `a` and `b`.
    public var staleness = StalenessFunction.polynomial(a: 0.5)
    /// Staleness above which an update is left out; option `max-staleness`, nil: no limit.
    public var largestStaleness: Int?

    public init() {}

    public mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {
        bufferSize = try options.integer("buffer", default: bufferSize, "from 1 to 65535") { (1...65_535).contains($0) }
        serverRate = try options.number("server-lr", default: serverRate, "greater than 0") { $0 > 0 }
        staleness = try StalenessFunction(&options)
        largestStaleness = try options.largestStaleness()
    }

    public var contribution: AsynchronousContribution { .change }
    public func stalenessWeight(_ staleness: Int) -> Double { self.staleness(staleness) }

    /// w ← w + η Δ̄. O(d).
    public mutating func apply(_ mean: Span<Float>, to global: inout MutableSpan<Float>, in round: AggregatedRound) {
        global.add(mean, times: Float(serverRate))
    }
}
