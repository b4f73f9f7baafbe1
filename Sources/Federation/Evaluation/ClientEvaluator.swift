import Datasets
import FedCore
import NeuralNet
import Records
import Runtime

/// A client's half of a federated evaluation.
final class ClientEvaluator {
    private let job: Job
    private let evaluator: Evaluator
    private let timeline: Timeline
    /// Empty unless clients keep parameters of their own.
    private let initial: [Float]

    init(_ job: Job, _ timeline: Timeline) throws {
        self.job = job
        self.timeline = timeline
        evaluator = try Evaluator(job.model, job.data.train, threads: job.settings.threads)
        initial = job.strategy.personalization == .none ? [] : job.model.initialWeights(seed: job.settings.seed)
    }

    /// - Parameters:
    ///   - state: of the client; empty when it has no model of its own.
    ///   - slot: receives what `EvaluationVector` says.
    func evaluate(
        _ client: Int, down: Span<Float>, state: Span<Float>, slot: inout MutableSpan<Float>,
        heartbeat: () throws -> Void
    ) throws {
        timeline.enter(.evaluate, client: client)
        let shared = down.extracting(0..<job.vectors.sharedCount)
        let samples = Array(job.clientTest.samples(of: client))
        timeline.note(samples: samples.count * job.evaluatesGlobal.count)
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
