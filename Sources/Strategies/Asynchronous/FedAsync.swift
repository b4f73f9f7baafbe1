public import FedCore

/// Asynchronous mixing: each client's model is mixed into the global one as it arrives, w ← (1 − αₜ)w + αₜwₖ
/// with αₜ = α·s(t − τ). Clients hold near the weights they started from by a proximal term, μ/2 ‖w − w_τ‖².
///
/// No client waits for another, so slow devices cost nothing; their models count less, by the staleness
/// function s.
///
/// C. Xie, S. Koyejo, I. Gupta, *Asynchronous Federated Optimization*, 2019, algorithm 1 and section 5.2,
/// arXiv:1903.03934. The paper calls μ ρ.
public struct FedAsync: AsynchronousStrategy {
    public static let name = "fedasync"
    public static let summary = "asynchronous: mixes each client's model into the global one as it arrives"

    /// α in (0, 1], the weight of a fresh model; 1 puts it in the place of the global one. Option `alpha`.
    public var alpha = 0.6
    /// μ ≥ 0, the strength of the proximal term; option `mu`, 0 leaves it out.
    public var mu = 0.005
    /// s, the weight of a stale model; options `staleness`, `a` and `b`.
    public var staleness = StalenessFunction.polynomial(a: 0.5)
    /// Staleness above which a model is left out; option `max-staleness`, nil: no limit.
    public var largestStaleness: Int?

    public init() {}

    public mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {
        alpha = try options.number("alpha", default: alpha, "above 0 and at most 1") { $0 > 0 && $0 <= 1 }
        mu = try options.number("mu", default: mu, "at least 0") { $0 >= 0 }
        staleness = try StalenessFunction(&options)
        largestStaleness = try options.largestStaleness()
    }

    public var bufferSize: Int { 1 }
    public var contribution: AsynchronousContribution { .model }
    public func stalenessWeight(_ staleness: Int) -> Double { self.staleness(staleness) }

    /// Whether there is a proximal term.
    public var correctsGradients: Bool { mu != 0 }

    /// Adds the gradient of the proximal term, μ(w − w_τ). O(d).
    public func correct(
        _ gradient: inout MutableSpan<Float>, weights: Span<Float>, anchor: Span<Float>, drift: Span<Float>
    ) {
        var proximal = FedProx()
        proximal.mu = mu
        proximal.correct(&gradient, weights: weights, anchor: anchor, drift: drift)
    }

    /// w ← w + α·s(t − τ)(wₖ − w): the mean has been scaled by s already. O(d).
    public mutating func apply(_ mean: Span<Float>, to global: inout MutableSpan<Float>, in round: AggregatedRound) {
        global.add(mean, times: Float(alpha))
    }
}
