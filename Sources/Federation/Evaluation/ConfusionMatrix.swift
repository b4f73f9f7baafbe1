import FedCore

/// Counts of samples by true and by predicted class. Counts add up, so that matrices of clients make one of the
/// federation; accuracies derive from them.
public struct ConfusionMatrix: Sendable, Equatable {
    /// Number of classes.
    public let classes: Int
    /// `[true class][predicted class]`, one row behind another.
    public private(set) var counts: [Int]

    /// An empty matrix.
    public init(classes: Int) {
        self.classes = classes
        counts = [Int](repeating: 0, count: classes * classes)
    }

    /// A matrix of counts that came from elsewhere.
    /// - Precondition: `counts` has classes² elements.
    init(classes: Int, counts: [Int]) {
        precondition(counts.count == classes * classes)
        self.classes = classes
        self.counts = counts
    }

    /// Adds samples: each is predicted to be of the class with the largest score, ``Span/argmax``.
    /// - Parameters:
    ///   - scores: `[samples, classes]`, any monotone function of the logits; rows beyond the labels do not count.
    ///   - labels: true classes, each below `classes`.
    /// - Complexity: O(samples · classes).
    mutating func add(_ scores: Span<Float>, labels: Span<Int32>) {
        for sample in labels.indices {
            let row = scores.extracting(sample * classes..<(sample + 1) * classes)
            add(Int(labels[sample]), takenFor: row.argmax)
        }
    }

    /// Adds one sample.
    mutating func add(_ label: Int, takenFor predicted: Int) { counts[label * classes + predicted] += 1 }

    /// Adds another matrix's counts.
    /// - Precondition: it has as many classes.
    mutating func add(_ other: ConfusionMatrix) {
        precondition(other.classes == classes)
        for i in counts.indices { counts[i] += other.counts[i] }
    }

    /// Number of samples counted. O(classes²).
    public var samples: Int { counts.reduce(0, +) }

    /// Number of samples of class `label` that were predicted to be of class `predicted`.
    public func count(of label: Int, takenFor predicted: Int) -> Int { counts[label * classes + predicted] }

    /// Number of samples of a class.
    public func samples(of label: Int) -> Int { counts[label * classes..<(label + 1) * classes].reduce(0, +) }

    /// Number of samples predicted to be of their own class.
    public var correct: Int { (0..<classes).reduce(0) { $0 + count(of: $1, takenFor: $1) } }

    /// Share of correct samples, in [0, 1]; nil without samples.
    public var accuracy: Double? { samples > 0 ? Double(correct) / Double(samples) : nil }

    /// The counts, `[true class][predicted class]`.
    public var table: [[Int]] {
        (0..<classes).map { label in Array(counts[label * classes..<(label + 1) * classes]) }
    }

    /// Share of each class's samples that were predicted to be of it (the class's recall), in [0, 1]; nil for a class
    /// without samples.
    public var classAccuracies: [Double?] {
        (0..<classes).map { label in
            let samples = samples(of: label)
            return samples > 0 ? Double(count(of: label, takenFor: label)) / Double(samples) : nil
        }
    }
}
