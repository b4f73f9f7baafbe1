import Datasets
import FedCore
import Federation
import NeuralNet
import Records

/// A device's half of one client's turn: the layers before the cut, compiled for training, the client's samples and its
/// optimizer. Used again for other clients, as compiling costs milliseconds; it belongs to one thread.
///
/// One batch is under way at a time, because a step starts from the weights that the step before has left: `start`,
/// then `forward` and `backward` in turn until ``isDone``, then `storeChange`.
final class DevicePart {
    private let split: SplitModel
    /// The layers, with weights, gradients and momentum.
    private let plan: Plan
    /// SGD of the round under way; its momentum is in the plan.
    private var optimizer = SGD(learningRate: 1)
    /// The client whose turn is under way.
    private(set) var client = 0
    /// The round of the turn, which chooses its random streams.
    private var round = RoundID(0)
    /// The steps of the turn under way.
    private var schedule: LocalSchedule
    /// Steps whose gradients have come back.
    private(set) var step = 0
    /// The client's samples in the order of the epoch under way.
    private var order: [UInt32] = []
    /// Labels of the batch under way.
    private var labels: [Int32]
    /// The weights that the turn started from.
    private var start: [Float] = []

    /// Compiles the layers.
    ///
    /// - Throws: `OneDNNError`.
    init(_ split: SplitModel) throws {
        self.split = split
        let batch = split.batch
        plan = try Plan(split.front, batch: batch, purpose: .training, threads: split.job.settings.threads)
        labels = [Int32](repeating: 0, count: batch)
        schedule = split.schedule(of: 0)
    }

    /// Begins a client's turn, without momentum from another one's.
    ///
    /// - Parameters:
    ///   - client: The client.
    ///   - round: The round and its attempt, which choose the random streams.
    ///   - weights: The weights of this part, flat.
    func start(_ client: Int, _ round: RoundID, from weights: Span<Float>) throws {
        self.client = client
        self.round = round
        schedule = split.schedule(of: client)
        step = 0
        optimizer = split.optimizer(round: round.number)
        start.removeAll(keepingCapacity: true)
        start.reserveCapacity(weights.count)
        for i in 0..<weights.count { start.append(weights[unchecked: i]) }
        try plan.load(weights)
        plan.resetOptimizer()
    }

    /// Whether all steps have been taken.
    var isDone: Bool { step == schedule.steps }

    /// Samples of the step under way.
    var count: Int { schedule.places(ofStep: step).count }

    /// Runs the next batch up to the cut. A second call without `backward` would lose the batch.
    ///
    /// - Parameter body: Is given what crosses the cut, `[count, features]`, and the samples' labels, `[count]`; both
    ///   are valid during the call only.
    /// - Returns: What `body` returns.
    func forward<Result>(
        _ body: (_ features: Span<Float>, _ labels: Span<Int32>) throws -> Result
    ) throws -> Result {
        let streams = split.streams(of: client, round)
        if schedule.startsEpoch(step) {
            order = Array(split.job.partition.samples(of: client))
            var random = streams.order(epoch: step / schedule.stepsOfEpoch)
            random.shuffle(&order)
        }
        let places = schedule.places(ofStep: step)
        let order = self.order
        plan.read(order.span.extracting(places), of: split.job.data.train, labels: &labels)
        try plan.forwardForTraining(places.count, dropout: streams.dropout(step: step))
        let labels = self.labels
        return try plan.withOutput {
            try body($0.extracting(0..<places.count * split.features), labels.span.extracting(0..<places.count))
        }
    }

    /// Takes the step whose batch `forward` has run.
    ///
    /// - Parameter gradient: Of the batch's mean loss with respect to the features, `[count, features]`. Rows of a full
    ///   batch that the step does not have are set to zero.
    func backward(_ gradient: Span<Float>) throws {
        plan.withOutputGradient { _, mutable in
            for i in 0..<gradient.count { mutable[i] = gradient[unchecked: i] }
            for i in gradient.count..<mutable.count { mutable[unchecked: i] = 0 }
        }
        try plan.backward()
        optimizer.step(plan)
        step += 1
    }

    /// Writes how the weights have changed since the turn's start.
    ///
    /// - Parameter change: As many floats as this part has parameters.
    func storeChange(into change: inout MutableSpan<Float>) throws {
        try plan.store(into: &change)
        let start = self.start
        for i in 0..<change.count { change[unchecked: i] -= start[i] }
    }
}
