import NeuralNet

/// A model (or part of one) compiled for batches of 1, 2, 4, … samples and the largest, so that a pass over a few
/// samples does not cost one over many: at most twice the work that is needed.
///
/// Each plan has its own copy of the weights, in the layouts of its primitives. A pass of three images runs the plan
/// for four.
final class BatchPlans {
    /// The layers that were compiled.
    let model: Model
    /// Compiled plans by batch size, ascending; the last has the largest.
    private let plans: [Plan]

    /// Compiles all plans, ⌈log₂ `largest`⌉ + 1 of them: tens of milliseconds.
    ///
    /// - Parameters:
    ///   - model: The layers to compile.
    ///   - weights: The parameters of these layers in the canonical order; nil leaves zeros, for measuring times.
    ///   - largest: Samples of the largest batch, > 0.
    ///   - threads: Threads of a pass, > 0.
    /// - Throws: `OneDNNError` when a layer cannot be compiled.
    init(_ model: Model, weights: Span<Float>?, largest: Int, threads: Int) throws(OneDNNError) {
        self.model = model
        var sizes = [largest]
        var size = 1
        while size < largest {
            sizes.insert(size, at: sizes.count - 1)
            size *= 2
        }
        var plans: [Plan] = []
        for batch in sizes {
            let plan = try Plan(model, batch: batch, purpose: .inference, threads: threads)
            if let weights { try plan.load(weights) }
            plans.append(plan)
        }
        self.plans = plans
    }

    /// The plan with the smallest batch that has room for `count` samples.
    ///
    /// - Precondition: `count` is at most the largest batch.
    func plan(for count: Int) -> Plan {
        for plan in plans where plan.batch >= count { return plan }
        preconditionFailure("\(count) samples in a batch of \(plans[plans.count - 1].batch)")
    }
}
