import FedCore
import NeuralNet

// Normalisation.
extension Graph {
    /// Adds a batch normalisation by the running statistics: (x − mean) / √(variance + ε) · scale + shift, for each
    /// channel.
    /// - Parameters:
    ///   - layer: its epsilon and momentum.
    ///   - written: its tensors; the parameters are scale, shift, mean and variance, in the operator's order.
    mutating func add(_ layer: BatchNorm2D, _ written: WrittenLayer) {
        // ONNX's momentum is the share that stays. No runtime reads it, but who trains the file does.
        let momentum = layer.momentum == 0.1 ? [] : [("momentum", Attribute.float(1 - layer.momentum))]
        add("BatchNormalization", written.all, to: written.result, [("epsilon", .float(layer.epsilon))] + momentum)
    }

    /// Adds a group normalisation, as PyTorch's exporter writes it: the groups' pixels as the channels that
    /// InstanceNormalization takes, and scale and shift of each channel behind it.
    ///
    /// `GroupNormalization` exists from version 18 of the operators on, until version 20 with a scale for each group
    /// instead of each channel, which cannot say this layer, and version 21 is too new for many runtimes.
    /// - Parameters:
    ///   - layer: its groups and its epsilon.
    ///   - written: its tensors; scale and shift, `[channels]`, become `[channels, 1, 1]` to be repeated for each
    ///     pixel.
    mutating func add(_ layer: GroupNorm, _ written: WrittenLayer) {
        let result = written.result
        let ones = constant("\(result)/ones", [layer.groups], [Float](repeating: 1, count: layer.groups))
        let zeros = constant("\(result)/zeros", [layer.groups], [Float](repeating: 0, count: layer.groups))
        add("Reshape", [current, integers([0, layer.groups, -1])], to: "\(result)/groups")
        add(
            "InstanceNormalization", [current, ones, zeros], to: "\(result)/normalized",
            [("epsilon", .float(layer.epsilon))])
        add("Reshape", [current, integers([0] + written.input.extents)], to: "\(result)/channels")
        let normalized = current
        let axes = integers([1, 2])
        add("Unsqueeze", [written.parameters[0], axes], to: "\(result)/scale")
        add("Mul", [normalized, current], to: "\(result)/scaled")
        let scaled = current
        add("Unsqueeze", [written.parameters[1], axes], to: "\(result)/shift")
        add("Add", [scaled, current], to: result)
    }
}
