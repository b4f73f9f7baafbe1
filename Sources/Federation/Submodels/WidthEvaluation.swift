import Datasets
import FedCore
import Records

/// Tests the models of a run's widths, each cut out of the global weights as its clients have it after a round: what a
/// device of that width would use. The model of width 1 is the global one, which is tested anyway.
///
/// Where windows move from round to round, they are those of the round just finished, which its clients trained.
struct WidthEvaluation {
    private let submodels: Submodels
    private let evaluators: [(width: Int, metric: Metric, evaluator: Evaluator)]

    /// Compiles a model for each width below 1.
    /// - Throws: an error of oneDNN.
    init(_ job: Job, _ submodels: Submodels) throws {
        self.submodels = submodels
        evaluators = try submodels.narrower.map { width, metric in
            (
                width, metric,
                try Evaluator(submodels.models[width], job.data.test, threads: job.settings.threads)
            )
        }
    }

    /// Tests all of them: a forward pass of each over the samples.
    /// - Parameters:
    ///   - weights: the global weights after the round.
    ///   - record: the round's; receives an accuracy for each width below 1.
    ///   - samples: indices in the test set.
    ///   - heartbeat: called before and after each batch.
    func evaluate(
        _ weights: Span<Float>, into record: inout RoundRecord, on samples: Span<UInt32>, _ heartbeat: () throws -> Void
    ) throws {
        for (width, metric, evaluator) in evaluators {
            let part = submodels.submodel(width: width, round: record.round).gather(weights)
            record[metric] = try evaluator.evaluate(part.span, on: samples, heartbeat: heartbeat).accuracy
        }
    }
}
