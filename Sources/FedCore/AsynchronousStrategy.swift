/// A strategy whose server waits for no round: clients start whenever there is room, from the weights of that moment, and
/// every `bufferSize` updates that come in make a step, which is a new *version* of the weights.
///
/// An update that was trained from version τ and is used in the step from version t has the staleness t − τ. A step
/// moves the weights by Σ nᵢ s(t − τᵢ) uᵢ / Σ nᵢ, which `apply` receives as its mean: the staleness scales an update, and
/// does not change what it weighs.
///
/// Nothing crosses beside weights and updates, and clients keep nothing: `traffic` stays as it is.
public protocol AsynchronousStrategy: Strategy {
    /// Updates that make a step of the server, ≥ 1.
    var bufferSize: Int { get }

    /// What uᵢ is.
    var contribution: AsynchronousContribution { get }

    /// An update that is staler than this is left out; nil: none is.
    var largestStaleness: Int? { get }

    /// s, in [0, 1] and the same bits on every machine; 1 for an update that is not stale.
    /// - Parameter staleness: ≥ 0.
    func stalenessWeight(_ staleness: Int) -> Double
}

extension AsynchronousStrategy {
    public static var isAsynchronous: Bool { true }
    public var asynchronous: (any AsynchronousStrategy)? { self }
}

/// What a client's work is to a step of an asynchronous server.
public enum AsynchronousContribution: Sendable, Equatable {
    /// The change of the weights since the client's own start.
    case change
    /// The way from the weights as they are to the client's: a step mixes models.
    case model
}
