/// A piece of work of a pass. A plan has a list of them for each direction, and executes it in order.
protocol Step: AnyObject {
    /// Does the work on the tensors that the step was bound to.
    /// - Throws: `OneDNNError` when a primitive fails.
    func execute(_ context: StepContext) throws(OneDNNError)
}

/// The parameters of one pass: everything that varies while steps and tensors stay.
struct StepContext {
    /// Key of the dropout masks; nil without dropout, as in every evaluation.
    var dropout: DropoutKey?
    /// Number of valid samples, the first of the batch.
    var count: Int
    /// Whether the pass is a step of training, with a backward pass to follow, and not an evaluation.
    var isTraining: Bool
}

extension Primitive: Step {
    /// Runs the code on the full batch, however many samples are valid: convolutions and linear layers compute each
    /// sample by itself.
    func execute(_ context: StepContext) throws(OneDNNError) {
        try execute()
    }
}

/// A step that is done only in training passes, or only in evaluations: batch normalisation has one of each.
final class ConditionalStep: Step {
    private let isTraining: Bool
    private let step: any Step

    init(_ step: any Step, whenTraining isTraining: Bool) {
        self.step = step
        self.isTraining = isTraining
    }

    func execute(_ context: StepContext) throws(OneDNNError) {
        if context.isTraining == isTraining { try step.execute(context) }
    }
}

/// A step in Swift, such as a dropout mask or the derivative of a ReLU, that works on floats and cannot fail.
final class KernelStep: Step {
    private let body: (StepContext) -> Void

    init(_ body: @escaping (StepContext) -> Void) {
        self.body = body
    }

    func execute(_ context: StepContext) throws(OneDNNError) {
        body(context)
    }
}
