import FedCore

// Pooling, and what joins several tensors.
extension Importer {
    /// A pooling of images by square windows, the largest or the mean of each.
    ///
    /// A MaxPool whose padding behind the image is wider than the one before it is read as one that counts incomplete
    /// windows, `ceil` in the model's text, provided that it counts the same windows: `fedmpi export` writes such a
    /// layer so.
    /// - Parameter node: a MaxPool or an AveragePool.
    /// - Throws: `ConfigurationError` for windows with dilation, a padding of more than half a window, and means that
    ///   leave out the padding or count incomplete windows.
    mutating func pooling(_ node: ONNXNode) throws(ConfigurationError) {
        let input = try image(node)
        let isMaximum = node.operation == "MaxPool"
        var node = node
        // A wider padding behind the image counts incomplete windows.
        var behind: [Int] = []
        if isMaximum, let pads = node.integers("pads"), pads.count == 4, pads[..<2] != pads[2...],
            pads.allSatisfy({ (0...4096).contains($0) })
        {
            behind = Array(pads[2...])
            node.attributes["pads"] = .integers(Array(pads[..<2] + pads[..<2]))
        }
        let window = try Window(node, kernel: node.integers("kernel_shape") ?? [])
        guard window.dilation == 1, window.padding <= window.kernel / 2 else {
            throw ConfigurationError("windows with dilation, or padded by more than half, are not read")
        }
        let ceils = node.integer("ceil_mode", default: 0) == 1 || !behind.isEmpty
        if !isMaximum, ceils || window.padding > 0 && node.integer("count_include_pad", default: 0) == 0 {
            throw ConfigurationError("averages with ceil_mode, or that leave the padding out, are not read")
        }
        var words = "\(isMaximum ? "maxpool" : "avgpool") \(window.kernel) stride \(window.stride)"
        if window.padding > 0 { words += " pad \(window.padding)" }
        if ceils { words += " ceil" }
        let sides = try input.sample[1...].map { (side) throws(ConfigurationError) in
            try window.output(side, ceils: ceils)
        }
        for (index, padding) in behind.enumerated() {
            let free = input.sample[index + 1] + window.padding + padding - window.kernel
            guard free >= 0, free / window.stride + 1 == sides[index] else {
                throw ConfigurationError("its padding, \(window.padding) and \(behind) behind, is not read")
            }
        }
        set(node, append(words, isMaximum ? "maxpool" : "avgpool", [input], [input.sample[0]] + sides))
    }

    /// The mean of each channel over height and width.
    /// - Parameter node: a GlobalAveragePool, or a ReduceMean whose axes are those two; without `keepdims`, the
    ///   output's two dimensions of one are left out.
    /// - Throws: `ConfigurationError` for means over other dimensions.
    mutating func globalAverage(_ node: ONNXNode) throws(ConfigurationError) {
        let input = try image(node)
        if node.operation == "ReduceMean" {
            let axes = constant(node, 1)?.integers ?? node.integers("axes") ?? []
            guard [[2, 3], [-2, -1], [-1, -2], [3, 2]].contains(axes) else {
                throw ConfigurationError("only the mean over height and width, axes 2 and 3, is read")
            }
        }
        var result = append("global-avgpool", "pool", [input], [input.sample[0], 1, 1])
        if node.operation == "ReduceMean", node.integer("keepdims", default: 1) == 0 { result.axes.removeLast(2) }
        set(node, result)
    }

    /// Tensors one behind the other: the channels of images or the features of rows, or else, along the first
    /// dimension, the last states of recurrent layers, as PyTorch's exporter puts them together for `h_n`.
    /// - Throws: `ConfigurationError` for other dimensions, and when the images are not of one size.
    mutating func concatenation(_ node: ONNXNode) throws(ConfigurationError) {
        if node.integer("axis", default: 1) == 0 {
            var states: [ImportedTensor] = []
            for index in node.inputs.indices {
                guard case .tensor(let state) = try value(node, index), state.isLastStep else {
                    throw ConfigurationError("only axis 1, the channels, is read")
                }
                states.append(state)
            }
            values[node.outputs[0]] = .states(states)
            return
        }
        var inputs: [ImportedTensor] = []
        for index in node.inputs.indices { inputs.append(try plain(node, index)) }
        let rank = inputs[0].sample.count + 1
        guard [1, 1 - rank].contains(node.integer("axis", default: 1)), inputs[0].sample.count > 0, inputs.count > 1,
            inputs.allSatisfy({ $0.sample.count == rank - 1 && $0.sample.dropFirst() == inputs[0].sample.dropFirst() })
        else { throw ConfigurationError("only axis 1, the channels, of equal images is read") }
        let channels = inputs.reduce(0) { $0 + $1.sample[0] }
        set(node, join("concat", inputs, [channels] + inputs[0].sample.dropFirst()))
    }

    /// Adds a layer that takes several tensors. The text has the first of them as the line before it, or by `from`, and
    /// the others behind the layer's word, e.g. `add conv1 input`.
    /// - Parameters:
    ///   - word: the layer: `add`, `concat` or `mean`.
    ///   - inputs: the tensors, at least one.
    ///   - sample: shape of the output for one sample.
    /// - Returns: its output.
    mutating func join(_ word: String, _ inputs: [ImportedTensor], _ sample: [Int]) -> ImportedTensor {
        let named = inputs.dropFirst().map { $0.line < 0 ? "input" : lines[$0.line].name }
        return append("\(word) \(named.joined(separator: " "))", word, inputs, sample)
    }
}
