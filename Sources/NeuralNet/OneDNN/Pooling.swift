import COneDNN

/// The primitives of a pooling in a plan: ``MaxPool2D``, ``AvgPool2D`` and ``GlobalAvgPool2D`` make one while they are
/// compiled.
struct Pooling {
    /// oneDNN's name of what is done with a window.
    let algorithm: dnnl_alg_kind_t
    /// Height and width of a window.
    let window: [Int64]
    /// Distance of neighbouring windows along both axes.
    let strides: [Int64]
    /// Rows above the image, columns to the left of it.
    let before: [Int64]
    /// Rows below the image, columns to the right of it.
    let behind: [Int64]

    /// Makes a pooling of images of a shape.
    init(_ algorithm: dnnl_alg_kind_t, _ windows: Windows, over image: Shape) {
        self.algorithm = algorithm
        window = [Int64](repeating: Int64(windows.kernel), count: 2)
        strides = [Int64](repeating: Int64(windows.stride), count: 2)
        before = [Int64](repeating: Int64(windows.padding), count: 2)
        behind = image.extents.suffix(2).map { Int64(windows.paddingBehind($0)) }
    }

    /// Makes a pooling whose one window is the image.
    init(_ algorithm: dnnl_alg_kind_t, wholeOf image: Shape) {
        self.algorithm = algorithm
        window = image.extents.suffix(2).map(Int64.init)
        strides = [1, 1]
        before = [0, 0]
        behind = [0, 0]
    }

    var isMaximum: Bool { algorithm == dnnl_pooling_max }

    /// Compiles the pooling, in the input's layout. A maximum keeps a workspace for training, with the place of each
    /// maximum, to which the derivative sends the gradient.
    func compile(into plan: PlanBuilder) throws(OneDNNError) {
        let input = plan.current
        if let kernel = try BlockedMaxPooling(self, over: input.descriptor) {
            return try compile(kernel, into: plan)
        }
        var source = input.descriptor.raw
        var destination = try MemoryDescriptor.any(
            [plan.batch] + plan.outputShape.extents, input.descriptor.raw.data_type
        ).raw
        var operation = dnnl_pooling_desc_t()
        try check(
            "dnnl_pooling_forward_desc_init",
            dnnl_pooling_forward_desc_init(
                &operation, plan.propagation, algorithm, &source, &destination, strides, window, before, behind))
        let forward = try PrimitiveDescriptor("pooling", &operation, engine: plan.engine)
        var pooled = plan.tensor(try forward.destination)
        // The largest of rectified values is the rectified largest: the derivative of the ReLU before can be applied to
        // the few pooled values instead of the many it made.
        pooled.isRectified = isMaximum && input.isRectified
        let result = pooled
        var tensors = [(argument: DNNL_ARG_SRC, tensor: input), (DNNL_ARG_DST, result)]
        guard plan.purpose == .training else {
            try plan.run(forward, tensors)
            return plan.emit(result) { _, _ in nil }
        }
        let workspace = isMaximum ? plan.tensor(try forward.workspace) : nil
        if let workspace { tensors.append((DNNL_ARG_WORKSPACE, workspace)) }
        try plan.run(forward, tensors)

        emit(result, of: input, in: plan) { (plan, pooledGradient, inputGradient) throws(OneDNNError) in
            var sourceGradient = input.descriptor.raw
            var destinationGradient = pooledGradient.descriptor.raw
            var operation = dnnl_pooling_desc_t()
            try check(
                "dnnl_pooling_backward_desc_init",
                dnnl_pooling_backward_desc_init(
                    &operation, algorithm, &sourceGradient, &destinationGradient, strides, window, before, behind))
            let backward = try PrimitiveDescriptor(
                "pooling backward", &operation, forward: forward, engine: plan.engine)
            var tensors = [(argument: DNNL_ARG_DIFF_DST, tensor: pooledGradient), (DNNL_ARG_DIFF_SRC, inputGradient)]
            if let workspace { tensors.append((DNNL_ARG_WORKSPACE, workspace)) }
            try plan.run(backward, tensors)
        }
    }

    /// Compiles kernels of our own.
    private func compile(_ kernel: BlockedMaxPooling, into plan: PlanBuilder) throws(OneDNNError) {
        let input = plan.current
        let extents = [plan.batch] + plan.outputShape.extents
        var pooled = plan.tensor(try .blocked(extents, lanes: 8))
        pooled.isRectified = input.isRectified
        let result = pooled
        guard plan.purpose == .training else {
            plan.run(on: [input, result]) { tensors, _ in kernel.forward(tensors[0], into: tensors[1], places: nil) }
            return plan.emit(result) { _, _ in nil }
        }
        let places = plan.tensor(try .blockedBytes(extents))
        func bytes(_ address: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<UInt8> {
            UnsafeMutableRawPointer(address).assumingMemoryBound(to: UInt8.self)
        }
        plan.run(on: [input, result, places]) { tensors, _ in
            kernel.forward(tensors[0], into: tensors[1], places: bytes(tensors[2]))
        }
        emit(result, of: input, in: plan) { plan, pooledGradient, inputGradient in
            plan.run(on: [pooledGradient, places, inputGradient]) { tensors, _ in
                kernel.backward(tensors[0], places: bytes(tensors[1]), into: tensors[2])
            }
        }
    }

    /// Passes the pooled images on.
    /// - Parameter differentiate: adds the gradient of the input, its last tensor, to the backward pass; called only if
    ///   anybody needs it, with a gradient that has the layout of the result and the derivative of its ReLU.
    private func emit(
        _ result: Tensor, of input: Tensor, in plan: PlanBuilder,
        _ differentiate: @escaping (PlanBuilder, _ pooled: Tensor, _ input: Tensor) throws(OneDNNError) -> Void
    ) {
        let needsInputGradient = plan.needsInputGradient
        plan.emit(result) { (plan, gradient) throws(OneDNNError) in
            guard needsInputGradient else { return nil }
            let gradient = try plan.rectified(gradient, by: result)
            let pooledGradient = try plan.reordered(gradient.tensor, to: result.descriptor)
            let inputGradient = plan.tensor(input.descriptor)
            try differentiate(plan, pooledGradient, inputGradient)
            return Gradient(tensor: inputGradient, isRectified: result.isRectified)
        }
    }
}
