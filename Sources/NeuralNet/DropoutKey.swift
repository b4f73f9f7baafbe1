import FedCore

/// Which dropout masks a training step draws: the same key draws the same masks on whichever rank, in whatever layout.
public struct DropoutKey: Sendable, Equatable {
    public let seed: UInt64
    public let round: Int
    public let client: Int
    /// Which of the client's steps in this round: 0 ≤ step < 2²⁰.
    public var step: Int

    public init(seed: UInt64, round: Int, client: Int, step: Int) {
        self.seed = seed
        self.round = round
        self.client = client
        self.step = step
    }

    /// - Parameter layer: counts the dropout layers of a model: 0 ≤ layer < 16.
    func stream(layer: Int) -> RandomStream {
        precondition(step >= 0 && step < 1 << 20, "step \(step) is outside 0 ..< 2^20")
        precondition(layer >= 0 && layer < 16, "a model has at most 16 dropout layers")
        return RandomStream(seed: seed, .dropout, round: round, client: client, salt: layer << 20 | step)
    }
}
