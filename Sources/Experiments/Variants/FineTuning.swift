import Datasets
import FedCore
import Federation
package import NeuralNet

/// Some epochs of training after weights were cut, those that are zero staying zero.
package struct FineTuning {
    private let epochs: Int
    private let learningRate: Float
    private let seed: UInt64
    private let threads: Int

    package init(epochs: Int, learningRate: Float, seed: UInt64, threads: Int) {
        (self.epochs, self.learningRate, self.seed, self.threads) = (epochs, learningRate, seed, threads)
    }

    private static let batch = 32

    /// - Parameter keepsZeros: of the weights that pruning may cut; otherwise all weights move.
    package func tuned(_ trained: TrainedModel, on data: TestData, keepsZeros: Bool) throws -> TrainedModel {
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
