import COneDNN

/// x·Wᵀ + b, with W of shape `[out, in]`.
public struct Linear: Layer, Equatable {
    public let inputs: Int
    public let outputs: Int

    public init(_ inputs: Int, _ outputs: Int) {
        precondition(inputs > 0 && outputs > 0, "a linear layer from \(inputs) to \(outputs)")
        self.inputs = inputs
        self.outputs = outputs
    }

    public var description: String { "Linear \(inputs)→\(outputs)" }

    public func outputShape(for input: Shape) -> Shape {
        precondition(input == [inputs], "\(description) cannot follow a tensor of \(input)")
        return [outputs]
    }

    public func parameters(for input: Shape) -> [LayerParameter] {
        [
            LayerParameter(name: "weight", shape: [outputs, inputs], fanIn: inputs),
            LayerParameter(name: "bias", shape: [outputs], fanIn: inputs),
        ]
    }

    public func multiplyAdds(for input: Shape) -> Int { inputs * outputs }

    public func compile(into plan: PlanBuilder) throws(OneDNNError) {
        let needsInputGradient = plan.needsInputGradient
        let appliesReLU = plan.fusesReLU()
        let previous = plan.current
        let input = try Self.features(of: previous, in: plan)
        let bias = try MemoryDescriptor.plain([outputs])
        let weightExtents = [outputs] + input.descriptor.extents.dropFirst()
        let forward = try forward(
            from: input.descriptor, weightExtents, appliesReLU: appliesReLU, in: plan)
        let source = try plan.reordered(input, to: forward.source)
        let weights = plan.parameter("weight", try forward.weights)
        let biases = plan.parameter("bias", bias)
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
            let same = try plan.reordered(inputGradient, to: input.descriptor)
            return Gradient(tensor: Tensor(buffer: same.buffer, descriptor: previous.descriptor))
        }
    }

    /// The tensor as the primitive takes it best: plain as a matrix; blocked, which spares a copy, as it is.
    private static func features(of tensor: Tensor, in plan: PlanBuilder) throws(OneDNNError) -> Tensor {
        let extents = tensor.descriptor.extents
        guard try tensor.descriptor == .plain(extents) else { return tensor }
        let matrix = try MemoryDescriptor.plain([plan.batch, extents.dropFirst().reduce(1, *)])
        return Tensor(buffer: tensor.buffer, descriptor: matrix, isRectified: tensor.isRectified)
    }

    private func forward(
        from input: MemoryDescriptor, _ weightExtents: [Int], appliesReLU: Bool, in plan: PlanBuilder
    ) throws(OneDNNError) -> PrimitiveDescriptor {
        // Padding between features would make them other columns of the matrix.
        var source = try input.isPadded ? MemoryDescriptor.plain(input.extents).raw : input.raw
        var weights = try MemoryDescriptor.any(weightExtents).raw
        var bias = try MemoryDescriptor.plain([outputs]).raw
        var destination = try MemoryDescriptor.any([plan.batch, outputs]).raw
        var operation = dnnl_inner_product_desc_t()
        try check(
            "dnnl_inner_product_forward_desc_init",
            dnnl_inner_product_forward_desc_init(
                &operation, plan.propagation, &source, &weights, &bias, &destination))
        return try PrimitiveDescriptor("linear", &operation, appliesReLU: appliesReLU, engine: plan.engine)
    }

    private func differentiateWeights(
        _ input: Tensor, _ gradient: Tensor, _ weights: ParameterTensors, _ biases: ParameterTensors,
        forward: PrimitiveDescriptor, in plan: PlanBuilder
    ) throws(OneDNNError) {
        var source = input.descriptor.raw
        var weightsGradient = try MemoryDescriptor.any(weights.value.descriptor.extents).raw
        var biasGradient = biases.value.descriptor.raw
        var destinationGradient = gradient.descriptor.raw
        var operation = dnnl_inner_product_desc_t()
        try check(
            "dnnl_inner_product_backward_weights_desc_init",
            dnnl_inner_product_backward_weights_desc_init(
                &operation, &source, &weightsGradient, &biasGradient, &destinationGradient))
        let backward = try PrimitiveDescriptor(
            "linear backward weights", &operation, forward: forward, engine: plan.engine)
        try plan.run(
            backward, into: weights.gradient,
            [
                (DNNL_ARG_SRC, input), (DNNL_ARG_DIFF_DST, gradient), (DNNL_ARG_DIFF_BIAS, biases.gradient),
            ])
    }

    private func differentiateInput(
        _ input: Tensor, _ gradient: Tensor, _ weights: Tensor, forward: PrimitiveDescriptor, in plan: PlanBuilder
    ) throws(OneDNNError) -> Tensor {
        var sourceGradient = input.descriptor.raw
        var weightsLayout = weights.descriptor.raw
        var destinationGradient = gradient.descriptor.raw
        var operation = dnnl_inner_product_desc_t()
        try check(
            "dnnl_inner_product_backward_data_desc_init",
            dnnl_inner_product_backward_data_desc_init(
                &operation, &sourceGradient, &weightsLayout, &destinationGradient))
        let backward = try PrimitiveDescriptor(
            "linear backward data", &operation, forward: forward, engine: plan.engine)
        let result = plan.tensor(try backward.sourceGradient)
        try plan.run(
            backward, [(DNNL_ARG_DIFF_DST, gradient), (DNNL_ARG_WEIGHTS, weights), (DNNL_ARG_DIFF_SRC, result)])
        return result
    }
}
