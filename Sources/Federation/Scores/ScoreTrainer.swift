import Datasets
import FedCore
import NeuralNet
import Records
import Runtime

/// A client's turn where scores are exchanged, for all clients with models of one width, one after the other.
///
/// ```
/// prepare    public labels, then own samples, start epochs each       before a client's first round, in no simulated time
/// digest     towards the consensus on the public samples              in the first round towards their labels
/// revisit    own samples, --epochs
/// speak      scores of the public samples − consensus, for the server
/// ```
///
/// D. Li, J. Wang 2019, Algorithm 1, whose loop begins with speaking; here it ends with it, which is the same loop.
/// Nothing is carried over from one client to the next, so that any rank may train any client to the same bits.
final class ScoreTrainer {
    private let job: Job
    private let scores: ScoreModels
    /// Index of the width of the models.
    private let width: Int
    private let timeline: Timeline
    /// The model compiled for training, and for saying scores.
    private let plan, speaker: Plan
    private var optimizer: Optimizer
    /// This rank's copies of the stages; they remember nothing from one client to the next.
    private var stages: [any UpdateStage]
    /// Labels of a batch.
    private var labels: [Int32]
    /// Samples of a step of the client that is trained.
    private var batch = 1
    /// Steps of this turn beside those on its own samples: the address of their dropout masks.
    private var otherSteps = 0

    /// Samples of a pass that says scores.
    private static let spoken = 64

    /// Compiles the model of a width.
    /// - Throws: an error of oneDNN.
    init(_ job: Job, _ scores: ScoreModels, width: Int, _ timeline: Timeline) throws {
        (self.job, self.scores, self.width, self.timeline) = (job, scores, width, timeline)
        try job.settings.precision.requireProcessor()
        let (model, threads) = (scores.models[width], job.settings.threads)
        plan = try Plan(
            model, batch: job.batchSize, purpose: .training, precision: job.settings.precision, threads: threads)
        speaker = try Plan(model, batch: Self.spoken, purpose: .inference, threads: threads)
        optimizer = job.optimizer
        stages = job.stages
        labels = [Int32](repeating: 0, count: max(job.batchSize, Self.spoken))
    }

    /// Does one client's turn; arguments, result and errors are those of ``LocalTrainer``.
    /// - Parameters:
    ///   - down: the consensus, `[public samples × classes]`.
    ///   - slot: receives the client's scores minus the consensus, and its state.
    func train(
        client: Int, samples: ArraySlice<UInt32>, round: RoundID, down: Span<Float>, slot: inout MutableSpan<Float>,
        shouldContinue: (Int) throws -> Bool
    ) throws -> LocalResult {
        timeline.enter(.load, client: client)
        batch = job.batchSize(ofClient: client)
        optimizer.learningRate = job.learningRate(round: round.number)
        otherSteps = 0
        let up = job.vectors.up
        let hasBegun = try load(slot.span.extracting(up...))
        timeline.enter(.train, client: client)
        timeline.note(clients: 1)
        var result = LocalResult(samples: samples.count)
        let isReady =
            try (hasBegun || prepare(samples, client, round, shouldContinue))
            && digest(down, client, round, shouldContinue)
        if isReady {
            try revisit(samples, client, round, &result, shouldContinue)
        } else {
            (result.status, result.samples) = (.partial, 0)
        }
        timeline.enter(.encode, client: client)
        var weights = [Float](repeating: 0, count: plan.model.parameterCount)
        var span = weights.mutableSpan
        try plan.store(into: &span)
        try slot.split(at: up) { message, state in
            scores.keep(weights.span, width: width, seed: job.settings.seed, in: &state)
            // Speaks as the model will be the next time that it is read.
            let kept = scores.weights(width: width, state: state.span, seed: job.settings.seed)
            try speak(kept.span, down, into: &message)
            let turn = ClientTurn(
                client: client, round: round.number, attempt: round.attempt, samples: samples.count,
                seed: job.settings.seed)
            for i in stages.indices { stages[i].beforeStrategy(&message, in: turn) }
            for i in stages.indices {
                var kept = state.part(job.vectors.stageStates[i])
                stages[i].onClient(&message, state: &kept, in: turn)
            }
        }
        return result
    }

    /// Loads the client's model from its state.
    /// - Returns: whether it has trained before.
    private func load(_ state: Span<Float>) throws -> Bool {
        let start = scores.weights(width: width, state: state, seed: job.settings.seed)
        try plan.load(start.span)
        return scores.hasBegun(state)
    }

    /// Prepares a client's model before its first round.
    /// - Returns: false when it was ended.
    private func prepare(
        _ samples: ArraySlice<UInt32>, _ client: Int, _ round: RoundID, _ shouldContinue: (Int) throws -> Bool
    ) throws -> Bool {
        // What comes before the run takes none of its simulated time.
        for (part, data) in [scores.publicSamples[...], samples].enumerated() {
            plan.resetOptimizer()
            for epoch in 0..<scores.startEpochs {
                let number = scores.digestEpochs + part * scores.startEpochs + epoch
                let isDone = try pass(over: data, client, round, epoch: number, towards: nil) { _ in
                    try shouldContinue(0)
                }
                guard isDone else { return false }
            }
        }
        return true
    }

    /// Trains towards the consensus on the public samples, or towards their labels as long as there is none.
    /// - Returns: false when it was ended.
    private func digest(
        _ consensus: Span<Float>, _ client: Int, _ round: RoundID, _ shouldContinue: (Int) throws -> Bool
    ) throws -> Bool {
        plan.resetOptimizer()
        let targets = round.number > 1 ? consensus.array() : nil
        for epoch in 0..<scores.digestEpochs {
            let isDone = try pass(
                over: scores.publicSamples[...], client, round, epoch: epoch, towards: targets,
                shouldContinue)
            guard isDone else { return false }
        }
        return true
    }

    /// One pass over samples in an order of its own.
    /// - Parameters:
    ///   - epoch: number of the pass in this turn.
    ///   - targets: the scores to learn, of the public samples in their order; nil learns labels.
    /// - Returns: false when it was ended.
    private func pass(
        over samples: ArraySlice<UInt32>, _ client: Int, _ round: RoundID, epoch: Int, towards targets: [Float]?,
        _ shouldContinue: (Int) throws -> Bool
    ) throws -> Bool {
        // The streams of a second model of the client's, which it does not have here.
        let streams = ClientRandomness(
            job.settings, client: client, round: round, samples: samples.count, batch: batch, ofOwnModel: true)
        var order = Array(samples.indices)
        var random = streams.order(epoch: epoch)
        random.shuffle(&order)
        for start in stride(from: 0, to: order.count, by: batch) {
            let places = order[start..<min(start + batch, order.count)]
            let dropout = streams.dropout(step: otherSteps)
            if let targets {
                let classes = plan.model.classes
                let rows = places.flatMap { targets[$0 * classes..<($0 + 1) * classes] }
                read(places.map { samples[$0] })
                _ = try plan.forwardBackward(scores: rows.span, dropout: dropout)
            } else {
                _ = try learnLabels(places.map { samples[$0] }, dropout)
            }
            optimizer.step(plan)
            otherSteps += 1
            timeline.note(samples: places.count)
            guard try shouldContinue(places.count) else { return false }
        }
        return true
    }

    /// Trains on the client's own samples. A training that is ended early weighs as any (``LocalTrainer``).
    private func revisit(
        _ samples: ArraySlice<UInt32>, _ client: Int, _ round: RoundID, _ result: inout LocalResult,
        _ shouldContinue: (Int) throws -> Bool
    ) throws {
        plan.resetOptimizer()
        let streams = ClientRandomness(
            job.settings, client: client, round: round, samples: samples.count, batch: batch)
        let epochs = job.settings.epochs
        for epoch in 0..<epochs {
            var order = Array(samples)
            var random = streams.order(epoch: epoch)
            random.shuffle(&order)
            var loss = 0.0
            for start in stride(from: 0, to: order.count, by: batch) {
                let part = Array(order[start..<min(start + batch, order.count)])
                loss += try learnLabels(part, streams.dropout(step: result.steps))
                optimizer.step(plan)
                result.steps += 1
                let seen = start + part.count
                result.loss = loss / Double(seen)
                timeline.note(samples: part.count)
                guard try shouldContinue(part.count) || epoch == epochs - 1 && seen == order.count else {
                    result.status = .partial
                    if epoch == 0 { result.samples = seen }
                    return
                }
            }
        }
    }

    /// Reads samples into the plan's input, and their labels.
    /// - Parameter samples: indices in the training set, at most a batch.
    private func read(_ samples: [UInt32]) { plan.read(samples.span, of: job.data.train, labels: &labels) }

    /// Forward and backward towards the samples' labels, without a step.
    /// - Returns: the summed loss.
    /// - Throws: an error of oneDNN.
    private func learnLabels(_ samples: [UInt32], _ dropout: DropoutKey) throws -> Double {
        read(samples)
        let labels = self.labels
        return try plan.forwardBackward(
            labels: labels.span.extracting(0..<samples.count), loss: job.loss, dropout: dropout
        ).lossSum
    }

    /// Writes what the model says of the public samples, minus the consensus. One forward pass over them.
    private func speak(
        _ weights: Span<Float>, _ consensus: Span<Float>, into message: inout MutableSpan<Float>
    ) throws {
        try speaker.load(weights)
        let (samples, classes) = (scores.publicSamples, speaker.model.classes)
        for start in stride(from: 0, to: samples.count, by: Self.spoken) {
            let part = Array(samples[start..<min(start + Self.spoken, samples.count)])
            speaker.read(part.span, of: job.data.train, labels: &labels)
            try speaker.forward(part.count)
            speaker.withOutput { output in
                for i in 0..<part.count * classes {
                    let place = start * classes + i
                    message[place] = output[i] - consensus[place]
                }
            }
        }
    }
}
