import COneDNN
public import FedCore

/// Batch normalisation of each channel, (x − mean) / √(variance + ε) · weight + bias, as PyTorch's `BatchNorm2d`; of a
/// vector, each feature is a channel, as with `BatchNorm1d`.
///
/// Training normalises by the mean and the variance of the batch, of the samples that count and all pixels, and moves
/// the running statistics toward them: r ← (1 − m)·r + m·b, with the unbiased variance. Evaluation normalises by the
/// running statistics. They are part of the flat weights, so that the server averages them; `num_batches_tracked` is
/// not, because only PyTorch's `momentum=None` reads it.
///
/// S. Ioffe and C. Szegedy, *Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate
/// Shift*, ICML 2015, arXiv:1502.03167.
public struct BatchNorm2D: Layer, Equatable {
    /// Number of channels, each with a mean, a variance, a scale and a shift of its own.
    public let channels: Int
    /// ε > 0, added to the variance.
    public let epsilon: Float
    /// m in (0, 1]: the share of a batch in the running statistics.
    public let momentum: Float

    /// Makes a layer; the defaults are PyTorch's.
    /// - Parameters:
    ///   - channels: number of channels of input and output.
    ///   - epsilon: ε > 0.
    ///   - momentum: m in (0, 1].
    /// - Precondition: the values are in these ranges.
    public init(_ channels: Int, epsilon: Float = 1e-5, momentum: Float = 0.1) {
        precondition(channels > 0 && epsilon > 0, "a normalisation of \(channels) channels with ε = \(epsilon)")
        precondition(momentum > 0 && momentum <= 1, "a momentum of \(momentum) is outside (0, 1]")
        self.channels = channels
        self.epsilon = epsilon
        self.momentum = momentum
    }

    public var description: String { "BatchNorm2D \(channels)" }
    public var isNormalization: Bool { true }

    /// The input's shape, `[channels, height, width]` or `[channels]`.
    /// - Throws: `ConfigurationError` for other tensors.
    public func outputShape(for input: Shape) throws(ConfigurationError) -> Shape {
        guard input.extents[0] == channels, [1, 3].contains(input.extents.count) else {
            throw ConfigurationError(
                "\(description) takes images of \(channels) channels or \(channels) features, not \(input)")
        }
        return input
    }

    /// Scale and shift, which the optimizer moves, and the running statistics, which training passes move: four vectors
    /// `[channels]` with PyTorch's names and initial values.
    public func parameters(for input: Shape) -> [LayerParameter] {
        [
            LayerParameter(name: "weight", shape: [channels], initialization: .constant(1)),
            LayerParameter(name: "bias", shape: [channels], initialization: .constant(0)),
            LayerParameter(name: "running_mean", shape: [channels], initialization: .constant(0), role: .statistic),
            LayerParameter(name: "running_var", shape: [channels], initialization: .constant(1), role: .statistic),
        ]
    }

    /// One for each element, by the scale and the shift.
    public func multiplyAdds(for input: Shape) -> Int { input.count }

    /// Compiles three primitives: one that evaluates with the running statistics and, in a plan for training, one that
    /// normalises by the batch and one for its derivative. A ReLU behind it is part of them.
    ///
    /// The last two exist for each number of samples that passes have (``BatchStep``): padding samples would change
    /// the mean and the variance.
    public func compile(into plan: PlanBuilder) throws(OneDNNError) {
        let needsInputGradient = plan.needsInputGradient
        let original = plan.current
        let input = try Self.images(in: plan)
        let perChannel = try MemoryDescriptor.plain([channels])
        let normalization = BatchNormalization(
            source: input, result: plan.tensor(input.descriptor), weights: plan.parameter("weight", perChannel),
            biases: plan.parameter("bias", perChannel), epsilon: epsilon, appliesReLU: plan.fusesReLU(),
            engine: plan.engine)
        let isVector = plan.inputShape.extents.count == 1
        let output =
            isVector
            ? Tensor(buffer: normalization.result.buffer, descriptor: try .plain([plan.batch, channels]))
            : normalization.result
        let runningMean = plan.statistic("running_mean", perChannel)
        let runningVariance = plan.statistic("running_var", perChannel)
        let evaluation = try normalization.evaluation(mean: runningMean, variance: runningVariance)
        // Frozen ones come before everything that trains, so that no gradient is needed.
        guard plan.purpose == .training, !plan.hasFrozenStatistics else {
            try plan.run(evaluation.descriptor, evaluation.tensors)
            return plan.emit(output) { _, _ in nil }
        }
        try plan.run(evaluation.descriptor, evaluation.tensors, whenTraining: false)
        let notes = try normalization.notes(perChannel, in: plan)
        try plan.run(into: normalization.result) { (count) throws(OneDNNError) in
            try normalization.training(count, notes)
        }
        let momentum = momentum
        let pixels = input.descriptor.count / plan.batch / channels
        plan.run(on: runningMean, with: notes.mean) { running, mean, context in
            if context.isTraining { blend(&running, toward: mean, momentum: momentum) }
        }
        plan.run(on: runningVariance, with: notes.variance) { running, variance, context in
            let values = Float(context.count * pixels)
            // A single value has no unbiased variance.
            guard context.isTraining, values > 1 else { return }
            blend(&running, toward: variance, momentum: momentum, scale: values / (values - 1))
        }
        plan.emit(output) { (plan, gradient) throws(OneDNNError) in
            let gradient = Tensor(
                buffer: try plan.owned(gradient, in: output.descriptor).buffer, descriptor: input.descriptor)
            try plan.run(into: gradient) { (count) throws(OneDNNError) in
                try normalization.backward(count, notes, gradient)
            }
            guard needsInputGradient else { return nil }
            return Gradient(tensor: isVector ? try plan.renamed(gradient, as: original) : gradient)
        }
    }

    /// The layer's input as images: as it is, or a vector's features as channels of one pixel, side by side.
    private static func images(in plan: PlanBuilder) throws(OneDNNError) -> Tensor {
        guard plan.inputShape.extents.count == 1 else { return plan.current }
        let plain = try plan.plainInput()
        let layout = try MemoryDescriptor.channelsLast([plan.batch] + plan.inputShape.extents + [1, 1], dnnl_f32)
        return Tensor(buffer: plain.buffer, descriptor: layout, isRectified: plain.isRectified)
    }
}
