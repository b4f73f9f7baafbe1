import Aggregation
import Datasets
import FedCore
import NeuralNet
import Records

/// What an edge looks at before it counts an update: whether its norm is far above those of the edge's other clients
/// (`--edge-norm-limit`), and whether the loss on the edge's own samples rises far with it (`--edge-loss-limit`). NaN and
/// infinities are refused without being asked for.
struct EdgeScreen {
    private let normLimit: Double?
    private let lossLimit: Double?
    private let samples: [UInt32]
    /// Measures losses; nil where none is asked for.
    private let evaluator: Evaluator?
    /// Length of the weights.
    private let parameters: Int

    /// Compiles the model, if losses are measured.
    /// - Parameters:
    ///   - job: the run.
    ///   - edges: the limits, and the samples that losses are measured on.
    /// - Returns: nil when the edges take every update.
    /// - Throws: an error of oneDNN.
    init?(_ job: Job, _ edges: EdgeTerms) throws {
        guard edges.normLimit != nil || edges.lossLimit != nil else { return nil }
        (normLimit, lossLimit, samples) = (edges.normLimit, edges.lossLimit, edges.samples)
        parameters = job.vectors.sharedCount
        evaluator = lossLimit == nil ? nil : try Evaluator(job.model, job.data.train, threads: job.settings.threads)
    }

    /// Leaves out what is beyond the limits. O(updates · (parameters + samples)).
    /// - Parameters:
    ///   - tally: the updates of an edge's turn, which it keeps.
    ///   - weights: the weights that they are changes of.
    ///   - heartbeat: called before each loss that is measured: many of them take long, and the cloud asks meanwhile.
    /// - Throws: what `heartbeat` throws; an error of oneDNN.
    func judge(_ tally: RoundTally, from weights: [Float], _ heartbeat: () throws -> Void) throws {
        if let normLimit {
            let norms = tally.map { $0.extracting(0..<parameters).norm }
            let sorted = norms.map(\.value).sorted()
            guard !sorted.isEmpty else { return }
            // The lower of the two in the middle: half of the clients, or more, are no longer.
            let bound = normLimit * sorted[(sorted.count - 1) / 2]
            tally.leaveOut(norms.filter { !($0.value <= bound) }.map(\.client), as: .refused)
        }
        if let lossLimit, let evaluator {
            let before = try evaluator.evaluate(weights.span, on: samples.span).loss
            let losses = try tally.map { update in
                try heartbeat()
                var changed = weights
                var span = changed.mutableSpan
                span.add(update.extracting(0..<weights.count))
                return try evaluator.evaluate(changed.span, on: samples.span).loss
            }
            // Written so that NaN is refused.
            tally.leaveOut(losses.filter { !($0.value <= lossLimit * before) }.map(\.client), as: .refused)
        }
    }
}
