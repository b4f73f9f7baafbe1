import Datasets
import FedCore
import NeuralNet
import Records
import Runtime

/// A client's half of a federated evaluation: tests the models that the client has, the global one, its own or both, on
/// the samples that it holds out of training (`--client-test`).
final class ClientEvaluator {
    private let job: Job
    /// The model compiled for inference on training data: what clients hold out is theirs. By width, where clients have
    /// models of their own; one otherwise.
    private var evaluators: [Int: Evaluator] = [:]
    private let timeline: Timeline
    /// Initial weights, to which own parameters are relative; empty unless clients keep parameters of their own.
    private let initial: [Float]

    /// Compiles the model.
    /// - Throws: an error of oneDNN.
    init(_ job: Job, _ timeline: Timeline) throws {
        self.job = job
        self.timeline = timeline
        initial = job.strategy.personalization == .none ? [] : job.model.initialWeights(seed: job.settings.seed)
        if job.scores == nil { _ = try evaluator(of: job.model, 0) }
    }

    /// The evaluator of a model, compiled when it is first asked for.
    private func evaluator(of model: Model, _ width: Int) throws -> Evaluator {
        if let evaluator = evaluators[width] { return evaluator }
        let evaluator = try Evaluator(model, job.data.train, threads: job.settings.threads)
        evaluators[width] = evaluator
        return evaluator
    }

    /// Tests a client's models. One forward pass over its held-out samples for each.
    ///
    /// - Parameters:
    ///   - client: number of the client.
    ///   - down: federated weights first, `[job.vectors.down]`.
    ///   - state: the client's state; empty when it has no model of its own.
    ///   - slot: receives an ``EvaluationVector``, `[job.evaluationVector.floats]`.
    ///   - heartbeat: called before and after each batch.
    func evaluate(
        _ client: Int, down: Span<Float>, state: Span<Float>, slot: inout MutableSpan<Float>,
        heartbeat: () throws -> Void
    ) throws {
        timeline.enter(.evaluate, client: client)
        let shared = down.extracting(0..<job.vectors.sharedCount)
        let samples = Array(job.clientTest.samples(of: client))
        timeline.note(samples: samples.count * job.evaluatesGlobal.count)
        if let scores = job.scores {
            let width = scores.own(client)
            let own = scores.weights(width: width, state: state, seed: job.settings.seed)
            let found = try evaluator(of: scores.models[width], width)
                .evaluate(own.span, on: samples.span, heartbeat: heartbeat)
            return job.evaluationVector.write(found, model: 0, into: &slot)
        }
        let evaluator = try evaluator(of: job.model, 0)
        for (model, isGlobal) in job.evaluatesGlobal.enumerated() {
            let evaluation: Evaluation
            if isGlobal {
                evaluation = try evaluator.evaluate(shared, on: samples.span, heartbeat: heartbeat)
            } else {
                let own = job.vectors.ownModel(initial: initial, shared: shared, state: state)
                evaluation = try evaluator.evaluate(own.span, on: samples.span, heartbeat: heartbeat)
            }
            job.evaluationVector.write(evaluation, model: model, into: &slot)
        }
    }
}
