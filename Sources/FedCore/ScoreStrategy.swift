/// A strategy whose clients exchange what their models say of public samples, and no weights: so each may have a model
/// of its own.
///
/// What is federated is a matrix, the *consensus*: for each public sample a score for each class. It stands in the place
/// of the global weights, `[public samples × classes]`, and starts from zeros; a client's update is its scores minus the
/// consensus, so that aggregation, codecs, stages and wires work on scores as they do on weights. A client's model stays
/// with it, as its state.
///
/// ```
/// server   consensus ──► all
/// client   learns the consensus on the public samples → trains on its own → says its scores of the public samples
/// server   mean of the scores → consensus
/// ```
///
/// Nothing crosses beside the scores: ``Strategy/traffic`` stays at its default, and ``Strategy/personalization`` is
/// ``Personalization/parameters``, because only the clients can test their models.
public protocol ScoreStrategy: Strategy {
    /// Samples that the federation shares, taken from the training data by the seed; ≥ 1.
    var publicSamples: Int { get }

    /// Passes over the public samples, and then over its own, by which a client prepares its model before its first round;
    /// ≥ 0.
    var startEpochs: Int { get }

    /// Passes over the public samples in each round, towards the consensus; ≥ 0.
    var digestEpochs: Int { get }
}

extension ScoreStrategy {
    public var scores: (any ScoreStrategy)? { self }

    public var personalization: Personalization { .parameters }

    /// Scores that come late are differences from a consensus that is no longer.
    public var needsFreshUpdates: String? { "sends scores as differences from the round's consensus" }
}
