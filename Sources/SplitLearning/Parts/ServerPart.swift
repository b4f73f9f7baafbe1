import FedCore
import Federation
import NeuralNet
import Records

/// The layers behind the cut and their optimizer: the server's half of training steps.
final class ServerPart {
    private let split: SplitModel
    private let plan: Plan
    private var optimizer = SGD(learningRate: 1)

    init(_ split: SplitModel) throws {
        self.split = split
        plan = try Plan(
            split.back, batch: split.batch, purpose: .training, needsInputGradient: true,
            threads: split.job.settings.threads)
    }

    /// - Parameter weights: of this part.
    func start(round: Int, from weights: Span<Float>) throws {
        optimizer = split.optimizer(round: round)
        try plan.load(weights)
        plan.resetOptimizer()
    }

    /// One step: forward, loss, backward, and the optimizer.
    /// - Parameters:
    ///   - features: `[labels.count, features]`.
    ///   - dropout: the masks that the whole model would draw in this step.
    ///   - gradient: receives that of the mean loss with respect to the features, at the weights before the step.
    func step(
        features: Span<Float>, labels: Span<Int32>, dropout: DropoutKey, gradient: inout MutableSpan<Float>
    ) throws -> BatchResult {
        plan.withInput { input in
            for i in 0..<features.count { input[i] = features[unchecked: i] }
        }
        let result = try plan.forwardBackward(labels: labels, dropout: dropout)
        plan.withInputGradient { found in
            for i in 0..<gradient.count { gradient[unchecked: i] = found[i] }
        }
        optimizer.step(plan)
        return result
    }

    /// Writes how the weights have changed.
    /// - Parameter start: the weights that the round started from.
    func storeChange(since start: Span<Float>, into change: inout MutableSpan<Float>) throws {
        try plan.store(into: &change)
        for i in 0..<change.count { change[unchecked: i] -= start[unchecked: i] }
    }
}
