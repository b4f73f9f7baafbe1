/// What the evaluations of a run so far tell about stopping early: two numbers, however many there were.
public struct AccuracyProgress: Codable, Sendable, Equatable {
    /// The highest accuracy so far, of a regression R²; nil before the first evaluation.
    public private(set) var best: Double?
    /// The number of evaluations since the first that reached the best accuracy.
    public private(set) var evaluationsSince = 0

    /// Makes the progress of a run before its first evaluation.
    public init() {}

    /// Takes in a round whose record is complete; one that was not evaluated changes nothing.
    public mutating func note(_ record: RoundRecord) {
        guard let accuracy = record.quality else { return }
        // Equal is no improvement.
        if let best, accuracy <= best {
            evaluationsSince += 1
        } else {
            (best, evaluationsSince) = (accuracy, 0)
        }
    }

    private enum CodingKeys: String, CodingKey {
        case best
        case evaluationsSince = "evaluations_since"
    }
}
