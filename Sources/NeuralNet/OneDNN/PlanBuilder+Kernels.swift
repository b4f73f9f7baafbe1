// What layers with kernels of their own ask for.
extension PlanBuilder {
    /// Adds a kernel that reads and writes several tensors.
    /// - Parameters:
    ///   - tensors: the tensors, from which their lifetimes are found.
    ///   - kernel: gets the first element of each tensor, in their order, valid for the pass.
    func run(
        on tensors: [Tensor], _ kernel: @escaping (_ tensors: [UnsafeMutablePointer<Float>], StepContext) -> Void
    ) {
        append(
            PlannedStep(tensors: tensors) { memory in
                let addresses = memory.firstElements(of: tensors)
                return KernelStep { context in kernel(addresses, context) }
            })
    }

    /// Adds a kernel that calls the library.
    /// - Parameters:
    ///   - tensors: the tensors, from which their lifetimes are found.
    ///   - kernel: gets the first element of each tensor, in their order, valid for the pass.
    func run(
        on tensors: [Tensor],
        calling kernel: @escaping (_ tensors: [UnsafeMutablePointer<Float>], StepContext) throws(OneDNNError) -> Void
    ) {
        append(
            PlannedStep(tensors: tensors) { memory in LibraryStep(memory.firstElements(of: tensors), kernel) })
    }

    /// The layer's input, plain and with the extents that its shape has, whatever it was before a ``Flatten``.
    func plainInput() throws(OneDNNError) -> Tensor {
        let plain = try reordered(current, to: .plain(current.descriptor.extents))
        return Tensor(
            buffer: plain.buffer, descriptor: try .plain([batch] + inputShape.extents),
            isRectified: current.isRectified)
    }

    /// A plain tensor with the extents of another: of the gradient that a layer computes of its `plainInput()`, that of
    /// the input.
    func renamed(_ tensor: Tensor, as other: Tensor) throws(OneDNNError) -> Tensor {
        Tensor(buffer: tensor.buffer, descriptor: try .plain(other.descriptor.extents))
    }
}

extension PlanMemory {
    /// The first element of each tensor, valid for as long as this memory.
    func firstElements(of tensors: [Tensor]) -> [UnsafeMutablePointer<Float>] {
        tensors.map { address(of: $0).assumingMemoryBound(to: Float.self) }
    }
}

/// A step in Swift that calls the library, such as a product of matrices in each time step.
private final class LibraryStep: Step {
    private let addresses: [UnsafeMutablePointer<Float>]
    private let body: ([UnsafeMutablePointer<Float>], StepContext) throws(OneDNNError) -> Void

    init(
        _ addresses: [UnsafeMutablePointer<Float>],
        _ body: @escaping ([UnsafeMutablePointer<Float>], StepContext) throws(OneDNNError) -> Void
    ) {
        self.addresses = addresses
        self.body = body
    }

    func execute(_ context: StepContext) throws(OneDNNError) {
        try body(addresses, context)
    }
}
