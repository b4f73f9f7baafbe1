/// How often samples of each class were taken for each class.
public struct ConfusionMatrix: Sendable, Equatable {
    public let classes: Int
    /// `[true class][predicted class]`, one row behind another.
    public private(set) var counts: [Int]

    public init(classes: Int) {
        self.classes = classes
        counts = [Int](repeating: 0, count: classes * classes)
    }

    /// - Precondition: `counts` has classes² elements.
    init(classes: Int, counts: [Int]) {
        precondition(counts.count == classes * classes)
        self.classes = classes
        self.counts = counts
    }

    /// Adds samples: each is taken for the class of its largest score, the first of equals.
    /// - Parameters:
    ///   - scores: `[samples, classes]`, rows beyond the labels do not count.
    mutating func add(_ scores: Span<Float>, labels: Span<Int32>) {
        for sample in labels.indices {
            var best = 0
            for i in 1..<classes where scores[sample * classes + i] > scores[sample * classes + best] { best = i }
            counts[Int(labels[sample]) * classes + best] += 1
        }
    }

    mutating func add(_ other: ConfusionMatrix) {
        precondition(other.classes == classes)
        for i in counts.indices { counts[i] += other.counts[i] }
    }

    public var samples: Int { counts.reduce(0, +) }

    public func count(of label: Int, takenFor predicted: Int) -> Int { counts[label * classes + predicted] }

    /// Samples of a class.
    public func samples(of label: Int) -> Int { counts[label * classes..<(label + 1) * classes].reduce(0, +) }

    public var correct: Int { (0..<classes).reduce(0) { $0 + count(of: $1, takenFor: $1) } }

    /// Nil without samples.
    public var accuracy: Double? { samples > 0 ? Double(correct) / Double(samples) : nil }

    /// Share of each class's samples that were taken for it (its recall); nil for a class without samples.
    public var classAccuracies: [Double?] {
        (0..<classes).map { label in
            let samples = samples(of: label)
            return samples > 0 ? Double(count(of: label, takenFor: label)) / Double(samples) : nil
        }
    }
}
