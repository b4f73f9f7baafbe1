import FedCore

/// The coordinates of a training step's dropout masks: the same key draws the same masks on whichever rank, in whatever
/// layout a processor's primitives have.
public struct DropoutKey: Sendable, Equatable {
    /// The run's seed.
    public let seed: UInt64
    /// The round, 0 ≤ round < 2³².
    public let round: Int
    /// The client, 0 ≤ client < 2³².
    public let client: Int
    /// Number of the client's steps before in this round: 0 ≤ step < 2²⁰.
    public var step: Int

    /// Makes a key.
    public init(seed: UInt64, round: Int, client: Int, step: Int) {
        self.seed = seed
        self.round = round
        self.client = client
        self.step = step
    }

    /// The random stream of one dropout layer: layer and step share the 24 bits of the stream's salt.
    /// - Parameter layer: index among the dropout layers of the whole model, 0 ≤ layer < 16.
    /// - Precondition: `step` and `layer` are in range.
    func stream(layer: Int) -> RandomStream {
        precondition(step >= 0 && step < 1 << 20, "step \(step) is outside 0 ..< 2^20")
        precondition(layer >= 0 && layer < 16, "a model has at most 16 dropout layers")
        return RandomStream(seed: seed, .dropout, round: round, client: client, salt: layer << 20 | step)
    }
}
