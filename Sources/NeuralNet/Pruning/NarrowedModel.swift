public import FedCore

extension Model {
    /// The number of outputs of each convolution and linear layer but the last, which has as many as there are classes.
    public var widths: [Int] {
        layers.compactMap { layer in
            switch layer {
            case let layer as Conv2D: layer.outputs
            case let layer as Linear: layer.outputs
            default: nil
            }
        }.dropLast()
    }

    /// The largest number of parameters of a model whose widths a user or a file states: 400 MB of weights. A damaged
    /// name must not exhaust the memory.
    static let mostParameters = 100_000_000

    /// A model of the same layers with fewer, or more, outputs. Its name is this one's with the widths behind a colon,
    /// e.g. `edgecnn-large:8-16-64-32`, by which ``Models`` finds it again.
    ///
    /// - Parameter widths: number of outputs of each layer but the last, from 1 to 65,536 each.
    /// - Throws: `ConfigurationError` when they are not, the model has no hidden layer, has grouped convolutions or
    ///   other layers with weights, or would have more than 10⁸ parameters.
    public func narrowed(to widths: [Int]) throws(ConfigurationError) -> Model {
        guard !self.widths.isEmpty else {
            throw ConfigurationError("\(name) has no hidden layer, so there are no widths to change")
        }
        guard isChain else {
            throw ConfigurationError("\(name) is no chain of layers, so its widths cannot be changed")
        }
        guard firstLayer == 0, widths.count == self.widths.count, widths.allSatisfy({ (1...65536).contains($0) }) else {
            throw ConfigurationError(
                "\(name) has \(self.widths.count) widths, \(self.widths.map(String.init).joined(separator: "-")): give as "
                    + "many, each from 1 to 65536")
        }
        var rest = widths[...]
        var shape = input
        var layers: [any Layer] = []
        for layer in self.layers {
            let narrowed: any Layer
            switch layer {
            case let layer as Conv2D:
                guard layer.groups == 1 else { throw ConfigurationError("\(name) has grouped convolutions") }
                narrowed = Conv2D(
                    shape.extents[0], rest.popFirst() ?? layer.outputs, kernel: layer.kernel, padding: layer.padding,
                    stride: layer.stride, dilation: layer.dilation, hasBias: layer.hasBias)
            case let layer as Linear:
                narrowed = Linear(shape.count, rest.popFirst() ?? layer.outputs, hasBias: layer.hasBias)
            case let layer as BatchNorm2D:
                narrowed = BatchNorm2D(shape.extents[0], epsilon: layer.epsilon, momentum: layer.momentum)
            default:
                guard layer.parameters(for: shape).isEmpty else {
                    throw ConfigurationError("\(name) has a layer whose width cannot be changed: \(layer.description)")
                }
                narrowed = layer
            }
            layers.append(narrowed)
            shape = try narrowed.outputShape(for: shape)
        }
        let nodes = zip(self.nodes, layers).map { Node($0.name, $1, inputs: $0.inputs) }
        let model = try Model(
            name: "\(name.prefix { $0 != ":" }):\(widths.map(String.init).joined(separator: "-"))", form: form,
            cut: cut,
            nodes: nodes)
        guard model.parameterCount <= Self.mostParameters else {
            throw ConfigurationError(
                "\(model.name) would have \(model.parameterCount) parameters: choose widths of which there are at most "
                    + "\(Self.mostParameters)")
        }
        return model
    }
}

extension TrainedModel {
    /// A smaller model, which is faster, too: from each convolution and each hidden linear layer, the outputs whose
    /// weights have the least sum of magnitudes are removed, together with the inputs of the next layers that read
    /// them.
    ///
    /// H. Li, A. Kadav, I. Durdanovic, H. Samet, H. Graf, *Pruning Filters for Efficient ConvNets*, ICLR 2017,
    /// arXiv:1608.08710, section 3.1.
    ///
    /// - Parameter sparsity: share of the outputs to remove, in [0, 1]; one output of a layer stays in any case.
    /// - Returns: the narrowed model, whose remaining weights are unchanged; fine-tuning should follow.
    /// - Throws: `ConfigurationError` when the model has no hidden layer, or has grouped convolutions.
    /// - Complexity: O(parameters).
    /// - Precondition: `sparsity` is in [0, 1].
    public func narrowed(_ sparsity: Double) throws(ConfigurationError) -> TrainedModel {
        precondition(sparsity >= 0 && sparsity <= 1, "a sparsity of \(sparsity) is outside [0, 1]")
        let widths = model.widths.map { max(1, $0 - Int((sparsity * Double($0)).rounded())) }
        let narrowed = try model.narrowed(to: widths)
        var rest = widths[...]
        // What is left of the tensor that enters a layer: channels of an image, or features.
        var kept = Array(0..<model.input.extents[0])
        var result: [Float] = []
        for (index, layer) in model.layers.enumerated() {
            let entries = model.parameterLayout.entries.filter { $0.layer == index }
            func values(_ entry: ParameterLayout.Entry) -> [Float] { Array(weights[entry.range]) }
            switch layer {
            case is Conv2D, is Linear:
                let weights = values(entries[0])
                let (outputs, inputs) = (entries[0].shape[0], entries[0].shape[1])
                let perInput = weights.count / outputs / inputs
                let best = Self.strongest(weights, rows: outputs, count: rest.popFirst() ?? outputs)
                for row in best {
                    for column in kept {
                        let start = (row * inputs + column) * perInput
                        result += weights[start..<start + perInput]
                    }
                }
                for entry in entries.dropFirst() {
                    let biases = values(entry)
                    result += best.map { biases[$0] }
                }
                kept = best
            case is BatchNorm2D:
                for entry in entries {
                    let values = values(entry)
                    result += kept.map { values[$0] }
                }
            case is Flatten:
                let pixels = model.shapes[index].extents.dropFirst().reduce(1, *)
                kept = kept.flatMap { channel in (0..<pixels).map { channel * pixels + $0 } }
            default: break
            }
        }
        return TrainedModel(narrowed, weights: result, metadata: metadata)
    }

    /// The indices of the rows of a matrix with the largest sums of magnitudes, ascending; of equal sums, the first
    /// rows.
    private static func strongest(_ weights: [Float], rows: Int, count: Int) -> [Int] {
        let perRow = weights.count / rows
        let norms = (0..<rows).map { row in
            weights[row * perRow..<(row + 1) * perRow].reduce(0.0) { $0 + Double($1.magnitude) }
        }
        return (0..<rows).sorted { (norms[$1], $0) < (norms[$0], $1) }.prefix(count).sorted()
    }
}
