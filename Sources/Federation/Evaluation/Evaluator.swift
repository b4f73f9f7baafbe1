public import Datasets
public import FedCore
public import NeuralNet

/// Loss and confusion of weights on some samples.
public struct Evaluation: Sendable, Equatable {
    /// Mean loss, in nats where it is an entropy; NaN or infinite when the weights have diverged.
    public var loss: Double
    /// Counts of true and predicted classes; of several labels, of right and wrong; empty for a regression.
    public var confusion: ConfusionMatrix
    /// What the task's metrics (``LearningTask/metrics``) measure on these samples.
    public var measured: [Metric: Double] = [:]

    /// Share of samples that are right, in [0, 1]: the largest logit is their label, or every label of 0 or 1 is as it
    /// should be. Nil without samples, and for a regression.
    public var accuracy: Double? { confusion.accuracy }
}

/// Runs a model over samples of a data set, in batches on one compiled model that is reused for any weights. Used from
/// one thread; makes no random draws (no dropout), so equal weights give equal bits.
///
/// ```swift
/// let evaluator = try Evaluator(model, data.test, threads: 2)
/// let all = (0..<UInt32(data.test.count)).map { $0 }
/// let evaluation = try evaluator.evaluate(weights.span, on: all.span)
/// print(evaluation.loss, evaluation.accuracy ?? .nan)
/// ```
public final class Evaluator {
    private let model: Model
    private let data: any Dataset
    private let plan: Plan
    /// The loss of evaluations, which no option of training changes.
    private let loss: Loss
    /// Labels of the current batch; its length is the batch size.
    private var labels: [Int32]
    /// Targets of the current batch, `[batch, outputs]`; empty where samples have labels.
    private var targets: [Float]

    /// Compiles the model for batches of up to 64 samples.
    /// - Parameters:
    ///   - model: the model; it takes the data set's images.
    ///   - data: the samples.
    ///   - threads: threads that oneDNN uses.
    /// - Throws: an error of oneDNN.
    public init(_ model: Model, _ data: any Dataset, threads: Int) throws {
        self.model = model
        self.data = data
        // Activations of a batch this large stay in the second-level cache.
        let batch = min(64, data.count)
        plan = try Plan(model, batch: batch, purpose: .inference, threads: threads)
        loss = .fitting(data.task)
        labels = [Int32](repeating: 0, count: batch)
        targets = [Float](repeating: 0, count: loss.takesLabels ? 0 : batch * data.task.outputs)
    }

    /// Evaluates weights on some samples: one forward pass over them. The loss is summed in the order of the samples.
    ///
    /// - Parameters:
    ///   - weights: flat weights in the canonical order, `[model.parameterCount]`.
    ///   - samples: indices in the data set, at least one.
    ///   - prepare: changes a batch before it is looked at: images `[count, channels, height, width]`, and their
    ///     labels.
    ///   - heartbeat: called before and after each batch; may throw to end the evaluation.
    /// - Returns: mean loss, confusion, the task's metrics.
    /// - Throws: what `heartbeat` throws; an error of oneDNN.
    public func evaluate(
        _ weights: Span<Float>, on samples: Span<UInt32>,
        prepare: ((_ images: inout MutableSpan<Float>, _ labels: Span<Int32>) -> Void)? = nil,
        heartbeat: () throws -> Void = {}
    ) throws -> Evaluation {
        try plan.load(weights)
        var lossSum = 0.0
        var tally = AnswerTally(data.task)
        for start in stride(from: 0, to: samples.count, by: labels.count) {
            try heartbeat()
            let count = min(labels.count, samples.count - start)
            let batch = samples.extracting(start..<start + count)
            plan.read(batch, of: data, labels: &labels)
            let batchLabels = labels
            let truth = batchLabels.span.extracting(0..<count)
            if let prepare { plan.withInput { prepare(&$0, truth) } }
            if loss.takesLabels {
                lossSum += try plan.evaluate(labels: truth).lossSum
                plan.withOutput { tally.add($0, labels: truth) }
            } else {
                var room = targets.mutableSpan
                data.readTargets(batch, into: &room)
                let batchTargets = targets
                let truth = batchTargets.span.extracting(0..<count * data.task.outputs)
                lossSum += try plan.evaluate(targets: truth, loss: loss).lossSum
                plan.withOutput { tally.add($0, targets: truth) }
            }
            try heartbeat()
        }
        return Evaluation(
            loss: lossSum / Double(max(samples.count, 1)), confusion: tally.confusion, measured: tally.measured)
    }
}

extension Plan {
    /// Reads samples into the plan's input, and their labels into `labels`.
    package func read(_ samples: Span<UInt32>, of data: any Dataset, labels: inout [Int32]) {
        withInput { images in
            var labels = labels.mutableSpan
            data.read(samples, into: &images, labels: &labels)
        }
    }
}
