public import FedCore

/// Keeps what arrives in a buffer and makes a step when it holds K updates: w ← w + η Δ̄ with Δ̄ their mean, each scaled
/// by s(t − τ) = 1/√(1 + t − τ).
///
/// J. Nguyen et al., *Federated Learning with Buffered Asynchronous Aggregation*, AISTATS 2022, algorithm 1,
/// arXiv:2106.06639. There clients weigh the same; here they weigh their samples, as in FedAvg: with K the cohort and
/// nothing stale this is FedAvg.
public struct FedBuff: AsynchronousStrategy {
    public static let name = "fedbuff"
    public static let summary = "asynchronous: a step whenever a buffer of K updates is full"

    /// K ≥ 1.
    public var bufferSize = 10
    /// η > 0.
    public var serverRate = 1.0
    public var staleness = StalenessFunction.polynomial(a: 0.5)
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

    public mutating func apply(_ mean: Span<Float>, to global: inout MutableSpan<Float>, in round: AggregatedRound) {
        global.add(mean, times: Float(serverRate))
    }
}
