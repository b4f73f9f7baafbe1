import COneDNN
public import FedCore

/// Normalisation of each sample by itself, (x − mean) / √(variance + ε) · weight + bias with a weight and a bias for each
/// of the last dimension's features, as PyTorch's `LayerNorm(features)`.
///
/// J. L. Ba, J. R. Kiros, G. E. Hinton, *Layer Normalization*, 2016, arXiv:1607.06450.
public struct LayerNorm: Layer, Equatable {
    /// Number of features, each with a scale and a shift of its own.
    public let features: Int
    /// ε > 0, added to the variance.
    public let epsilon: Float

    /// Makes a layer; the default is PyTorch's.
    /// - Parameters:
    ///   - features: extent of the input's last dimension.
    ///   - epsilon: ε > 0.
    /// - Precondition: the values are in these ranges.
    public init(_ features: Int, epsilon: Float = 1e-5) {
        precondition(features > 0 && epsilon > 0, "a normalisation of \(features) features with ε = \(epsilon)")
        self.features = features
        self.epsilon = epsilon
    }

    public var description: String { "LayerNorm \(features)" }
    public var isNormalization: Bool { true }

    /// The input's shape: `[features]`, or `[time, features]`, of which each time step is normalised by itself.
    /// - Throws: `ConfigurationError` when the last extent is not that of the features.
    public func outputShape(for input: Shape) throws(ConfigurationError) -> Shape {
        guard input.extents.last == features, input.extents.count <= 4 else {
            throw ConfigurationError("\(description) takes \(features) features in the last dimension, not \(input)")
        }
        return input
    }

    /// Scale and shift `[features]`, with PyTorch's names and initial values.
    public func parameters(for input: Shape) -> [LayerParameter] {
        [
            LayerParameter(name: "weight", shape: [features], initialization: .constant(1)),
            LayerParameter(name: "bias", shape: [features], initialization: .constant(0)),
        ]
    }

    /// One for each element, by the scale and the shift.
    public func multiplyAdds(for input: Shape) -> Int { input.count }

    /// Compiles oneDNN's layer normalisation of plain rows, and its derivative.
    public func compile(into plan: PlanBuilder) throws(OneDNNError) {
        let needsInputGradient = plan.needsInputGradient
        let original = plan.current
        let plain = try plan.plainInput()
        let rows = try MemoryDescriptor.plain([plain.descriptor.count / features, features])
        let input = Tensor(buffer: plain.buffer, descriptor: rows)
        let perFeature = try MemoryDescriptor.plain([features])
        let weights = plan.parameter("weight", perFeature)
        let biases = plan.parameter("bias", perFeature)
        var data = rows.raw
        let flags = dnnl_use_scale.rawValue | dnnl_use_shift.rawValue
        var operation = dnnl_layer_normalization_desc_t()
        try check(
            "dnnl_layer_normalization_forward_desc_init",
            dnnl_layer_normalization_forward_desc_init(&operation, plan.propagation, &data, nil, epsilon, flags))
        let forward = try PrimitiveDescriptor("layer normalisation", &operation, engine: plan.engine)
        let result = plan.tensor(rows)
        var tensors = [
            (argument: DNNL_ARG_SRC, tensor: input), (DNNL_ARG_SCALE, weights.value), (DNNL_ARG_SHIFT, biases.value),
        ]
        let output = Tensor(buffer: result.buffer, descriptor: plain.descriptor)
        guard plan.purpose == .training else {
            try plan.run(forward, tensors + [(DNNL_ARG_DST, result)])
            return plan.emit(output) { _, _ in nil }
        }
        let perRow = try MemoryDescriptor.plain([rows.extents[0]])
        let (means, variances) = (plan.tensor(perRow), plan.tensor(perRow))
        tensors += [(DNNL_ARG_MEAN, means), (DNNL_ARG_VARIANCE, variances)]
        try plan.run(forward, tensors + [(DNNL_ARG_DST, result)])
        let inputs = tensors
        plan.emit(output) { (plan, gradient) throws(OneDNNError) in
            let outputGradient = try plan.reordered(gradient.tensor, to: output.descriptor)
            let inputGradient = plan.tensor(rows)
            let result = needsInputGradient ? Gradient(tensor: try plan.renamed(inputGradient, as: original)) : nil
            if plan.clipsSamples, !(weights.isFrozen && biases.isFrozen) {
                let (batch, engine) = (plan.batch, plan.engine)
                let steps = rows.extents[0] / batch
                let backward = try backward(of: try .plain([steps, features]), forward: forward, in: plan)
                let moved = [
                    (argument: DNNL_ARG_SRC, tensor: input), (DNNL_ARG_DIFF_DST, outputGradient),
                    (DNNL_ARG_DIFF_SRC, inputGradient), (DNNL_ARG_MEAN, means), (DNNL_ARG_VARIANCE, variances),
                ]
                try plan.clipEachSample(
                    [(weights, perFeature), (biases, perFeature)], using: moved.map { $0.1 } + [weights.value],
                    room: .max
                ) { (memory) throws(OneDNNError) in
                    var batches: [(argument: Int32, tensor: Tensor, sample: MemoryDescriptor)] = []
                    for (argument, tensor) in moved {
                        let isStatistic = argument == DNNL_ARG_MEAN || argument == DNNL_ARG_VARIANCE
                        batches.append((argument, tensor, try .plain(isStatistic ? [steps] : [steps, features])))
                    }
                    let primitive = try SamplePrimitive(
                        backward, batches: batches,
                        shared: [(DNNL_ARG_SCALE, weights.value), (DNNL_ARG_SHIFT, biases.value)],
                        results: [(DNNL_ARG_DIFF_SCALE, perFeature), (DNNL_ARG_DIFF_SHIFT, perFeature)], in: memory,
                        engine: engine)
                    return { (sample, gradients) throws(OneDNNError) in try primitive.execute(sample, into: gradients) }
                }
                return result
            }
            let backward = try backward(of: rows, forward: forward, in: plan)
            try plan.run(
                backward,
                inputs + [
                    (DNNL_ARG_DIFF_DST, Tensor(buffer: outputGradient.buffer, descriptor: rows)),
                    (DNNL_ARG_DIFF_SRC, inputGradient), (DNNL_ARG_DIFF_SCALE, weights.gradient),
                    (DNNL_ARG_DIFF_SHIFT, biases.gradient),
                ])
            return result
        }
    }

    /// The derivative of some rows.
    private func backward(
        of rows: MemoryDescriptor, forward: PrimitiveDescriptor, in plan: PlanBuilder
    ) throws(OneDNNError) -> PrimitiveDescriptor {
        var data = rows.raw
        var differentiated = data
        var operation = dnnl_layer_normalization_desc_t()
        try check(
            "dnnl_layer_normalization_backward_desc_init",
            dnnl_layer_normalization_backward_desc_init(
                &operation, dnnl_backward, &differentiated, &data, nil, epsilon,
                dnnl_use_scale.rawValue | dnnl_use_shift.rawValue))
        return try PrimitiveDescriptor(
            "layer normalisation backward", &operation, forward: forward, engine: plan.engine)
    }
}
