import FedCore

// Embeddings, recurrent layers, and the last step of a sequence.
extension Importer {
    /// Chooses rows (<https://onnx.ai/onnx/operators/onnx__Gather.html>): those of a constant matrix are an embedding,
    /// whose indices are `[batch, time]`; one of a tensor is a step of a sequence or a layer's state.
    /// - Throws: `ConfigurationError` for other tables, several rows of a tensor, and steps that no layer puts out by
    ///   themselves.
    mutating func gather(_ node: ONNXNode) throws(ConfigurationError) {
        if let table = constant(node, 0) {
            guard let values = table.floats, table.shape.count == 2, node.integer("axis", default: 0) == 0 else {
                throw ConfigurationError("only rows of a matrix are read, an embedding")
            }
            let input = try plain(node, 1)
            guard input.sample.count == 1 else { throw ConfigurationError("it takes a sequence of indices") }
            let name = try layerName(node, weight: 0)
            weights["\(name).weight"] = values
            return set(
                node,
                append(
                    "embedding \(table.shape[0]) \(table.shape[1])", named: name, [input],
                    [input.count, table.shape[1]]))
        }
        guard let index = constant(node, 1)?.integers, index.count == 1 else {
            throw ConfigurationError("only an embedding or one step is read")
        }
        try take(
            node, index[0], axis: node.integer("axis", default: 0), keepsAxis: constant(node, 1)?.shape.isEmpty == false
        )
    }

    /// A part of a tensor along one dimension: all of it, or the last step.
    /// - Throws: `ConfigurationError` for other parts, and when the bounds are not constants.
    mutating func slice(_ node: ONNXNode) throws(ConfigurationError) {
        guard let start = constant(node, 1)?.integers, let end = constant(node, 2)?.integers, start.count == 1,
            end.count == 1, let axes = constant(node, 3)?.integers, axes.count == 1
        else { throw ConfigurationError("only the last step is read") }
        let tensor = try unfinished(node, 0)
        let extents = tensor.shape(batch: batch)
        guard axes[0] >= 0, axes[0] < extents.count else { throw ConfigurationError("no dimension \(axes[0])") }
        let extent = extents[axes[0]]
        // Everything: `x[:, :]`.
        if start[0] == 0, end[0] >= extent { return set(node, tensor) }
        guard start[0] == -1 || start[0] == extent - 1, end[0] >= extent else {
            throw ConfigurationError("only the last step is read")
        }
        try take(node, -1, axis: axes[0], keepsAxis: true)
    }

    /// Takes one step, which must be the last, or one layer's state.
    /// - Parameters:
    ///   - node: the node that takes it from its first input.
    ///   - index: which one; -1 is the last.
    ///   - axis: the dimension that is counted along, from the end where it is negative.
    ///   - keepsAxis: whether the output still has the dimension, with extent 1.
    /// - Throws: `ConfigurationError` when it is not the last step of a recurrent layer, nor a layer's state.
    private mutating func take(_ node: ONNXNode, _ index: Int, axis: Int, keepsAxis: Bool) throws(ConfigurationError) {
        if case .states(let states) = try value(node, 0) {
            let place = index < 0 ? index + states.count : index
            guard axis == 0, states.indices.contains(place) else { throw ConfigurationError("no layer \(index)") }
            var state = states[place]
            if !keepsAxis { state.axes.removeFirst() }
            return set(node, state)
        }
        var tensor = try unfinished(node, 0)
        let place = axis < 0 ? axis + tensor.axes.count : axis
        guard tensor.axes.indices.contains(place), tensor.pending == nil else {
            throw ConfigurationError("no dimension \(axis)")
        }
        if tensor.axes[place] == .one, index == 0 || index == -1 {
            if !keepsAxis { tensor.axes.remove(at: place) }
            return set(node, tensor)
        }
        guard tensor.line >= 0, lines[tensor.line].isRecurrent, !tensor.isLastStep, tensor.sample.count == 2,
            tensor.axes[place] == .sample(0), index == -1 || index == tensor.sample[0] - 1
        else { throw ConfigurationError("only the last step of a recurrent layer is read") }
        tensor.isLastStep = true
        if keepsAxis { tensor.axes[place] = .one } else { tensor.axes.remove(at: place) }
        set(node, tensor)
    }

    /// Reads an LSTM or a GRU `[time, batch, features]`; one that takes another's output is the next of its layers.
    ///
    /// ONNX has the gates of an LSTM in the order i, o, f, c, and those of a GRU as z, r, h; PyTorch and the weights of
    /// a model have i, f, g, o and r, z, n (<https://onnx.ai/onnx/operators/onnx__LSTM.html>,
    /// <https://onnx.ai/onnx/operators/onnx__GRU.html>). Each gate is `width` rows of the weights
    /// `[1, gates · width, features]` and of those of the state, and `width` numbers of the biases: input's first, then
    /// the state's, both zero where the node has none.
    ///
    /// The first output is the sequence `[time, 1, batch, width]`, the second the state after the last step,
    /// `[1, batch, width]`.
    /// - Throws: `ConfigurationError` for two directions, other functions than PyTorch's, sequences of several lengths,
    ///   a first state that is not zero, a GRU that multiplies by r before the product, and weights that are not
    ///   constants.
    mutating func recurrence(_ node: ONNXNode) throws(ConfigurationError) {
        let isLSTM = node.operation == "LSTM"
        let gates = isLSTM ? 4 : 3
        var input = try tensor(node, 0)
        input.axes.removeAll { $0 == .one }
        guard input.axes == [.sample(0), .batch, .sample(1)], node.integer("layout", default: 0) == 0 else {
            throw ConfigurationError("it takes a sequence, time first, of one direction")
        }
        guard let recurrent = constant(node, 2), recurrent.shape.count == 3, recurrent.shape[0] == 1,
            node.text("direction") ?? "forward" == "forward", node.attributes["activations"] == nil,
            node.attributes["clip"] == nil, node.integer("input_forget", default: 0) == 0,
            isLSTM || node.integer("linear_before_reset", default: 0) == 1
        else { throw ConfigurationError("only one direction with PyTorch's functions is read") }
        let width = recurrent.shape[2]
        guard width > 0, width <= 65_536, recurrent.shape[1] == gates * width else {
            throw ConfigurationError("weights of shape \(recurrent.shape)")
        }
        for index in [4, 5, 6] + (isLSTM ? [7] : []) where index < node.inputs.count && !node.inputs[index].isEmpty {
            switch try value(node, index) {
            case .zeros: break
            case .constant(let tensor) where index > 4 && tensor.floats?.allSatisfy { $0 == 0 } == true: break
            default: throw ConfigurationError("only a first state of zeros, and sequences of one length, are read")
            }
        }
        let features = input.sample[1]
        let kind = isLSTM ? "lstm" : "gru"
        let (line, layer) = try recurrentLine(node, kind, width, after: input)
        let order = isLSTM ? [0, 2, 3, 1] : [1, 0, 2]
        func reordered(_ values: ArraySlice<Float>, row: Int) -> [Float] {
            order.flatMap { values.dropFirst($0 * width * row).prefix(width * row) }
        }
        let name = lines[line].name
        weights["\(name).weight_ih_l\(layer)"] = reordered(
            try floats(node, 1, count: gates * width * features)[...], row: features)
        weights["\(name).weight_hh_l\(layer)"] = reordered(
            try floats(node, 2, count: gates * width * width)[...], row: width)
        let hasBias = node.inputs.count > 3 && !node.inputs[3].isEmpty
        let biases =
            hasBias ? try floats(node, 3, count: 2 * gates * width) : [Float](repeating: 0, count: 2 * gates * width)
        weights["\(name).bias_ih_l\(layer)"] = reordered(biases.prefix(gates * width), row: 1)
        weights["\(name).bias_hh_l\(layer)"] = reordered(biases.suffix(gates * width), row: 1)

        var output = ImportedTensor(line: line, sample: [input.sample[0], width])
        output.version = lines[line].version
        output.axes = [.sample(0), .one, .batch, .sample(1)]
        set(node, output)
        if node.outputs.count > 1, !node.outputs[1].isEmpty {
            output.axes = [.one, .batch, .sample(1)]
            output.isLastStep = true
            values[node.outputs[1]] = .tensor(output)
        }
    }

    /// The line of a recurrent layer, and its number there: a new line, or one more layer of the line whose output it
    /// takes, when kind and width are the same.
    /// - Parameters:
    ///   - node: the layer's node; the second input is its weights.
    ///   - kind: `lstm` or `gru`.
    ///   - width: features of a step of the output.
    ///   - input: the sequence that it takes.
    /// - Returns: the line's index, and which of its layers, from 0 on, the node is; a line has 64 at most.
    /// - Throws: `ConfigurationError` when another line has the weights, too.
    private mutating func recurrentLine(
        _ node: ONNXNode, _ kind: String, _ width: Int, after input: ImportedTensor
    ) throws(ConfigurationError) -> (Int, Int) {
        if input.line >= 0, lines[input.line].isRecurrent, lines[input.line].words == "\(kind) \(width)",
            !lines[input.line].isLast, lines[input.line].layers < 64, mayFollow(lines[input.line], origin(node, 1))
        {
            try use(origin(node, 1))
            lines[input.line].layers += 1
            lines[input.line].version += 1
            return (input.line, lines[input.line].layers - 1)
        }
        let name = try layerName(node, weight: 1)
        var source = input
        source.axes = [.batch, .sample(0), .sample(1)]
        let result = append("\(kind) \(width)", named: name, [source], [input.sample[0], width])
        lines[result.line].isRecurrent = true
        return (result.line, 0)
    }

    /// Whether a weight may be that of a line's next layer: by its name where that is PyTorch's, as in
    /// `rnn.weight_ih_l1`; other names say nothing, and may.
    private func mayFollow(_ line: Line, _ weight: String) -> Bool {
        guard weight.contains(".weight_ih_l") else { return true }
        return weight == "\(line.name).weight_ih_l\(line.layers)"
    }
}
