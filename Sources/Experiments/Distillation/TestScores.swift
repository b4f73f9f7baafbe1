import Datasets
import FedCore
import NeuralNet

/// The class that a model predicts for each sample of a test set, and how many of these predictions are right.
///
/// ``DistillResult`` makes one for the first teacher and one for each student's run, and compares them: a student may
/// copy its teacher's mistakes, which accuracy alone does not show.
struct TestScores {
    /// The class with the largest score for each sample, in the order of the data set.
    let answers: [Int32]
    /// Share of the samples that are classified correctly, in [0, 1].
    let accuracy: Double

    /// Evaluates a model on all samples.
    ///
    /// - Parameters:
    ///   - trained: the model with its weights.
    ///   - data: at least one sample, with the model's input shape and classes.
    /// - Throws: oneDNN's errors.
    /// - Complexity: O(samples) forward passes on one thread, in batches of up to 64.
    init(_ trained: TrainedModel, on data: any Dataset) throws {
        let batch = min(64, data.count)
        let plan = try Plan(trained.model, batch: batch, purpose: .inference)
        try plan.load(trained.weights.span)
        var labels = [Int32](repeating: 0, count: batch)
        var answers: [Int32] = []
        var correct = 0
        for start in stride(from: 0, to: data.count, by: batch) {
            let samples = (start..<min(start + batch, data.count)).map { UInt32($0) }
            plan.withInput { images in
                var labels = labels.mutableSpan
                data.read(samples.span, into: &images, labels: &labels)
            }
            try plan.forward(samples.count)
            plan.withOutput { scores in
                for i in samples.indices {
                    let answer = Int32(scores.extracting(i * data.classes..<(i + 1) * data.classes).argmax)
                    answers.append(answer)
                    if answer == labels[i] { correct += 1 }
                }
            }
        }
        self.answers = answers
        accuracy = Double(correct) / Double(data.count)
    }

    /// The share of samples for which both models predict the same class, right or wrong, in [0, 1].
    ///
    /// - Precondition: both were evaluated on the same samples, at least one.
    func agreement(with other: TestScores) -> Double {
        precondition(answers.count == other.answers.count && !answers.isEmpty, "of the same samples")
        return Double(zip(answers, other.answers).count { $0 == $1 }) / Double(answers.count)
    }
}
