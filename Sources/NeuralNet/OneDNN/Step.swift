/// A piece of work of one pass, executed in order.
protocol Step: AnyObject {
    func execute(_ context: StepContext) throws(OneDNNError)
}

/// What varies from pass to pass.
struct StepContext {
    /// Nil when evaluating.
    var dropout: DropoutKey?
    /// Samples of the batch that count.
    var count: Int
}

extension Primitive: Step {
    func execute(_ context: StepContext) throws(OneDNNError) {
        try execute()
    }
}

/// Work of our own on floats.
final class KernelStep: Step {
    private let body: (StepContext) -> Void

    init(_ body: @escaping (StepContext) -> Void) {
        self.body = body
    }

    func execute(_ context: StepContext) throws(OneDNNError) {
        body(context)
    }
}
