/// The loss and the hits of a pass over a batch. Sums, not means, so that batches of different sizes can be added.
public struct BatchResult: Sendable, Equatable {
    /// Σ of the samples' losses, in nats where they are entropies; divide by their number for the mean.
    public var lossSum: Double
    /// Number of samples that are right as a whole: the largest logit is their label's, of equal logits the first; or,
    /// where each output is an answer of its own, every output is on its target's side. 0 for a regression.
    public var correct: Int

    /// Makes a result; an empty one by default.
    public init(lossSum: Double = 0, correct: Int = 0) {
        self.lossSum = lossSum
        self.correct = correct
    }
}
