import FedCore

/// A model of the same function for inference alone: each normalisation that directly follows a convolution or a linear
/// layer, which nothing else reads, is part of that layer's weights and biases.
///
/// ``Plan`` compiles it in the model's place when it does not train; weights come in the model's own order.
struct FoldedModel {
    /// The model without the folded normalisations. Its layers keep their names; those that were folded into have
    /// biases.
    let model: Model

    private let original: Model
    /// For each layer of `model`, its index in the original, and that of the normalisation that was folded into it.
    private let origins: [(layer: Int, normalization: Int?)]

    /// Folds what can be folded.
    ///
    /// Frozen parameters are not among the weights that a plan is given, so such a model stays as it is.
    /// - Parameter original: the model, or a part of one.
    /// - Returns: nil when there is nothing to fold.
    init?(_ original: Model) {
        guard original.frozen == nil, !original.isExternal else { return nil }
        let readers = original.readers
        var folded: [Int: Int] = [:]
        for (index, node) in original.nodes.enumerated()
        where (node.layer is Conv2D || node.layer is Linear) && readers[index + 1].count == 1 {
            let reader = readers[index + 1][0]
            if original.layers[reader] is BatchNorm2D { folded[index] = reader }
        }
        guard !folded.isEmpty else { return nil }
        let removed = Set(folded.values)
        var places = [0]
        var nodes: [Node] = []
        var origins: [(layer: Int, normalization: Int?)] = []
        for (index, node) in original.nodes.enumerated() {
            let inputs = node.inputs.map { places[$0.position] }
            if removed.contains(index) {
                places.append(inputs[0])
                continue
            }
            nodes.append(
                Node(
                    node.name, folded[index] == nil ? node.layer : node.layer.withBiases,
                    inputs: inputs.map { $0 == 0 ? .input : .node($0 - 1) }))
            origins.append((index, folded[index]))
            places.append(nodes.count)
        }
        do {
            model = try Model(
                name: original.name, text: original.text, input: original.input, cut: nil, nodes: nodes,
                firstLayer: original.firstLayer, dropoutsBefore: original.dropoutsBefore)
        } catch { preconditionFailure("a normalisation keeps its input's shape: \(error)") }
        self.original = original
        self.origins = origins
    }

    /// Gives a closure each parameter of the folded model, computed from the original's weights.
    /// - Parameters:
    ///   - weights: all weights of the original, in the canonical order.
    ///   - body: takes the index of an entry of the folded model's layout, and its elements.
    /// - Throws: the errors of `body` alone.
    /// - Complexity: O(parameters); memory of one layer's parameters.
    func forEachParameter<Failure: Error>(
        of weights: Span<Float>, _ body: (_ entry: Int, Span<Float>) throws(Failure) -> Void
    ) throws(Failure) {
        var entry = 0
        for origin in origins {
            if let normalization = origin.normalization {
                let (factors, biases) = original.folded([origin.layer, normalization], weights)
                try body(entry, factors.span)
                try body(entry + 1, biases.span)
                entry += 2
            } else {
                for parameter in original.entries(ofLayer: origin.layer) {
                    try body(entry, weights.extracting(parameter.range))
                    entry += 1
                }
            }
        }
    }
}

extension Layer {
    /// A convolution or a linear layer with a bias for each output; another layer as it is.
    fileprivate var withBiases: any Layer {
        switch self {
        case let layer as Conv2D:
            Conv2D(
                layer.inputs, layer.outputs, kernel: layer.kernel, padding: layer.padding, stride: layer.stride,
                dilation: layer.dilation, groups: layer.groups)
        case let layer as Linear: Linear(layer.inputs, layer.outputs)
        default: self
        }
    }
}

extension Model {
    /// The parameters of one layer.
    fileprivate func entries(ofLayer index: Int) -> [ParameterLayout.Entry] {
        parameterLayout.entries.filter { $0.layer == firstLayer + index }
    }

    /// The weights and biases of a layer with the normalisations behind it folded in: w·γ/√(σ² + ε) and
    /// (b − μ)·γ/√(σ² + ε) + β, with the running mean μ and variance σ². Computed in Double, rounded to Float once for
    /// each normalisation.
    ///
    /// B. Jacob et al., *Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference*,
    /// CVPR 2018, arXiv:1712.05877, section 3.2.
    ///
    /// - Parameters:
    ///   - layers: indices of a convolution, a linear layer, or a normalisation (weights 1, one for each channel), and
    ///     of the normalisations behind it.
    ///   - weights: all weights of the model, in the canonical order.
    /// - Returns: the weights, row-major, first the output channel; and a bias for each channel.
    func folded(_ layers: some Sequence<Int>, _ weights: Span<Float>) -> (weights: [Float], biases: [Float]) {
        var (folded, biases): ([Float], [Float]) = ([], [])
        for index in layers {
            var values: [String: [Float]] = [:]
            for entry in entries(ofLayer: index) {
                let name = entry.name.dropFirst(nodes[index].name.count + 1)
                let tensor = weights.extracting(entry.range)
                values[String(name)] = [Float](unsafeUninitializedCapacity: entry.count) { buffer, count in
                    for i in 0..<entry.count { buffer.initializeElement(at: i, to: tensor[i]) }
                    count = entry.count
                }
            }
            let (factors, shifts) = (values["weight"] ?? [], values["bias"] ?? [])
            guard let layer = self.layers[index] as? BatchNorm2D else {
                folded = factors
                let channels = parameterLayout.entries.first { $0.layer == firstLayer + index }?.shape[0] ?? 0
                biases = shifts.isEmpty ? [Float](repeating: 0, count: channels) : shifts
                continue
            }
            let (means, variances) = (values["running_mean"] ?? [], values["running_var"] ?? [])
            if folded.isEmpty {
                folded = [Float](repeating: 1, count: layer.channels)
                biases = [Float](repeating: 0, count: layer.channels)
            }
            let perChannel = folded.count / layer.channels
            for channel in 0..<layer.channels {
                let factor =
                    Double(factors[channel]) / (Double(variances[channel]) + Double(layer.epsilon)).squareRoot()
                for i in channel * perChannel..<(channel + 1) * perChannel {
                    folded[i] = Float(Double(folded[i]) * factor)
                }
                biases[channel] = Float(
                    (Double(biases[channel]) - Double(means[channel])) * factor + Double(shifts[channel]))
            }
        }
        return (folded, biases)
    }
}
