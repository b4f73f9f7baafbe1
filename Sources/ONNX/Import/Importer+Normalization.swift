import FedCore

// Normalisation.
extension Importer {
    /// A batch normalisation of images by channel, or of rows by feature, with the running statistics
    /// (<https://onnx.ai/onnx/operators/onnx__BatchNormalization.html>).
    ///
    /// ONNX's momentum is the share of the old statistics that stays, PyTorch's and a model's is the share of the new:
    /// 0.9 in the file is 0.1 in the text, which leaves it out as the usual one.
    /// - Throws: `ConfigurationError` for sequences, and when scales or statistics are not constants, one for each
    ///   channel.
    mutating func batchNormalization(_ node: ONNXNode) throws(ConfigurationError) {
        let input = try plain(node)
        guard let channels = input.sample.first, [1, 3].contains(input.sample.count) else {
            throw ConfigurationError("it takes images or features, and gets \(input.sample) for a sample")
        }
        var words = "batchnorm\(Self.epsilon(node.float("epsilon", default: 1e-5)))"
        let momentum = node.float("momentum", default: 0.9)
        if abs(momentum - 0.9) > 1e-6 { words += " momentum \(1 - momentum)" }
        let name = try layerName(node, weight: 1)
        for (index, key) in ["weight", "bias", "running_mean", "running_var"].enumerated() {
            weights["\(name).\(key)"] = try floats(node, index + 1, count: channels)
        }
        set(node, append(words, named: name, [input], input.sample))
    }

    /// Normalises channels, or groups of them that a Reshape has made; the scales of these come in a Mul behind it.
    /// Channels by themselves are a group normalisation with as many groups.
    /// - Throws: `ConfigurationError` when the groups have scales or shifts that are not 1 and 0.
    mutating func instanceNormalization(_ node: ONNXNode) throws(ConfigurationError) {
        var input = try unfinished(node, 0)
        let epsilon = node.float("epsilon", default: 1e-5)
        if case .grouped(let groups) = input.pending {
            guard try floats(node, 1, count: groups).allSatisfy({ $0 == 1 }),
                try floats(node, 2, count: groups).allSatisfy({ $0 == 0 })
            else { throw ConfigurationError("groups with scales of their own") }
            input.pending = .groupNormalized(groups, epsilon: epsilon)
            return set(node, input)
        }
        try groupNorm(node, groups: try image(node).sample[0], epsilon)
    }

    /// A GroupNormalization of images, which operators have from version 18 on
    /// (<https://onnx.ai/onnx/operators/onnx__GroupNormalization.html>).
    /// - Throws: `ConfigurationError` when the channels are no multiple of the groups.
    mutating func groupNormalization(_ node: ONNXNode) throws(ConfigurationError) {
        let channels = try image(node).sample[0]
        let groups = node.integer("num_groups", default: 0)
        guard groups > 0, channels.isMultiple(of: groups) else {
            throw ConfigurationError("\(groups) groups of \(channels) channels")
        }
        try groupNorm(node, groups: groups, node.float("epsilon", default: 1e-5))
    }

    /// Adds a group normalisation whose scales and shifts are the second and the third input of its node.
    /// - Parameters:
    ///   - node: its node; scales and shifts are one for each channel, or for each group, and are repeated then.
    ///   - groups: number of groups, which divides the number of channels.
    ///   - epsilon: what is added to the variance.
    /// - Throws: `ConfigurationError` for another number of scales or shifts.
    private mutating func groupNorm(_ node: ONNXNode, groups: Int, _ epsilon: Float) throws(ConfigurationError) {
        let input = try image(node)
        let name = try layerName(node, weight: 1)
        for (index, key) in ["weight", "bias"].enumerated() {
            let values = try floats(node, index + 1)
            // Up to version 20 of the operators, a scale is that of a group.
            guard values.count == input.sample[0] || values.count == groups else {
                throw ConfigurationError("\(values.count) scales for \(input.sample[0]) channels")
            }
            let repeats = input.sample[0] / values.count
            weights["\(name).\(key)"] = values.flatMap { [Float](repeating: $0, count: repeats) }
        }
        set(node, append("groupnorm \(groups)\(Self.epsilon(epsilon))", named: name, [input], input.sample))
    }

    /// Adds a group normalisation that is written as several nodes, when the scale of its channels is read. Its shift
    /// is zero until an Add behind it brings one.
    /// - Parameters:
    ///   - node: the Mul by the scale.
    ///   - input: the normalised tensor, its pending part included.
    ///   - factor: the scale, `[channels, 1, 1]` with any ones in front of it.
    ///   - groups: number of groups.
    ///   - epsilon: what is added to the variance.
    /// - Throws: `ConfigurationError` when the constant is no scale for each channel.
    mutating func scaleNormalized(
        _ node: ONNXNode, _ input: ImportedTensor, _ factor: ONNXTensor, groups: Int, epsilon: Float
    ) throws(ConfigurationError) {
        let channels = input.sample[0]
        guard node.operation == "Mul", let values = factor.floats, values.count == channels,
            factor.shape.drop(while: { $0 == 1 }).dropFirst() == [1, 1] || channels == 1
        else { throw ConfigurationError("only a scale for each channel is read behind normalisation") }
        var source = input
        source.pending = nil
        let key = origin(node, constant(node, 1) == nil ? 0 : 1)
        let name = unique(Self.module(of: key) ?? Self.path(node.name) ?? "groupnorm")
        weights["\(name).weight"] = values
        weights["\(name).bias"] = [Float](repeating: 0, count: channels)
        let result = append("groupnorm \(groups)\(Self.epsilon(epsilon))", named: name, [source], input.sample)
        lines[result.line].lacksBias = true
        set(node, result)
    }

    /// A normalisation of each step's, or each row's, features: the last dimension
    /// (<https://onnx.ai/onnx/operators/onnx__LayerNormalization.html>). Where the node has no shift, it is zero.
    /// - Throws: `ConfigurationError` when it is of several dimensions together.
    mutating func layerNormalization(_ node: ONNXNode) throws(ConfigurationError) {
        let input = try plain(node)
        guard let features = input.sample.last, (1...3).contains(input.sample.count),
            [-1, input.sample.count].contains(node.integer("axis", default: -1))
        else { throw ConfigurationError("only normalisation of the features, the last dimension, is read") }
        let name = try layerName(node, weight: 1)
        weights["\(name).weight"] = try floats(node, 1, count: features)
        weights["\(name).bias"] =
            node.inputs.count > 2 ? try floats(node, 2, count: features) : [Float](repeating: 0, count: features)
        set(
            node,
            append("layernorm\(Self.epsilon(node.float("epsilon", default: 1e-5)))", named: name, [input], input.sample)
        )
    }
}
