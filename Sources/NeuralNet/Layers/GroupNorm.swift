public import FedCore

/// Normalisation of a sample's groups of channels, (x − mean) / √(variance + ε) · weight + bias with a weight and a
/// bias for each channel, as PyTorch's `GroupNorm`. It needs no batch, so clients with few samples, or with samples of
/// few classes, do not disturb it.
///
/// Y. Wu, K. He, *Group Normalization*, ECCV 2018, arXiv:1803.08494.
public struct GroupNorm: Layer, Equatable {
    /// Number of groups.
    public let groups: Int
    /// Number of channels, each with a scale and a shift of its own.
    public let channels: Int
    /// ε > 0, added to the variance.
    public let epsilon: Float

    /// Makes a layer; the default is PyTorch's.
    /// - Parameters:
    ///   - groups: number of groups, each normalised by itself; it divides `channels`.
    ///   - channels: number of channels of input and output.
    ///   - epsilon: ε > 0.
    /// - Precondition: the values are in these ranges.
    public init(_ groups: Int, _ channels: Int, epsilon: Float = 1e-5) {
        precondition(groups > 0 && channels > 0 && channels % groups == 0, "\(groups) groups of \(channels) channels")
        precondition(epsilon > 0, "ε = \(epsilon) is not above 0")
        self.groups = groups
        self.channels = channels
        self.epsilon = epsilon
    }

    public var description: String { "GroupNorm \(groups) of \(channels)" }
    public var isNormalization: Bool { true }

    /// The input's shape, `[channels, height, width]`.
    /// - Throws: `ConfigurationError` for other tensors.
    public func outputShape(for input: Shape) throws(ConfigurationError) -> Shape {
        guard input.extents.count == 3, input.extents[0] == channels else {
            throw ConfigurationError("\(description) takes images of \(channels) channels, not \(input)")
        }
        return input
    }

    /// Scale and shift `[channels]`, with PyTorch's names and initial values.
    public func parameters(for input: Shape) -> [LayerParameter] {
        [
            LayerParameter(name: "weight", shape: [channels], initialization: .constant(1)),
            LayerParameter(name: "bias", shape: [channels], initialization: .constant(0)),
        ]
    }

    /// One for each element, by the scale and the shift.
    public func multiplyAdds(for input: Shape) -> Int { input.count }

    /// Compiles kernels that work on blocked and plain images alike; any other layout is made plain. A ReLU behind the
    /// layer is part of the forward one.
    public func compile(into plan: PlanBuilder) throws(OneDNNError) {
        let needsInputGradient = plan.needsInputGradient
        let original = plan.current
        let layout = try ChannelLayout(best: original.descriptor)
        let input = try plan.reordered(original, to: layout.descriptor)
        let perChannel = try MemoryDescriptor.plain([channels])
        let weights = plan.parameter("weight", perChannel)
        let biases = plan.parameter("bias", perChannel)
        let statistics = plan.tensor(try .plain([plan.batch, 2 * groups]))
        let notes = plan.tensor(try .plain([4, layout.paddedChannels]))
        let appliesReLU = plan.fusesReLU()
        var normalized = plan.tensor(input.descriptor)
        normalized.isRectified = appliesReLU
        let output = normalized
        let kernel = GroupNormalization(layout: layout, groups: groups, epsilon: epsilon, appliesReLU: appliesReLU)
        plan.run(on: [input, weights.value, biases.value, output, statistics, notes]) { tensors, _ in
            kernel.forward(
                tensors[0], scale: tensors[1], shift: tensors[2], into: tensors[3], statistics: tensors[4],
                notes: tensors[5])
        }
        plan.emit(output) { (plan, gradient) throws(OneDNNError) in
            let gradient = try plan.rectified(gradient, by: output)
            let outputGradient = try plan.reordered(gradient.tensor, to: input.descriptor)
            let inputGradient = plan.tensor(input.descriptor)
            let notes = plan.tensor(try .plain([5, layout.paddedChannels]))
            let others = [input, weights.value, outputGradient, inputGradient, statistics, notes]
            if plan.clipsSamples, !(weights.isFrozen && biases.isFrozen) {
                try plan.clipEachSample(
                    [(weights, perChannel), (biases, perChannel)], using: others, room: .max
                ) { memory in
                    let all = memory.firstElements(of: others)
                    let single = kernel.ofOneImage
                    return { sample, gradients in
                        let start = sample * layout.perSample
                        single.backward(
                            all[0] + start, scale: all[1], gradient: all[2] + start, into: all[3] + start,
                            scaleGradient: gradients[0], shiftGradient: gradients[1],
                            statistics: all[4] + sample * 2 * groups, notes: all[5])
                    }
                }
                guard needsInputGradient else { return nil }
                return Gradient(tensor: try plan.reordered(inputGradient, to: original.descriptor))
            }
            plan.run(
                on: [
                    input, weights.value, outputGradient, inputGradient, weights.gradient, biases.gradient, statistics,
                    notes,
                ]
            ) { tensors, _ in
                kernel.backward(
                    tensors[0], scale: tensors[1], gradient: tensors[2], into: tensors[3], scaleGradient: tensors[4],
                    shiftGradient: tensors[5], statistics: tensors[6], notes: tensors[7])
            }
            guard needsInputGradient else { return nil }
            return Gradient(tensor: try plan.reordered(inputGradient, to: original.descriptor))
        }
    }
}
