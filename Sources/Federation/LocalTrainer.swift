import Datasets
import FedCore
import NeuralNet

/// Trains clients one after the other on this rank, reusing one compiled model.
final class LocalTrainer {
    private let job: Job
    private let plan: Plan
    private let optimizer: SGD
    private let timeline: Timeline
    private var order: [UInt32] = []
    private var labels: [Int32]
    private var anchor: [Float] = []

    init(_ job: Job, _ timeline: Timeline) throws {
        self.timeline = timeline
        let settings = job.settings
        self.job = job
        // No client has more samples than the largest: a batch beyond that would be padding.
        let largest = (0..<settings.clients).reduce(1) { max($0, job.partition.count(of: $1)) }
        let batch = min(settings.batchSize, largest)
        plan = try Plan(job.model, batch: batch, purpose: .training, threads: settings.threads)
        optimizer = SGD(
            learningRate: settings.lr, momentum: settings.momentum, weightDecay: settings.weightDecay)
        labels = [Int32](repeating: 0, count: batch)
    }

    /// Trains one client from the global weights.
    /// - Parameters:
    ///   - change: receives the client's weights − the global weights, in the canonical order.
    ///   - goesOn: called after each step with the samples it saw; false ends the training there.
    func train(
        client: Int, round: Int, global: Span<Float>, change: inout MutableSpan<Float>,
        goesOn: (Int) throws -> Bool
    ) throws -> LocalResult {
        let settings = job.settings
        let samples = job.partition.samples(of: client)
        timeline.enter(.load, client: client)
        try plan.load(global)
        plan.resetOptimizer()
        if job.strategy.correctsGradients { keepAnchor() }

        timeline.enter(.train, client: client)
        timeline.note(clients: 1)
        var result = LocalResult(samples: samples.count)
        training: for epoch in 0..<settings.epochs {
            shuffle(samples, client: client, round: round, epoch: epoch)
            var loss = 0.0
            for start in stride(from: 0, to: order.count, by: labels.count) {
                let count = min(labels.count, order.count - start)
                loss += try step(
                    from: start, count: count, round: round, client: client, index: result.steps)
                result.steps += 1
                let seen = start + count
                timeline.note(samples: count)
                result.loss = loss / Double(seen)
                let isDone = epoch == settings.epochs - 1 && seen == order.count
                guard try goesOn(count) || isDone else {
                    result.status = .partial
                    if epoch == 0 { result.samples = seen }
                    break training
                }
            }
        }
        timeline.enter(.encode, client: client)
        try plan.store(into: &change)
        for i in 0..<change.count { change[unchecked: i] -= global[unchecked: i] }
        return result
    }

    /// One step on `order[start ..< start + count]`; returns the summed loss.
    private func step(from start: Int, count: Int, round: Int, client: Int, index: Int) throws -> Double {
        let order = self.order
        plan.read(order.span.extracting(start..<start + count), of: job.data.train, labels: &labels)
        let labels = self.labels
        let outcome = try plan.forwardBackward(
            labels: labels.span.extracting(0..<count),
            dropout: DropoutKey(seed: job.settings.seed, round: round, client: client, step: index))
        if job.strategy.correctsGradients {
            let anchor = self.anchor
            plan.withGradients { gradients, weights in
                job.strategy.correct(&gradients, weights: weights, anchor: anchor.span)
            }
        }
        optimizer.step(plan)
        return outcome.lossSum
    }

    private func shuffle(_ samples: ArraySlice<UInt32>, client: Int, round: Int, epoch: Int) {
        order.removeAll(keepingCapacity: true)
        order.append(contentsOf: samples)
        var random = RandomStream(seed: job.settings.seed, .shuffle, round: round, client: client, salt: epoch)
        random.shuffle(&order)
    }

    private func keepAnchor() {
        anchor.removeAll(keepingCapacity: true)
        plan.withWeights { weights in
            anchor.reserveCapacity(weights.count)
            for i in 0..<weights.count { anchor.append(weights[unchecked: i]) }
        }
    }
}
