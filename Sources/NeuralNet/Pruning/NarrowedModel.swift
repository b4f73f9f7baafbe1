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
    /// e.g. `edgecnn-large:8-16-64-32`, by which ``Models`` finds it again; of a model that is written as layers, it is these
    /// with other numbers, and its name has a hyphen.
    ///
    /// - Parameter widths: number of outputs of each layer but the last, from 1 to 65,536 each.
    /// - Throws: `ConfigurationError` when they are not, the model has no hidden layer, has grouped convolutions or
    ///   other layers with weights, or groups of a normalisation that do not divide the channels that are left, or would
    ///   have more than 10⁸ parameters.
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
            case let layer as GroupNorm:
                guard shape.extents[0].isMultiple(of: layer.groups) else {
                    throw ConfigurationError(
                        "\(name) has a normalisation in \(layer.groups) groups, which do not divide \(shape.extents[0]) "
                            + "channels alike")
                }
                narrowed = GroupNorm(layer.groups, shape.extents[0], epsilon: layer.epsilon)
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
        let written = ModelText.isText(text) ? try ModelText(text).narrowed(to: widths) : nil
        let name = written?.name ?? "\(name.prefix { $0 != ":" }):\(widths.map(String.init).joined(separator: "-"))"
        let model = try Model(name: name, text: written?.description, form: form, cut: cut, nodes: nodes)
        guard model.parameterCount <= Self.mostParameters else {
            throw ConfigurationError(
                "\(model.name) would have \(model.parameterCount) parameters: choose widths of which there are at most "
                    + "\(Self.mostParameters)")
        }
        return model
    }

    /// The places of a narrowed model's weights among this one's, in the narrowed model's order: of each hidden layer
    /// some outputs are kept, and of the next layers' weights what reads them.
    ///
    /// - Parameter outputs: for each of ``widths``, the outputs to keep, as ascending ranges.
    /// - Returns: ascending ranges of the flat weights; parameters that adjoin are one range.
    /// - Complexity: O(rows of all weights), times the ranges of a layer.
    /// - Precondition: the model can be narrowed to as many outputs (``narrowed(to:)``).
    public func places(keeping outputs: [[Range<Int>]]) -> [Range<Int>] {
        var rest = outputs[...]
        // What is left of the tensor that enters a layer: channels of an image, or features.
        var kept = [0..<input.extents[0]]
        var places: [Range<Int>] = []
        func append(_ range: Range<Int>) {
            if let last = places.last, last.upperBound == range.lowerBound {
                places[places.count - 1] = last.lowerBound..<range.upperBound
            } else {
                places.append(range)
            }
        }
        for (index, layer) in layers.enumerated() {
            let entries = parameterLayout.entries.filter { $0.layer == index }
            switch layer {
            case is Conv2D, is Linear:
                let weight = entries[0]
                let (rows, columns) = (weight.shape[0], weight.shape[1])
                let perColumn = weight.count / max(rows * columns, 1)
                let left = rest.popFirst() ?? [0..<rows]
                for row in left.joined() {
                    let start = weight.offset + row * columns * perColumn
                    for range in kept {
                        append(start + range.lowerBound * perColumn..<start + range.upperBound * perColumn)
                    }
                }
                for bias in entries.dropFirst() {
                    for range in left { append(bias.offset + range.lowerBound..<bias.offset + range.upperBound) }
                }
                kept = left
            case is Flatten:
                let pixels = shapes[index].extents.dropFirst().reduce(1, *)
                kept = kept.map { $0.lowerBound * pixels..<$0.upperBound * pixels }
            default:
                // Normalisation: values of each channel.
                for entry in entries {
                    for range in kept { append(entry.offset + range.lowerBound..<entry.offset + range.upperBound) }
                }
            }
        }
        return places
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
        var kept: [[Range<Int>]] = []
        for (index, layer) in model.layers.enumerated() where layer is Conv2D || layer is Linear {
            guard let width = rest.popFirst() else { break }
            let weight = model.parameterLayout.entries.first { $0.layer == index }
            let values = weight.map { Array(weights[$0.range]) } ?? []
            kept.append(Self.strongest(values, rows: model.shapes[index + 1].extents[0], count: width))
        }
        let result = model.places(keeping: kept).flatMap { weights[$0] }
        return TrainedModel(narrowed, weights: result, metadata: metadata)
    }

    /// The part of the model that clients of a width train where parts are nested (HeteroFL, FjORD): the first outputs
    /// of each hidden layer, with their weights as they are.
    ///
    /// - Parameter share: the width: the share of the outputs to keep, in (0, 1].
    /// - Throws: `ConfigurationError` when the model cannot be narrowed.
    /// - Complexity: O(parameters).
    public func nested(_ share: Double) throws(ConfigurationError) -> TrainedModel {
        let widths = model.widths.map { ClientWidths.channels(share, of: $0) }
        let narrowed = try model.narrowed(to: widths)
        let places = model.places(keeping: widths.map { [0..<$0] })
        return TrainedModel(narrowed, weights: places.flatMap { weights[$0] }, metadata: metadata)
    }

    /// The rows of a matrix with the largest sums of magnitudes, ascending, each as a range; of equal sums, the first
    /// rows.
    private static func strongest(_ weights: [Float], rows: Int, count: Int) -> [Range<Int>] {
        let perRow = weights.count / rows
        let norms = (0..<rows).map { row in
            weights[row * perRow..<(row + 1) * perRow].reduce(0.0) { $0 + Double($1.magnitude) }
        }
        return (0..<rows).sorted { (norms[$1], $0) < (norms[$0], $1) }.prefix(count).sorted().map { $0..<$0 + 1 }
    }
}
