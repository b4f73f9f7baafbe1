/// A tensor of a plan that is being compiled: a buffer and a layout in it. Its address is known once the plan has
/// memory.
struct Tensor {
    /// Index among the builder's buffers.
    let buffer: Int
    /// Extents, type and layout.
    let descriptor: MemoryDescriptor
    /// Whether it is the output of a ReLU whose derivative is still to be applied in the backward pass. The step that
    /// first has a gradient of this tensor may do so, at the latest the layer that made it.
    var isRectified = false

    /// The first samples, in the memory of the whole.
    func prefix(_ samples: Int) throws(OneDNNError) -> Tensor {
        Tensor(buffer: buffer, descriptor: try descriptor.prefix(samples), isRectified: isRectified)
    }
}

/// The gradient of the loss with respect to a layer's output, while the backward pass is compiled.
struct Gradient {
    /// The gradient, in any layout.
    let tensor: Tensor
    /// Whether the derivative of the output's ReLU, if it had one, has been applied.
    var isRectified = false
    /// Whether another layer gets the same tensor, so that none may change it (``PlanBuilder/owned(_:in:)``).
    var isShared = false
}

/// A parameter and its gradient, in the layout the primitives chose, which is the same for both.
struct ParameterTensors {
    let value: Tensor
    let gradient: Tensor
    /// Whether it stays as it is, so that nobody reads the gradient.
    var isFrozen = false
}

/// The kind of memory that a buffer lies in.
enum Storage {
    /// Memory that is shared with buffers which are not needed at the same time.
    case transient
    /// Memory that is never shared: it is filled or read from outside.
    case persistent
    /// A byte offset in the plan's weights.
    case weights(Int)
    /// A byte offset in the plan's gradients.
    case gradients(Int)
    /// A byte offset in the plan's running statistics.
    case statistics(Int)
    /// Memory whose contents are not needed after a primitive: one block, which all share.
    case scratchpad
}
