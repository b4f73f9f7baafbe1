package import FedCore

/// What is counted of a model's answers on samples, by what there is to learn: which class was taken for which, and
/// what the task's metrics need.
package struct AnswerTally {
    /// Counts of true and predicted classes: of a single label, of absent and present; of several labels, in the first
    /// row, of samples that are right in all and of others. Without classes for a regression.
    package private(set) var confusion: ConfusionMatrix
    private let task: LearningTask
    /// Samples whose label is among the five largest scores.
    private var topFive = 0
    private var scores: LabelScores
    private var errors: ValueErrors

    /// An empty tally.
    package init(_ task: LearningTask) {
        self.task = task
        confusion = ConfusionMatrix(classes: task.confusionClasses)
        switch task {
        case .classes: (scores, errors) = (LabelScores(labels: 0), ValueErrors(outputs: 0))
        case .labels(let count): (scores, errors) = (LabelScores(labels: count), ValueErrors(outputs: 0))
        case .values(let count): (scores, errors) = (LabelScores(labels: 0), ValueErrors(outputs: count))
        }
    }

    /// Adds samples of a class each.
    /// - Parameters:
    ///   - outputs: `[samples, classes]`; rows beyond the labels do not count.
    ///   - labels: true classes.
    /// - Complexity: O(samples · classes).
    package mutating func add(_ outputs: Span<Float>, labels: Span<Int32>) {
        confusion.add(outputs, labels: labels)
        guard task.metrics.contains(.top5) else { return }
        let classes = task.outputs
        for sample in labels.indices {
            let row = outputs.extracting(sample * classes..<(sample + 1) * classes)
            let own = row[Int(labels[sample])]
            var above = 0
            // A score that is not a number is above all, so that weights which have diverged hit nothing.
            for i in 0..<classes where !(row[i] <= own) { above += 1 }
            if above < 5 { topFive += 1 }
        }
    }

    /// Adds samples with a target for each output.
    /// - Parameters:
    ///   - outputs: `[samples, outputs]`; rows beyond the targets do not count.
    ///   - targets: `[samples, outputs]`.
    package mutating func add(_ outputs: Span<Float>, targets: Span<Float>) {
        guard case .labels(let count) = task else { return errors.add(outputs, targets: targets) }
        scores.add(outputs, targets: targets)
        for start in stride(from: 0, to: targets.count, by: count) {
            if count == 1 {
                confusion.add(targets[start] > 0.5 ? 1 : 0, takenFor: outputs[start] > 0 ? 1 : 0)
            } else {
                let isRight = (start..<start + count).allSatisfy { (outputs[$0] > 0) == (targets[$0] > 0.5) }
                confusion.add(0, takenFor: isRight ? 0 : 1)
            }
        }
    }

    /// Values of the task's metrics, as far as these samples define them.
    package var measured: [Metric: Double] {
        var values: [Metric: Double?] = [:]
        switch task {
        case .classes:
            let samples = confusion.samples
            values[.top5] = task.metrics.contains(.top5) && samples > 0 ? Double(topFive) / Double(samples) : nil
        case .labels: values = [.f1: scores.f1, .auc: scores.auc]
        case .values: values = [.rmse: errors.rmse, .mae: errors.mae, .r2: errors.r2]
        }
        return values.compactMapValues { $0 }.filter { $0.value.isFinite }
    }
}

extension LearningTask {
    /// Rows and columns of a confusion matrix of such answers; 0 where nothing is right or wrong.
    var confusionClasses: Int {
        switch self {
        case .classes(let count): count
        case .labels: 2
        case .values: 0
        }
    }

    /// Whether the matrix tells classes apart, and not only right from wrong.
    var tellsClassesApart: Bool {
        switch self {
        case .classes: true
        case .labels(let count): count == 1
        case .values: false
        }
    }
}
