import COneDNN

/// Two-dimensional cross-correlation with bias; W has shape `[out, in / groups, kernel, kernel]`.
public struct Conv2D: Layer, Equatable {
    public let inputs: Int
    public let outputs: Int
    public let kernel: Int
    /// Rows and columns of zeros on each side.
    public let padding: Int
    public let stride: Int
    /// Input and output channels fall into so many groups that do not see each other; `inputs` of them is a depthwise
    /// convolution.
    public let groups: Int

    /// - Precondition: `groups` divides `inputs` and `outputs`.
    public init(_ inputs: Int, _ outputs: Int, kernel: Int, padding: Int = 0, stride: Int = 1, groups: Int = 1) {
        precondition(min(inputs, outputs, kernel, stride, groups) > 0 && padding >= 0, "an impossible convolution")
        precondition(inputs % groups == 0 && outputs % groups == 0, "\(groups) groups of \(inputs)→\(outputs)")
        self.inputs = inputs
        self.outputs = outputs
        self.kernel = kernel
        self.padding = padding
        self.stride = stride
        self.groups = groups
    }

    public var description: String {
        var text = "Conv2D \(inputs)→\(outputs), \(kernel)×\(kernel)"
        if padding != 0 { text += ", padding \(padding)" }
        if stride != 1 { text += ", stride \(stride)" }
        if groups != 1 { text += ", groups \(groups)" }
        return text
    }

    public func outputShape(for input: Shape) -> Shape {
        precondition(
            input.extents.count == 3 && input.extents[0] == inputs, "\(description) cannot follow a tensor of \(input)")
        return Shape([outputs] + input.extents.dropFirst().map { ($0 + 2 * padding - kernel) / stride + 1 })
    }

    public func parameters(for input: Shape) -> [LayerParameter] {
        let fanIn = inputs / groups * kernel * kernel
        return [
            LayerParameter(name: "weight", shape: [outputs, inputs / groups, kernel, kernel], fanIn: fanIn),
            LayerParameter(name: "bias", shape: [outputs], fanIn: fanIn),
        ]
    }

    public func multiplyAdds(for input: Shape) -> Int {
        outputShape(for: input).count * (inputs / groups) * kernel * kernel
    }

    public func compile(into plan: PlanBuilder) throws(OneDNNError) {
        let needsInputGradient = plan.needsInputGradient
        let appliesReLU = plan.fusesReLU()
        let input = plan.current
        let forward = try forward(from: input, appliesReLU: appliesReLU, in: plan)
        let source = try plan.reordered(input, to: forward.source)
        let weights = plan.parameter("weight", try forward.weights)
        let biases = plan.parameter("bias", try .plain([outputs]))
        var output = plan.tensor(try forward.destination)
        output.isRectified = appliesReLU
        let result = output
        try plan.run(
            forward,
            [
                (DNNL_ARG_SRC, source), (DNNL_ARG_WEIGHTS, weights.value), (DNNL_ARG_BIAS, biases.value),
                (DNNL_ARG_DST, result),
            ])
        plan.emit(result) { (plan, gradient) throws(OneDNNError) in
            let gradient = try plan.rectified(gradient, by: result).tensor
            try differentiateWeights(source, gradient, weights, biases, forward: forward, in: plan)
            guard needsInputGradient else { return nil }
            let inputGradient = try differentiateInput(source, gradient, weights.value, forward: forward, in: plan)
            return Gradient(tensor: try plan.reordered(inputGradient, to: input.descriptor))
        }
    }

    private var strides: [Int64] { [Int64(stride), Int64(stride)] }
    private var margins: [Int64] { [Int64(padding), Int64(padding)] }
    /// Extents of its weights as oneDNN counts them: the groups, if there are some, are a dimension of their own.
    var weightExtents: [Int] {
        let extents = [outputs / groups, inputs / groups, kernel, kernel]
        return groups == 1 ? extents : [groups] + extents
    }

    private func forward(
        from input: Tensor, appliesReLU: Bool, in plan: PlanBuilder
    ) throws(OneDNNError) -> PrimitiveDescriptor {
        let extents = input.descriptor.extents
        let shape = outputShape(for: Shape(Array(extents.dropFirst())))
        // The kernels for few channels read plain images; any other input may be blocked.
        var source = try inputs < 4 ? input.descriptor.raw : MemoryDescriptor.any(extents).raw
        var weights = try MemoryDescriptor.any(weightExtents).raw
        var bias = try MemoryDescriptor.plain([outputs]).raw
        var destination = try MemoryDescriptor.any([plan.batch] + shape.extents).raw
        var operation = dnnl_convolution_desc_t()
        try check(
            "dnnl_convolution_forward_desc_init",
            dnnl_convolution_forward_desc_init(
                &operation, plan.propagation, dnnl_convolution_direct, &source, &weights, &bias, &destination,
                strides, margins, margins))
        return try PrimitiveDescriptor("convolution", &operation, appliesReLU: appliesReLU, engine: plan.engine)
    }

    private func differentiateWeights(
        _ input: Tensor, _ gradient: Tensor, _ weights: ParameterTensors, _ biases: ParameterTensors,
        forward: PrimitiveDescriptor, in plan: PlanBuilder
    ) throws(OneDNNError) {
        var source = input.descriptor.raw
        var weightsGradient = try MemoryDescriptor.any(weightExtents).raw
        var biasGradient = biases.value.descriptor.raw
        var destinationGradient = try MemoryDescriptor.any(gradient.descriptor.extents).raw
        var operation = dnnl_convolution_desc_t()
        try check(
            "dnnl_convolution_backward_weights_desc_init",
            dnnl_convolution_backward_weights_desc_init(
                &operation, dnnl_convolution_direct, &source, &weightsGradient, &biasGradient, &destinationGradient,
                strides, margins, margins))
        let backward = try PrimitiveDescriptor(
            "convolution backward weights", &operation, forward: forward, engine: plan.engine)
        let destination = try plan.reordered(gradient, to: backward.destinationGradient)
        try plan.run(
            backward, into: weights.gradient,
            [
                (DNNL_ARG_SRC, input), (DNNL_ARG_DIFF_DST, destination), (DNNL_ARG_DIFF_BIAS, biases.gradient),
            ])
    }

    private func differentiateInput(
        _ input: Tensor, _ gradient: Tensor, _ weights: Tensor, forward: PrimitiveDescriptor, in plan: PlanBuilder
    ) throws(OneDNNError) -> Tensor {
        var sourceGradient = try MemoryDescriptor.any(input.descriptor.extents).raw
        var weightsLayout = try MemoryDescriptor.any(weightExtents).raw
        var destinationGradient = try MemoryDescriptor.any(gradient.descriptor.extents).raw
        var operation = dnnl_convolution_desc_t()
        try check(
            "dnnl_convolution_backward_data_desc_init",
            dnnl_convolution_backward_data_desc_init(
                &operation, dnnl_convolution_direct, &sourceGradient, &weightsLayout, &destinationGradient, strides,
                margins, margins))
        let backward = try PrimitiveDescriptor(
            "convolution backward data", &operation, forward: forward, engine: plan.engine)
        let result = plan.tensor(try backward.sourceGradient)
        try plan.run(
            backward,
            [
                (DNNL_ARG_DIFF_DST, try plan.reordered(gradient, to: backward.destinationGradient)),
                (DNNL_ARG_WEIGHTS, try plan.reordered(weights, to: backward.weights)), (DNNL_ARG_DIFF_SRC, result),
            ])
        return result
    }
}
