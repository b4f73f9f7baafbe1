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

    /// Whether each sample's answer is the number of a class.
    public var hasClasses: Bool {
        if case .classes = self { true } else { false }
    }

    /// Whether an answer is right or wrong, so that there is an accuracy.
    public var hasAccuracy: Bool {
        if case .values = self { false } else { true }
    }

    /// The metrics of a model that has learnt the task, beside its loss and accuracy.
    public var metrics: [Metric] {
        switch self {
        // The best five of few classes say little.
        case .classes(let count): count > 10 ? [.top5] : []
        case .labels: [.f1, .auc]
        case .values: [.rmse, .mae, .r2]
        }
    }
}

extension LearningTask: CustomStringConvertible {
    /// E.g. `10 classes`, `3 labels of 0 or 1`, `1 number`.
    public var description: String {
        switch self {
        case .classes(let count): "\(count) classes"
        case .labels(let count): count == 1 ? "a label of 0 or 1" : "\(count) labels of 0 or 1"
        case .values(let count): count == 1 ? "1 number" : "\(count) numbers"
        }
    }
}
