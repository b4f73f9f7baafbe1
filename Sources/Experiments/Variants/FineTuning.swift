import Datasets
import FedCore
import Federation
package import NeuralNet

/// Training of a pruned model for some epochs, in which weights that were cut may stay zero.
///
/// Cutting the smallest weights costs accuracy that a few epochs win back (S. Han, J. Pool, J. Tran, W. J. Dally,
/// *Learning both Weights and Connections for Efficient Neural Networks*, NIPS 2015, arXiv:1506.02626).
/// `fedmpi prune --fine-tune` uses it, in one process and on the whole training split: it is no federated training.
package struct FineTuning {
    /// Passes over the training split.
    private let epochs: Int
    /// Step length of SGD, constant.
    private let learningRate: Float
    /// Seed of the order of samples and of dropout.
    private let seed: UInt64
    /// OpenMP threads of each pass.
    private let threads: Int

    /// Makes a fine-tuning.
    ///
    /// - Parameters:
    ///   - epochs: passes over the training split; 0 changes nothing.
    ///   - learningRate: constant step length, > 0; the momentum is 0.9.
    ///   - seed: equal seeds give equal weights on the same kind of machine.
    ///   - threads: OpenMP threads, at least 1.
    package init(epochs: Int, learningRate: Float, seed: UInt64, threads: Int) {
        (self.epochs, self.learningRate, self.seed, self.threads) = (epochs, learningRate, seed, threads)
    }

    /// Samples in a step; the last step of an epoch may have fewer.
    private static let batch = 32

    /// Trains a copy of the model.
    ///
    /// - Parameters:
    ///   - trained: the model after pruning.
    ///   - data: the training split is used.
    ///   - keepsZeros: whether weights that pruning may cut and that are zero stay so: they are set to zero again after
    ///     each step, because momentum would move them. Otherwise all weights move, as after whole channels were
    ///     removed.
    ///   - progress: told after each step how much is done, in [0, 1].
    /// - Returns: the tuned model; its metadata name the data it was tuned on.
    /// - Throws: oneDNN's errors when a plan cannot be made or run.
    /// - Complexity: O(epochs × samples) training steps, and two plans' memory, the second for the mask.
    package func tuned(
        _ trained: TrainedModel, on data: TestData, keepsZeros: Bool, progress: (Double) -> Void = { _ in }
    ) throws -> TrainedModel {
        let model = trained.model
        let train = data.train
        let plan = try Plan(model, batch: Self.batch, purpose: .training, threads: threads)
        try plan.load(trained.weights.span)
        // A plan of the same kind has its weights in the same order: 1 where a weight may move, 0 where it may not.
        let mask = try Plan(model, batch: Self.batch, purpose: .training, threads: threads)
        try mask.load(trained.mask.span)
        let optimizer = SGD(learningRate: learningRate, momentum: 0.9)
        var stream = RandomStream(seed: seed, .shuffle)
        var order = (0..<train.count).map { UInt32($0) }
        var labels = [Int32](repeating: 0, count: Self.batch)
        var step = 0
        for epoch in 0..<epochs {
            stream.shuffle(&order)
            for start in stride(from: 0, to: order.count, by: Self.batch) {
                let samples = Array(order[start..<min(start + Self.batch, order.count)])
                var labelSpan = labels.mutableSpan
                plan.withInput { train.read(samples.span, into: &$0, labels: &labelSpan) }
                // A key has room for 2^20 steps of a round.
                let key = DropoutKey(seed: seed, round: epoch, client: 0, step: step % (1 << 20))
                _ = try plan.forwardBackward(labels: labels.span.extracting(0..<samples.count), dropout: key)
                optimizer.step(plan)
                step += 1
                progress((Double(epoch) + Double(start + samples.count) / Double(order.count)) / Double(epochs))
                if keepsZeros {
                    plan.withWeights { weights in
                        mask.withWeights { mask in
                            for i in 0..<weights.count { weights[unchecked: i] *= mask[unchecked: i] }
                        }
                    }
                }
            }
        }
        var weights = [Float](repeating: 0, count: model.parameterCount)
        var span = weights.mutableSpan
        try plan.store(into: &span)
        return TrainedModel(
            model, weights: weights, metadata: trained.metadata.merging(data.choice.metadata(of: data.pair)) { $1 })
    }
}
