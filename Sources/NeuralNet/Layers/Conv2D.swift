import COneDNN
public import FedCore

/// Two-dimensional cross-correlation, as PyTorch's `Conv2d` with a square kernel; the weights have the shape
/// `[out, in / groups, kernel, kernel]`.
///
/// `[in, height, width]` becomes `[out, (height + 2·padding − dilation·(kernel − 1) − 1) / stride + 1, …]`, divisions
/// rounded down.
/// oneDNN's direct convolution computes it, in a blocked layout that the library chooses for the processor.
public struct Conv2D: Layer, Equatable {
    /// Number of input channels.
    public let inputs: Int
    /// Number of output channels.
    public let outputs: Int
    /// Height and width of the kernel, in pixels.
    public let kernel: Int
    /// Rows and columns of zeros that are added on each side.
    public let padding: Int
    /// Distance of neighbouring windows, in pixels.
    public let stride: Int
    /// Distance of the pixels that a window reads: 1 for neighbours.
    public let dilation: Int
    /// Number of groups that input and output channels are divided into; a group's outputs depend on its inputs alone.
    /// As many groups as inputs make a depthwise convolution.
    public let groups: Int
    /// Whether a bias is added to each output channel.
    public let hasBias: Bool

    /// Makes a layer.
    /// - Parameters:
    ///   - inputs: number of input channels.
    ///   - outputs: number of output channels.
    ///   - kernel: height and width of the kernel.
    ///   - padding: zeros on each side, ≥ 0.
    ///   - stride: distance of neighbouring windows.
    ///   - dilation: distance of the pixels that a window reads.
    ///   - groups: number of groups.
    ///   - hasBias: whether a bias is added; normalisation behind the layer takes it out again.
    /// - Precondition: all but `padding` are positive, and `groups` divides `inputs` and `outputs`.
    public init(
        _ inputs: Int, _ outputs: Int, kernel: Int, padding: Int = 0, stride: Int = 1, dilation: Int = 1,
        groups: Int = 1, hasBias: Bool = true
    ) {
        precondition(
            min(inputs, outputs, kernel, stride, dilation, groups) > 0 && padding >= 0, "an impossible convolution")
        precondition(inputs % groups == 0 && outputs % groups == 0, "\(groups) groups of \(inputs)→\(outputs)")
        self.inputs = inputs
        self.outputs = outputs
        self.kernel = kernel
        self.padding = padding
        self.stride = stride
        self.dilation = dilation
        self.groups = groups
        self.hasBias = hasBias
    }

    public var description: String {
        var text = "Conv2D \(inputs)→\(outputs), \(kernel)×\(kernel)"
        if padding != 0 { text += ", padding \(padding)" }
        if stride != 1 { text += ", stride \(stride)" }
        if dilation != 1 { text += ", dilation \(dilation)" }
        if groups != 1 { text += ", groups \(groups)" }
        if !hasBias { text += ", no bias" }
        return text
    }

    public var takesBrainFloats: Bool { true }

    /// `[out, height, width]` of the windows that fit into the padded image.
    /// - Throws: `ConfigurationError` when `input` is not `[in, height, width]`, or smaller than the kernel.
    public func outputShape(for input: Shape) throws(ConfigurationError) -> Shape {
        guard input.extents.count == 3, input.extents[0] == inputs else {
            throw ConfigurationError("\(description) takes images of \(inputs) channels, not \(input)")
        }
        return try windows.outputShape(of: description, channels: outputs, for: input)
    }

    private var windows: Windows { Windows(kernel: kernel, stride: stride, padding: padding, dilation: dilation) }

    /// The weights `[out, in / groups, kernel, kernel]` and, if any, the biases `[out]`.
    public func parameters(for input: Shape) -> [LayerParameter] {
        let fanIn = inputs / groups * kernel * kernel
        let weights = LayerParameter(
            name: "weight", shape: [outputs, inputs / groups, kernel, kernel], fanIn: fanIn)
        return hasBias ? [weights, LayerParameter(name: "bias", shape: [outputs], fanIn: fanIn)] : [weights]
    }

    /// The size of a kernel for each element of the output; padding counts as if it were multiplied.
    public func multiplyAdds(for input: Shape) -> Int {
        ((try? outputShape(for: input))?.count ?? 0) * (inputs / groups) * kernel * kernel
    }

    /// Compiles the forward convolution, with a ReLU behind it if there is one, and two for the derivatives. The
    /// gradient of the input is left out where no layer before has parameters: in the first layer that saves a third
    /// of the work.
    public func compile(into plan: PlanBuilder) throws(OneDNNError) {
        let needsInputGradient = plan.needsInputGradient
        let appliesReLU = plan.fusesReLU()
        let input = plan.current
        if plan.usesBlockedConvolutions,
            let kernel = try BlockedConvolution(
                self, from: input.descriptor.extents, to: [plan.batch] + plan.outputShape.extents,
                needsInputGradient: needsInputGradient)
        {
            return try kernel.compile(self, appliesReLU: appliesReLU, into: plan)
        }
        let forward = try forward(from: input, appliesReLU: appliesReLU, in: plan)
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
            let gradient = try plan.rectified(gradient, by: result).tensor
            if !(weights.isFrozen && biases?.isFrozen ?? true) {
                if plan.clipsSamples {
                    try clipSamples(source, gradient, weights, biases, forward: forward, in: plan)
                } else {
                    try differentiateWeights(source, gradient, weights, biases, forward: forward, in: plan)
                }
            }
            guard needsInputGradient else { return nil }
            let inputGradient = try differentiateInput(source, gradient, factors, forward: forward, in: plan)
            return Gradient(tensor: try plan.reordered(inputGradient, to: input.descriptor))
        }
    }

    private var strides: [Int64] { [Int64(stride), Int64(stride)] }
    private var margins: [Int64] { [Int64(padding), Int64(padding)] }
    /// oneDNN counts the pixels that are left out.
    private var gaps: [Int64] { [Int64(dilation - 1), Int64(dilation - 1)] }
    /// Layout of the biases; without any, oneDNN's empty layout.
    private var biasLayout: dnnl_memory_desc_t {
        get throws(OneDNNError) { hasBias ? try MemoryDescriptor.plain([outputs]).raw : dnnl_memory_desc_t() }
    }
    /// Extents of the weights as oneDNN counts them: groups, if there are several, are a dimension of their own. The
    /// order of the elements is the same.
    var weightExtents: [Int] {
        let extents = [outputs / groups, inputs / groups, kernel, kernel]
        return groups == 1 ? extents : [groups] + extents
    }

    /// The forward convolution, its layouts chosen by oneDNN.
    private func forward(
        from input: Tensor, appliesReLU: Bool, in plan: PlanBuilder
    ) throws(OneDNNError) -> PrimitiveDescriptor {
        let extents = input.descriptor.extents
        // The kernels for few channels read plain images; any other input may be blocked. Those for one channel a group
        // want blocks, however few.
        let readsPlain = inputs < 4 && groups == 1
        var source =
            try readsPlain
            ? MemoryDescriptor.plain(extents, plan.factorType).raw
            : MemoryDescriptor.any(extents, plan.factorType).raw
        var weights = try MemoryDescriptor.any(weightExtents, plan.factorType).raw
        var bias = try biasLayout
        var destination = try MemoryDescriptor.any([extents[0]] + plan.outputShape.extents, plan.factorType).raw
        var operation = dnnl_convolution_desc_t()
        try check(
            "dnnl_dilated_convolution_forward_desc_init",
            dnnl_dilated_convolution_forward_desc_init(
                &operation, plan.propagation, dnnl_convolution_direct, &source, &weights, &bias, &destination,
                strides, gaps, margins, margins))
        return try PrimitiveDescriptor("convolution", &operation, appliesReLU: appliesReLU, engine: plan.engine)
    }

    /// Adds the gradients of weights and biases to the backward pass.
    /// - Parameters:
    ///   - input: the forward primitive's input.
    ///   - gradient: gradient of the loss with respect to the output, before the ReLU.
    private func differentiateWeights(
        _ input: Tensor, _ gradient: Tensor, _ weights: ParameterTensors, _ biases: ParameterTensors?,
        forward: PrimitiveDescriptor, in plan: PlanBuilder
    ) throws(OneDNNError) {
        let backward = try fastBackwardWeights(
            input.descriptor, gradient.descriptor.extents, forward: forward, in: plan)
        let source = try plan.reordered(input, to: backward.source)
        let destination = try plan.reordered(gradient, to: backward.destinationGradient)
        var tensors = [(argument: DNNL_ARG_SRC, tensor: source), (DNNL_ARG_DIFF_DST, destination)]
        if let biases { tensors.append((DNNL_ARG_DIFF_BIAS, biases.gradient)) }
        try plan.run(backward, into: weights.gradient, tensors)
    }

    /// Adds the gradients of weights and biases of each sample by itself.
    private func clipSamples(
        _ input: Tensor, _ gradient: Tensor, _ weights: ParameterTensors, _ biases: ParameterTensors?,
        forward: PrimitiveDescriptor, in plan: PlanBuilder
    ) throws(OneDNNError) {
        let (batch, engine) = (plan.batch, plan.engine)
        let single = try self.forward(
            from: Tensor(buffer: input.buffer, descriptor: input.descriptor.resized(to: 1)), appliesReLU: false,
            in: plan)
        let backward = try fastBackwardWeights(
            input.descriptor.resized(to: 1), [1] + gradient.descriptor.extents.dropFirst(), forward: single, in: plan)
        plan.implementations.append(backward.implementation)
        let source = try plan.reordered(input, to: try backward.source.resized(to: batch))
        let destination = try plan.reordered(gradient, to: try backward.destinationGradient.resized(to: batch))
        let layouts = (weights: try backward.weightsGradient, biases: biases?.value.descriptor)
        try plan.clipEachSample(
            [(weights, layouts.weights)] + (biases.map { [($0, $0.value.descriptor)] } ?? []),
            using: [source, destination],
            room: plan.floatsPerSample(source) + plan.floatsPerSample(destination)
        ) { (memory) throws(OneDNNError) in
            var results = [(argument: DNNL_ARG_DIFF_WEIGHTS, layout: layouts.weights)]
            if let biases = layouts.biases { results.append((DNNL_ARG_DIFF_BIAS, biases)) }
            let primitive = try SamplePrimitive(
                backward,
                batches: [
                    (DNNL_ARG_SRC, source, source.descriptor.resized(to: 1)),
                    (DNNL_ARG_DIFF_DST, destination, destination.descriptor.resized(to: 1)),
                ], results: results, in: memory, engine: engine)
            return { (sample, gradients) throws(OneDNNError) in try primitive.execute(sample, into: gradients) }
        } again: { (plan, row) throws(OneDNNError) in
            try differentiateWeights(
                input, plan.scaled(gradient, row), weights, biases, forward: forward, in: plan)
        }
    }

    /// The convolution that computes the gradients of weights and biases, from a source of this layout if that is fast.
    private func fastBackwardWeights(
        _ layout: MemoryDescriptor, _ gradient: [Int], forward: PrimitiveDescriptor, in plan: PlanBuilder
    ) throws(OneDNNError) -> PrimitiveDescriptor {
        let backward = try backwardWeights(layout, gradient, forward: forward, in: plan)
        guard backward.implementation.hasPrefix("ref") else { return backward }
        // No kernel for blocks of images this small: one for plain images, and a copy, is hundreds of times faster.
        return try backwardWeights(.any(layout.extents, plan.factorType), gradient, forward: forward, in: plan)
    }

    /// The convolution that computes the gradients of weights and biases from a source of some layout.
    /// - Parameter gradient: extents of the result's gradient.
    private func backwardWeights(
        _ layout: MemoryDescriptor, _ gradient: [Int], forward: PrimitiveDescriptor, in plan: PlanBuilder
    ) throws(OneDNNError) -> PrimitiveDescriptor {
        var source = layout.raw
        var weightsGradient = try MemoryDescriptor.any(weightExtents).raw
        var biasGradient = try biasLayout
        var destinationGradient = try MemoryDescriptor.any(gradient, plan.factorType).raw
        var operation = dnnl_convolution_desc_t()
        try check(
            "dnnl_dilated_convolution_backward_weights_desc_init",
            dnnl_dilated_convolution_backward_weights_desc_init(
                &operation, dnnl_convolution_direct, &source, &weightsGradient, &biasGradient, &destinationGradient,
                strides, gaps, margins, margins))
        return try PrimitiveDescriptor(
            "convolution backward weights", &operation, forward: forward, engine: plan.engine)
    }

    /// Adds the gradient of the input to the backward pass.
    /// - Returns: the gradient, in the layout that the backward primitive chose.
    private func differentiateInput(
        _ input: Tensor, _ gradient: Tensor, _ weights: Tensor, forward: PrimitiveDescriptor, in plan: PlanBuilder
    ) throws(OneDNNError) -> Tensor {
        var sourceGradient = try MemoryDescriptor.any(input.descriptor.extents, plan.factorType).raw
        var weightsLayout = try MemoryDescriptor.any(weightExtents, plan.factorType).raw
        var destinationGradient = try MemoryDescriptor.any(gradient.descriptor.extents, plan.factorType).raw
        var operation = dnnl_convolution_desc_t()
        try check(
            "dnnl_dilated_convolution_backward_data_desc_init",
            dnnl_dilated_convolution_backward_data_desc_init(
                &operation, dnnl_convolution_direct, &sourceGradient, &weightsLayout, &destinationGradient, strides,
                gaps, margins, margins))
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
