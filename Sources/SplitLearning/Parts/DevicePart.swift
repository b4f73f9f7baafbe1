import Datasets
import FedCore
import Federation
import NeuralNet
import Records

/// A device's half of one client's turn: the layers before the cut, the client's samples, its optimizer. One batch is under
/// way at a time, because a step starts from the weights that the step before has left.
final class DevicePart {
    private let split: SplitModel
    private let plan: Plan
    private var optimizer = SGD(learningRate: 1)
    private(set) var client = 0
    private var round = RoundID(0)
    private var turn: Turn
    /// Steps whose gradients have come back.
    private(set) var step = 0
    private var order: [UInt32] = []
    private var labels: [Int32]
    /// The weights that the turn started from.
    private var start: [Float] = []

    init(_ split: SplitModel) throws {
        self.split = split
        let batch = split.batch
        plan = try Plan(split.front, batch: batch, purpose: .training, threads: split.job.settings.threads)
        labels = [Int32](repeating: 0, count: batch)
        turn = split.turn(of: 0)
    }

    /// Begins a client's turn.
    /// - Parameter weights: of this part.
    func start(_ client: Int, _ round: RoundID, from weights: Span<Float>) throws {
        self.client = client
        self.round = round
        turn = split.turn(of: client)
        step = 0
        optimizer = split.optimizer(round: round.number)
        start.removeAll(keepingCapacity: true)
        start.reserveCapacity(weights.count)
        for i in 0..<weights.count { start.append(weights[unchecked: i]) }
        try plan.load(weights)
        plan.resetOptimizer()
    }

    /// Whether all steps have been taken.
    var isDone: Bool { step == turn.steps }

    /// Samples of the step under way.
    var count: Int { turn.places(ofStep: step).count }

    /// Runs the next batch up to the cut.
    /// - Parameter body: is given what crosses it: `[count, features]`, and the samples' labels.
    func forward<Result>(
        _ body: (_ features: Span<Float>, _ labels: Span<Int32>) throws -> Result
    ) throws -> Result {
        let streams = split.streams(of: client, round)
        if turn.startsEpoch(step) {
            order = Array(split.job.partition.samples(of: client))
            var random = streams.order(epoch: step / turn.stepsOfEpoch)
            random.shuffle(&order)
        }
        let places = turn.places(ofStep: step)
        let order = self.order
        plan.read(order.span.extracting(places), of: split.job.data.train, labels: &labels)
        try plan.forwardForTraining(places.count, dropout: streams.dropout(step: step))
        let labels = self.labels
        return try plan.withOutput {
            try body($0.extracting(0..<places.count * split.features), labels.span.extracting(0..<places.count))
        }
    }

    /// Takes the step whose batch `forward` has run.
    /// - Parameter gradient: of the mean loss with respect to the features, `[count, features]`.
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
    func storeChange(into change: inout MutableSpan<Float>) throws {
        try plan.store(into: &change)
        let start = self.start
        for i in 0..<change.count { change[unchecked: i] -= start[i] }
    }
}
