import COneDNN
public import FedCore

/// A fully connected layer, x·Wᵀ + b with W of shape `[out, in]`, as PyTorch's `Linear`.
public struct Linear: Layer, Equatable {
    /// Number of input features.
    public let inputs: Int
    /// Number of output features.
    public let outputs: Int
    /// Whether a bias is added to each output.
    public let hasBias: Bool

    /// Makes a layer.
    /// - Parameters:
    ///   - inputs: number of input features, > 0.
    ///   - outputs: number of output features, > 0.
    ///   - hasBias: whether a bias is added.
    public init(_ inputs: Int, _ outputs: Int, hasBias: Bool = true) {
        precondition(inputs > 0 && outputs > 0, "a linear layer from \(inputs) to \(outputs)")
        self.inputs = inputs
        self.outputs = outputs
        self.hasBias = hasBias
    }

    public var description: String { "Linear \(inputs)→\(outputs)\(hasBias ? "" : ", no bias")" }

    public var takesBrainFloats: Bool { true }

    /// `[out]`.
    /// - Throws: `ConfigurationError` when `input` is not `[in]`; an image needs a ``Flatten`` before.
    public func outputShape(for input: Shape) throws(ConfigurationError) -> Shape {
        guard input == [inputs] else {
            throw ConfigurationError("\(description) takes \(inputs) features, not \(input)")
        }
        return [outputs]
    }

    /// The weights `[out, in]` and, if any, the biases `[out]`.
    public func parameters(for input: Shape) -> [LayerParameter] {
        let weights = LayerParameter(name: "weight", shape: [outputs, inputs], fanIn: inputs)
        return hasBias ? [weights, LayerParameter(name: "bias", shape: [outputs], fanIn: inputs)] : [weights]
    }

    /// One for each weight.
    public func multiplyAdds(for input: Shape) -> Int { inputs * outputs }

    /// Compiles oneDNN's inner product, with a ReLU behind it if there is one, and two for the derivatives.
    ///
    /// The primitive reads images as they are, in their blocked layout: ``Flatten`` costs nothing, and the weights are
    /// reordered once at `load` in its place.
    public func compile(into plan: PlanBuilder) throws(OneDNNError) {
        let needsInputGradient = plan.needsInputGradient
        let appliesReLU = plan.fusesReLU()
        let previous = plan.current
        let input = try Self.features(of: previous, in: plan)
        if plan.usesBlockedProducts, let kernel = try BlockedLinear(self, from: input.descriptor) {
            return try kernel.compile(self, from: input, appliesReLU: appliesReLU, into: plan)
        }
        let weightExtents = [outputs] + input.descriptor.extents.dropFirst()
        let forward = try forward(
            from: input.descriptor, weightExtents, appliesReLU: appliesReLU, in: plan)
        let source = try plan.reordered(input, to: forward.source)
        let weights = plan.parameter("weight", try forward.weights.of(dnnl_f32))
        let factors = try plan.reordered(weights.value, to: forward.weights)
        let biases = hasBias ? plan.parameter("bias", try .plain([outputs])) : nil
        var output = plan.tensor(try forward.destination)
        output.isRectified = appliesReLU
        let result = output
        var tensors = [
            (argument: DNNL_ARG_SRC, tensor: source), (DNNL_ARG_WEIGHTS, factors), (DNNL_ARG_DST, result),
        ]
        if let biases { tensors.append((DNNL_ARG_BIAS, biases.value)) }
        try plan.run(forward, tensors)
        plan.emit(result) { (plan, gradient) throws(OneDNNError) in
            let rectified = try plan.rectified(gradient, by: result).tensor
            let gradient = try plan.reordered(rectified, to: rectified.descriptor.of(plan.factorType))
            try plan.differentiateProducts(source, gradient, weights, biases) { (plan, gradient) throws(OneDNNError) in
                try differentiateWeights(source, gradient, weights, biases, forward: forward, in: plan)
            }
            guard needsInputGradient else { return nil }
            let inputGradient = try differentiateInput(source, gradient, factors, forward: forward, in: plan)
            let same = try plan.reordered(inputGradient, to: input.descriptor)
            return Gradient(tensor: Tensor(buffer: same.buffer, descriptor: previous.descriptor))
        }
    }

    /// Layout of the biases; without any, oneDNN's empty layout.
    private var biasLayout: dnnl_memory_desc_t {
        get throws(OneDNNError) { hasBias ? try MemoryDescriptor.plain([outputs]).raw : dnnl_memory_desc_t() }
    }

    /// The tensor as the primitive takes it best: plain as a matrix; blocked, which spares a copy, as it is.
    private static func features(of tensor: Tensor, in plan: PlanBuilder) throws(OneDNNError) -> Tensor {
        let extents = tensor.descriptor.extents
        guard try tensor.descriptor == .plain(extents, tensor.descriptor.raw.data_type) else { return tensor }
        let matrix = try MemoryDescriptor.plain(
            [plan.batch, extents.dropFirst().reduce(1, *)], tensor.descriptor.raw.data_type)
        return Tensor(buffer: tensor.buffer, descriptor: matrix, isRectified: tensor.isRectified)
    }

    /// The forward inner product.
    /// - Parameters:
    ///   - input: `[batch, features]`, or `[batch, channels, height, width]` in any layout.
    ///   - weightExtents: `[out]`, and behind it the input's extents without the batch.
    private func forward(
        from input: MemoryDescriptor, _ weightExtents: [Int], appliesReLU: Bool, in plan: PlanBuilder
    ) throws(OneDNNError) -> PrimitiveDescriptor {
        // Padding between features would make them other columns of the matrix.
        var source = try input.isPadded ? .plain(input.extents, plan.factorType) : input.of(plan.factorType)
        var weights = try MemoryDescriptor.any(weightExtents, plan.factorType).raw
        var bias = try biasLayout
        var destination = try MemoryDescriptor.any([plan.batch, outputs], plan.factorType).raw
        var operation = dnnl_inner_product_desc_t()
        try check(
            "dnnl_inner_product_forward_desc_init",
            dnnl_inner_product_forward_desc_init(
                &operation, plan.propagation, &source.raw, &weights, &bias, &destination))
        return try PrimitiveDescriptor("linear", &operation, appliesReLU: appliesReLU, engine: plan.engine)
    }

    /// Adds the gradients of weights and biases to the backward pass.
    private func differentiateWeights(
        _ input: Tensor, _ gradient: Tensor, _ weights: ParameterTensors, _ biases: ParameterTensors?,
        forward: PrimitiveDescriptor, in plan: PlanBuilder
    ) throws(OneDNNError) {
        var source = input.descriptor.raw
        var weightsGradient = try MemoryDescriptor.any(weights.value.descriptor.extents).raw
        var biasGradient = try biasLayout
        var destinationGradient = gradient.descriptor.raw
        var operation = dnnl_inner_product_desc_t()
        try check(
            "dnnl_inner_product_backward_weights_desc_init",
            dnnl_inner_product_backward_weights_desc_init(
                &operation, &source, &weightsGradient, &biasGradient, &destinationGradient))
        let backward = try PrimitiveDescriptor(
            "linear backward weights", &operation, forward: forward, engine: plan.engine)
        var tensors = [(argument: DNNL_ARG_SRC, tensor: input), (DNNL_ARG_DIFF_DST, gradient)]
        if let biases { tensors.append((DNNL_ARG_DIFF_BIAS, biases.gradient)) }
        try plan.run(backward, into: weights.gradient, tensors)
    }

    /// Adds the gradient of the input to the backward pass.
    /// - Returns: the gradient, in the layout of the forward primitive's input.
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
