import FedCore
import Federation
import NeuralNet
import Records

/// The layers behind the cut, compiled for training, and their optimizer: the server's half of training steps. One for
/// all clients, or one for each, see ``ServerRound``.
final class ServerPart {
    private let split: SplitModel
    /// The layers; they also compute the gradient of their input, which goes back to the device.
    private let plan: Plan
    /// SGD of the round under way; its momentum is in the plan.
    private var optimizer = SGD(learningRate: 1)

    /// Compiles the layers.
    ///
    /// - Throws: `OneDNNError`.
    init(_ split: SplitModel) throws {
        self.split = split
        plan = try Plan(
            split.back, batch: split.batch, purpose: .training, needsInputGradient: true,
            threads: split.job.settings.threads)
    }

    /// Begins a round, without momentum from the one before.
    ///
    /// - Parameters:
    ///   - round: From 1; chooses the learning rate.
    ///   - weights: The weights of this part, flat.
    func start(round: Int, from weights: Span<Float>) throws {
        optimizer = split.optimizer(round: round)
        try plan.load(weights)
        plan.resetOptimizer()
    }

    /// Takes one step: forward, loss, backward, optimizer.
    ///
    /// - Parameters:
    ///   - features: What crossed the cut, `[labels.count, features]`.
    ///   - labels: The samples' classes, `[count]`, each below the model's.
    ///   - dropout: The masks that the whole model would draw in this step.
    ///   - gradient: Receives that of the mean loss with respect to the features, `[labels.count, features]`, at the
    ///     weights before the step.
    /// - Returns: Loss and hits of the batch.
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
    ///
    /// - Parameters:
    ///   - start: The weights of this part that the round started from.
    ///   - change: As many floats as this part has parameters.
    func storeChange(since start: Span<Float>, into change: inout MutableSpan<Float>) throws {
        try plan.store(into: &change)
        for i in 0..<change.count { change[unchecked: i] -= start[unchecked: i] }
    }
}
