import NeuralNet

/// A model compiled for batches of 1, 2, 4, … samples, so that a pass over a few does not cost one over many.
final class PlanLadder {
    let model: Model
    private let plans: [Plan]

    /// Compiles all plans: tens of milliseconds.
    /// - Parameters:
    ///   - weights: in the canonical order; nil leaves zeros.
    ///   - largest: samples of the largest batch, > 0.
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

    /// The plan with the smallest batch that has room for so many samples; at most the largest.
    func plan(for count: Int) -> Plan {
        for plan in plans where plan.batch >= count { return plan }
        preconditionFailure("\(count) samples in a batch of \(plans[plans.count - 1].batch)")
    }
}
