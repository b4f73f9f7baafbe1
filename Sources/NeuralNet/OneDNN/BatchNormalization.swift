import COneDNN

/// The three primitives of oneDNN's batch normalisation in a plan, optionally with a ReLU behind it.
///
/// ``BatchNorm2D`` makes one while it is compiled. The primitives of training are made for a number of samples each,
/// because mean and variance must be those of the valid samples, without the padding of a smaller batch.
struct BatchNormalization {
    /// Input, `[batch, channels, height, width]`.
    let source: Tensor
    /// Output, in the source's layout.
    let result: Tensor
    /// Scale γ, `[channels]`, and its gradient.
    let weights: ParameterTensors
    /// Shift β, `[channels]`, and its gradient.
    let biases: ParameterTensors
    /// ε > 0.
    let epsilon: Float
    /// Whether the primitives contain the ReLU that follows.
    let appliesReLU: Bool
    let engine: Engine

    /// The tensors that a training pass leaves to its backward pass.
    struct Notes {
        /// Mean of the batch, `[channels]`.
        let mean: Tensor
        /// Biased variance of the batch, `[channels]`.
        let variance: Tensor
        /// oneDNN's record of the elements that the ReLU let pass; nil without a ReLU.
        let mask: Tensor?
    }

    /// The forward primitive that normalises by a given mean and variance.
    /// - Parameters:
    ///   - mean: running mean, `[channels]`.
    ///   - variance: running variance, `[channels]`.
    func evaluation(mean: Tensor, variance: Tensor) throws(OneDNNError) -> Operation {
        let descriptor = try forward(
            dnnl_forward_inference, source.descriptor.extents[0], flags.rawValue | dnnl_use_global_stats.rawValue)
        return Operation(
            descriptor: descriptor, tensors: inputs(source, mean, variance) + [(DNNL_ARG_DST, result)])
    }

    /// Tensors for the notes of a pass, large enough for a full batch.
    /// - Parameter perChannel: layout of mean and variance.
    func notes(_ perChannel: MemoryDescriptor, in plan: PlanBuilder) throws(OneDNNError) -> Notes {
        let mask = appliesReLU ? plan.tensor(try training(plan.batch).workspace) : nil
        return Notes(mean: plan.tensor(perChannel), variance: plan.tensor(perChannel), mask: mask)
    }

    /// The forward primitive that normalises the first `count` samples by their own mean and variance, which it writes
    /// into the notes.
    func training(_ count: Int, _ notes: Notes) throws(OneDNNError) -> Operation {
        let descriptor = try training(count)
        let arguments: [(argument: Int32, tensor: Tensor)] = try [(DNNL_ARG_DST, result.prefix(count))]
        return Operation(
            descriptor: descriptor,
            tensors: try inputs(source.prefix(count), notes.mean, notes.variance) + arguments
                + mask(notes, of: descriptor))
    }

    /// The primitive of the derivative for the first `count` samples.
    /// - Parameters:
    ///   - count: number of valid samples.
    ///   - notes: the notes of the forward pass.
    ///   - gradient: gradient with respect to the result; replaced by that with respect to the source.
    func backward(_ count: Int, _ notes: Notes, _ gradient: Tensor) throws(OneDNNError) -> Operation {
        let training = try training(count)
        var data = try source.descriptor.prefix(count).raw
        var differentiated = data
        var operation = dnnl_batch_normalization_desc_t()
        try check(
            "dnnl_batch_normalization_backward_desc_init",
            dnnl_batch_normalization_backward_desc_init(
                &operation, dnnl_backward, &differentiated, &data, epsilon, flags.rawValue))
        let gradient = try gradient.prefix(count)
        let arguments: [(argument: Int32, tensor: Tensor)] = [
            (DNNL_ARG_DIFF_DST, gradient), (DNNL_ARG_DIFF_SRC, gradient), (DNNL_ARG_DIFF_SCALE, weights.gradient),
            (DNNL_ARG_DIFF_SHIFT, biases.gradient),
        ]
        return Operation(
            descriptor: try PrimitiveDescriptor(
                "batch normalisation backward", &operation, forward: training, engine: engine),
            tensors: try inputs(source.prefix(count), notes.mean, notes.variance) + arguments
                + mask(notes, of: training))
    }

    /// Options of the primitives: scale and shift as two tensors, and the ReLU.
    private var flags: dnnl_normalization_flags_t {
        let affine = dnnl_use_scale.rawValue | dnnl_use_shift.rawValue
        return dnnl_normalization_flags_t(affine | (appliesReLU ? dnnl_fuse_norm_relu.rawValue : 0))
    }

    /// The arguments that all three primitives share.
    private func inputs(_ source: Tensor, _ mean: Tensor, _ variance: Tensor) -> [(argument: Int32, tensor: Tensor)] {
        [
            (DNNL_ARG_SRC, source), (DNNL_ARG_MEAN, mean), (DNNL_ARG_VARIANCE, variance),
            (DNNL_ARG_SCALE, weights.value), (DNNL_ARG_SHIFT, biases.value),
        ]
    }

    /// The ReLU's record as an argument, in the layout for this number of samples; none without a ReLU.
    private func mask(
        _ notes: Notes, of training: PrimitiveDescriptor
    ) throws(OneDNNError) -> [(argument: Int32, tensor: Tensor)] {
        guard let mask = notes.mask else { return [] }
        return [(DNNL_ARG_WORKSPACE, Tensor(buffer: mask.buffer, descriptor: try training.workspace))]
    }

    private func training(_ count: Int) throws(OneDNNError) -> PrimitiveDescriptor {
        try forward(dnnl_forward_training, count, flags.rawValue)
    }

    private func forward(
        _ propagation: dnnl_prop_kind_t, _ count: Int, _ flags: UInt32
    ) throws(OneDNNError) -> PrimitiveDescriptor {
        var data = try source.descriptor.prefix(count).raw
        var operation = dnnl_batch_normalization_desc_t()
        try check(
            "dnnl_batch_normalization_forward_desc_init",
            dnnl_batch_normalization_forward_desc_init(&operation, propagation, &data, epsilon, flags))
        return try PrimitiveDescriptor("batch normalisation", &operation, engine: engine)
    }
}
