import FedCore

// Normalisation.
extension Importer {
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

    mutating func groupNormalization(_ node: ONNXNode) throws(ConfigurationError) {
        let channels = try image(node).sample[0]
        let groups = node.integer("num_groups", default: 0)
        guard groups > 0, channels.isMultiple(of: groups) else {
            throw ConfigurationError("\(groups) groups of \(channels) channels")
        }
        try groupNorm(node, groups: groups, node.float("epsilon", default: 1e-5))
    }

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
