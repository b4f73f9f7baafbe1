import COneDNN
public import FedCore

/// The largest value of each window of `kernel × kernel`, as PyTorch's `MaxPool2d`; at the right and the lower edge,
/// incomplete windows are dropped.
public struct MaxPool2D: Layer, Equatable {
    /// Height and width of a window, in pixels.
    public let kernel: Int
    /// Distance of neighbouring windows, in pixels.
    public let stride: Int

    /// Makes a layer.
    /// - Parameters:
    ///   - kernel: height and width of a window, > 0.
    ///   - stride: distance of neighbouring windows, > 0; the kernel's size unless given.
    public init(_ kernel: Int, stride: Int? = nil) {
        precondition(kernel > 0 && stride ?? 1 > 0, "a window of \(kernel) every \(stride ?? kernel)")
        self.kernel = kernel
        self.stride = stride ?? kernel
    }

    public var description: String {
        stride == kernel ? "MaxPool2D \(kernel)×\(kernel)" : "MaxPool2D \(kernel)×\(kernel), stride \(stride)"
    }

    /// `[channels, (height − kernel) / stride + 1, …]`, divisions rounded down.
    /// - Throws: `ConfigurationError` when `input` is no image, or smaller than a window.
    public func outputShape(for input: Shape) throws(ConfigurationError) -> Shape {
        guard input.extents.count == 3 else {
            throw ConfigurationError("\(description) takes images, not \(input)")
        }
        return try Windows(kernel: kernel, stride: stride)
            .outputShape(of: description, channels: input.extents[0], for: input)
    }

    /// Compiles the pooling, in the input's layout. For training it keeps a workspace with the place of each maximum,
    /// to which the derivative sends the gradient.
    public func compile(into plan: PlanBuilder) throws(OneDNNError) {
        let input = plan.current
        let strides = [Int64](repeating: Int64(stride), count: 2)
        let window = [Int64](repeating: Int64(kernel), count: 2)
        let padding: [Int64] = [0, 0]
        var source = input.descriptor.raw
        var destination = try MemoryDescriptor.any([plan.batch] + plan.outputShape.extents).raw
        var operation = dnnl_pooling_desc_t()
        try check(
            "dnnl_pooling_forward_desc_init",
            dnnl_pooling_forward_desc_init(
                &operation, plan.propagation, dnnl_pooling_max, &source, &destination, strides, window, padding,
                padding))
        let forward = try PrimitiveDescriptor("max pooling", &operation, engine: plan.engine)
        var pooled = plan.tensor(try forward.destination)
        // The largest of rectified values is the rectified largest: the derivative of the ReLU before can be applied to
        // the few pooled values instead of the many it made.
        pooled.isRectified = input.isRectified
        let result = pooled
        var tensors = [(argument: DNNL_ARG_SRC, tensor: input), (DNNL_ARG_DST, result)]
        guard plan.purpose == .training else {
            try plan.run(forward, tensors)
            return plan.emit(result) { _, _ in nil }
        }
        let workspace = plan.tensor(try forward.workspace)
        tensors.append((DNNL_ARG_WORKSPACE, workspace))
        try plan.run(forward, tensors)

        let needsInputGradient = plan.needsInputGradient
        plan.emit(result) { (plan, gradient) throws(OneDNNError) in
            guard needsInputGradient else { return nil }
            let gradient = try plan.rectified(gradient, by: result)
            let pooledGradient = try plan.reordered(gradient.tensor, to: result.descriptor)
            var sourceGradient = input.descriptor.raw
            var destinationGradient = pooledGradient.descriptor.raw
            var operation = dnnl_pooling_desc_t()
            try check(
                "dnnl_pooling_backward_desc_init",
                dnnl_pooling_backward_desc_init(
                    &operation, dnnl_pooling_max, &sourceGradient, &destinationGradient, strides, window, padding,
                    padding))
            let backward = try PrimitiveDescriptor(
                "max pooling backward", &operation, forward: forward, engine: plan.engine)
            let inputGradient = plan.tensor(input.descriptor)
            try plan.run(
                backward,
                [
                    (DNNL_ARG_DIFF_DST, pooledGradient), (DNNL_ARG_WORKSPACE, workspace),
                    (DNNL_ARG_DIFF_SRC, inputGradient),
                ])
            return Gradient(tensor: inputGradient, isRectified: input.isRectified)
        }
    }
}
