import Datasets
import NeuralNet

/// How well weights do on a whole data set.
public struct Evaluation: Codable, Sendable, Equatable {
    /// Mean cross-entropy, in nats.
    public var loss: Double
    /// Share of samples whose largest logit is their label, in [0, 1].
    public var accuracy: Double
}

/// Runs a model over a data set, reusing one compiled model.
public final class Evaluator {
    private let data: any Dataset
    private let plan: Plan
    private var labels: [Int32]
    private let samples: [UInt32]

    public init(_ model: Model, _ data: any Dataset, threads: Int) throws {
        self.data = data
        // Activations of a batch this large stay in the second-level cache.
        let batch = min(64, data.count)
        plan = try Plan(model, batch: batch, purpose: .inference, threads: threads)
        labels = [Int32](repeating: 0, count: batch)
        samples = (0..<UInt32(data.count)).map { $0 }
    }

    /// - Parameter heartbeat: called after each batch.
    public func evaluate(_ weights: Span<Float>, heartbeat: () throws -> Void = {}) throws -> Evaluation {
        try plan.load(weights)
        let samples = self.samples
        var loss = 0.0
        var correct = 0
        for start in stride(from: 0, to: samples.count, by: labels.count) {
            try heartbeat()
            let count = min(labels.count, samples.count - start)
            plan.read(samples.span.extracting(start..<start + count), of: data, labels: &labels)
            let batchLabels = labels
            let outcome = try plan.evaluate(labels: batchLabels.span.extracting(0..<count))
            loss += outcome.lossSum
            correct += outcome.correct
            try heartbeat()
        }
        return Evaluation(loss: loss / Double(samples.count), accuracy: Double(correct) / Double(samples.count))
    }
}

extension Plan {
    /// Reads samples into the plan's input, and their labels.
    func read(_ samples: Span<UInt32>, of data: any Dataset, labels: inout [Int32]) {
        withInput { images in
            var labels = labels.mutableSpan
            data.read(samples, into: &images, labels: &labels)
        }
    }
}
