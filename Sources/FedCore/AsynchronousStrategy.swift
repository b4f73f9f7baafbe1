/// A strategy whose server does not wait for a cohort.
///
/// Clients start whenever there is room, from the weights of that moment, and every `bufferSize` updates that come in
/// make a step, which is a new *version* of the weights. An update that was trained from version τ and is used in the
/// step from version t has the staleness t − τ. A step moves the weights by Σ nᵢ s(t − τᵢ) uᵢ / Σ nᵢ, which `apply`
/// receives as its mean: the staleness scales an update, and does not change what it weighs, so a buffer of stale
/// updates makes a short step and not a full one.
///
/// ``Strategy/traffic`` must stay at its default: nothing is sent beside weights and updates, and clients keep no
/// state.
///
/// The buffer is that of J. Nguyen et al., *Federated Learning with Buffered Asynchronous Aggregation*, AISTATS 2022,
/// arXiv:2106.06639; the staleness function that of C. Xie, S. Koyejo, I. Gupta, *Asynchronous Federated Optimization*,
/// 2019, arXiv:1903.03934.
public protocol AsynchronousStrategy: Strategy {
    /// Updates that make a step of the server, ≥ 1.
    var bufferSize: Int { get }

    /// The vector that is averaged as uᵢ.
    var contribution: AsynchronousContribution { get }

    /// Largest staleness, in versions, of an update that is used; nil when all are.
    var largestStaleness: Int? { get }

    /// The factor s of an update.
    /// - Parameter staleness: versions since the client started, ≥ 0.
    /// - Returns: a number in [0, 1], the same bits on every machine; 1 for a staleness of 0.
    func stalenessWeight(_ staleness: Int) -> Double
}

extension AsynchronousStrategy {
    public static var isAsynchronous: Bool { true }
    public var asynchronous: (any AsynchronousStrategy)? { self }
}

/// The vector that a client contributes to a step of an asynchronous server. The two differ for a stale update only.
public enum AsynchronousContribution: Sendable, Equatable {
    /// The client's weights minus those that it started from, w_τ.
    case change
    /// The client's weights minus the present global ones, wₜ: a step mixes models.
    case model
}
