/// What a model learns from a data set: the form of the answer that belongs to each sample.
public enum LearningTask: Sendable, Hashable, Codable {
    /// One class of this many: a label for each sample.
    case classes(Int)
    /// Several labels at once: of this many outputs, each is 0 or 1.
    case labels(Int)
    /// Regression: this many numbers for each sample.
    case values(Int)

    /// Number of outputs of a model that learns the task.
    public var outputs: Int {
        switch self {
        case .classes(let count), .labels(let count), .values(let count): count
        }
    }
}
