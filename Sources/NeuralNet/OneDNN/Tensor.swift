/// A tensor of a plan that is being compiled: which buffer it lies in, and how.
struct Tensor {
    let buffer: Int
    let descriptor: MemoryDescriptor
    /// It is the output of a ReLU whose derivative is still to be applied on the way back: whoever sees a gradient of
    /// this tensor first may do so, at the latest the layer that made it.
    var isRectified = false
}

/// The gradient of the loss with respect to a layer's output.
struct Gradient {
    let tensor: Tensor
    /// The derivative of the output's ReLU, if it had one, has been applied.
    var isRectified = false
}

/// A parameter and its gradient, in the layout the primitives chose, which is the same for both.
struct ParameterTensors {
    let value: Tensor
    let gradient: Tensor
}

/// Where a buffer lies.
enum Storage {
    /// In memory shared with buffers that are not needed at the same time.
    case transient
    /// Never shared: filled or read from outside.
    case persistent
    /// At a byte offset of the plan's weights.
    case weights(Int)
    /// At a byte offset of the plan's gradients.
    case gradients(Int)
    /// Memory whose contents no one needs after the primitive: one block, shared by all.
    case scratchpad
}

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
