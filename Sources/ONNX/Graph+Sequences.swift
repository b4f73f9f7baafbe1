import FedCore
import NeuralNet

// Embeddings and recurrent layers.
extension Graph {
    /// Adds a choice of rows, `[batch, time]` to `[batch, time, width]`; the indices, floats in models here, become
    /// whole numbers, and a sample of several dimensions becomes a row of them first.
    mutating func add(_ layer: Embedding, _ written: WrittenLayer) {
        let result = written.result
        if written.input.extents.count > 1 { add("Flatten", [current], to: "\(result)/steps", [("axis", .integer(1))]) }
        // 7 is TensorProto's INT64.
        add("Cast", [current], to: "\(result)/indices", [("to", .integer(7))])
        add("Gather", [written.parameters[0], current], to: result, [("axis", .integer(0))])
    }

    /// Adds a long short-term memory, whose gates are put into ONNX's order
    /// (<https://onnx.ai/onnx/operators/onnx__LSTM.html>).
    mutating func add(_ layer: LSTM, _ written: WrittenLayer) {
        // PyTorch's gates are i, f, g, o, ONNX's i, o, f, c, which is g.
        addRecurrence(
            "LSTM", layer.hidden, layer.layers, last: layer.returnsLast, gates: [0..<1, 3..<4, 1..<3], written)
    }

    /// Adds gated recurrent units, whose gates are put into ONNX's order
    /// (<https://onnx.ai/onnx/operators/onnx__GRU.html>).
    mutating func add(_ layer: GRU, _ written: WrittenLayer) {
        // PyTorch's gates are r, z, n, ONNX's z, r, h, which is n.
        addRecurrence(
            "GRU", layer.hidden, layer.layers, last: layer.returnsLast, gates: [1..<2, 0..<1, 2..<3], written,
            // PyTorch multiplies by r behind the product with the state's weights.
            [("linear_before_reset", .integer(1))])
    }

    /// Adds a node for each layer of a recurrence, between tensors whose first dimension is time. The output is
    /// `[batch, time, hidden]`, or `[batch, hidden]` for the last step alone.
    /// - Parameters:
    ///   - operation: `LSTM` or `GRU`.
    ///   - hidden: features of a step of the output.
    ///   - layers: number of layers.
    ///   - last: whether only the last step is put out.
    ///   - gates: PyTorch's gates in ONNX's order.
    ///   - written: its tensors; each layer has four parameters, weights of input and state, and biases of both.
    ///   - attributes: attributes beside the sizes.
    private mutating func addRecurrence(
        _ operation: String, _ hidden: Int, _ layers: Int, last: Bool, gates: [Range<Int>], _ written: WrittenLayer,
        _ attributes: [(name: String, value: Attribute)] = []
    ) {
        let result = written.result
        add("Transpose", [current], to: "\(result)/steps", [("perm", .integers([1, 0, 2]))])
        for layer in 0..<layers {
            let name = "\(result)/\(layer)"
            let input = current
            let rows = written.parameters[4 * layer..<4 * layer + 4].enumerated().map { index, parameter in
                reordered(parameter, gates, hidden, to: "\(name)/\(index)")
            }
            let first = integers([0])
            add("Unsqueeze", [rows[0], first], to: "\(name)/input_weights")
            add("Unsqueeze", [rows[1], first], to: "\(name)/state_weights")
            add("Concat", [rows[2], rows[3]], to: "\(name)/all_biases", [("axis", .integer(0))])
            add("Unsqueeze", [current, first], to: "\(name)/biases")
            let constants = ["\(name)/input_weights", "\(name)/state_weights", "\(name)/biases"]
            let takesLast = last && layer == layers - 1
            add(
                operation, [input] + constants, to: "\(name)/outputs", and: takesLast ? "\(name)/state" : nil,
                [("hidden_size", .integer(hidden))] + attributes)
            if takesLast { return add("Squeeze", ["\(name)/state", first], to: result) }
            // The dimension of directions, of which there is one.
            add("Squeeze", [current, integers([1])], to: "\(name)/sequence")
        }
        add("Transpose", [current], to: result, [("perm", .integers([1, 0, 2]))])
    }

    /// Adds the order of ONNX's gates to a tensor that has PyTorch's, as constants have them: a runtime computes it
    /// once, when it loads the file.
    /// - Parameters:
    ///   - parameter: name of weights or biases, whose first dimension is `gates · hidden`.
    ///   - gates: ranges of PyTorch's gates in ONNX's order.
    ///   - hidden: rows of each gate.
    ///   - name: name of the result; those of the parts that are cut out begin with it.
    /// - Returns: name of the tensor; the current one stays.
    private mutating func reordered(
        _ parameter: String, _ gates: [Range<Int>], _ hidden: Int, to name: String
    ) -> String {
        let input = current
        defer { current = input }
        var parts: [String] = []
        for (index, gate) in gates.enumerated() {
            let (start, end) = (integers([gate.lowerBound * hidden]), integers([gate.upperBound * hidden]))
            add("Slice", [parameter, start, end, integers([0])], to: "\(name)/\(index)")
            parts.append(current)
        }
        add("Concat", parts, to: name, [("axis", .integer(0))])
        return name
    }
}
