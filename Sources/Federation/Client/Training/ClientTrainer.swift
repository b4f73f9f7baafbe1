import FedCore
import NeuralNet
import Records
import Runtime

/// Trains each client on the model that it has: all of the global one, or, where the strategy has submodels, the part
/// of the client's width. A model is compiled for the first client that trains it, and kept, with what a teacher says of each
/// sample.
final class ClientTrainer {
    private let job: Job
    private let timeline: Timeline
    /// A trainer for each width that has been trained; one where there are no widths.
    private var trainers: [Int: LocalTrainer] = [:]
    /// The same where clients exchange scores.
    private var scoreTrainers: [Int: ScoreTrainer] = [:]

    /// The norm that updates are clipped to in this round, where it adapts: never where clients train parts.
    var clip: Float?

    /// Compiles the global model, unless clients train parts of it.
    /// - Throws: an error of oneDNN.
    init(_ job: Job, _ timeline: Timeline) throws {
        self.job = job
        self.timeline = timeline
        if job.submodels == nil, job.scores == nil { trainers[0] = try LocalTrainer(job, timeline) }
    }

    /// Trains one client from the global weights; arguments, result and errors are those of ``LocalTrainer``.
    ///
    /// A part's weights are copied out of the global ones, and its update to their places in the slot, zeros elsewhere.
    func train(
        client: Int, samples: ArraySlice<UInt32>, round: RoundID, down: Span<Float>, slot: inout MutableSpan<Float>,
        shouldContinue: (Int) throws -> Bool
    ) throws -> LocalResult {
        if let scores = job.scores {
            let width = scores.own(client)
            let trainer = try scoreTrainers[width] ?? ScoreTrainer(job, scores, width: width, timeline)
            scoreTrainers[width] = trainer
            return try trainer.train(
                client: client, samples: samples, round: round, down: down, slot: &slot, shouldContinue: shouldContinue)
        }
        guard let submodels = job.submodels else {
            let trainer = try trainer(of: 0, job.model)
            trainer.clip = clip
            return try trainer.train(
                client: client, samples: samples, round: round, down: down, slot: &slot, shouldContinue: shouldContinue)
        }
        timeline.enter(.load, client: client)
        let part = submodels.submodel(ofClient: client, round: round.number)
        let trainer = try trainer(of: part.width, submodels.models[part.width])
        let start = part.gather(down)
        var update = [Float](repeating: 0, count: part.count)
        var span = update.mutableSpan
        let result = try trainer.train(
            client: client, samples: samples, round: round, down: start.span, slot: &span,
            shouldContinue: shouldContinue)
        part.scatter(span.span, into: &slot)
        return result
    }

    private func trainer(of width: Int, _ model: Model) throws -> LocalTrainer {
        if let trainer = trainers[width] { return trainer }
        let trainer = try LocalTrainer(job, timeline, narrowed: model)
        trainers[width] = trainer
        return trainer
    }
}
