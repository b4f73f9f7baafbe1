import FedCore

// What LSTM and GRU say of themselves.
extension Recurrence {
    /// Sizes in words, for a table.
    var description: String {
        var text = "\(inputs)→\(hidden)"
        if layers != 1 { text += ", \(layers) layers" }
        if returnsLast { text += ", last step" }
        return text
    }

    /// `[time, hidden]`, or `[hidden]` of the last step.
    func outputShape(of layer: String, for input: Shape) throws(ConfigurationError) -> Shape {
        guard input.extents.count == 2, input.extents[1] == inputs else {
            throw ConfigurationError("\(layer) takes sequences of \(inputs) features, not \(input)")
        }
        return returnsLast ? [hidden] : [input.extents[0], hidden]
    }

    /// The parameters of all layers, in PyTorch's order.
    var parameters: [LayerParameter] {
        let rows = cell.gates * hidden
        return (0..<layers).flatMap { layer in
            [
                LayerParameter(
                    name: "weight_ih_l\(layer)", shape: [rows, layer == 0 ? inputs : hidden], fanIn: hidden),
                LayerParameter(name: "weight_hh_l\(layer)", shape: [rows, hidden], fanIn: hidden),
                LayerParameter(name: "bias_ih_l\(layer)", shape: [rows], fanIn: hidden),
                LayerParameter(name: "bias_hh_l\(layer)", shape: [rows], fanIn: hidden),
            ]
        }
    }

    /// One for each weight and step.
    func multiplyAdds(steps: Int) -> Int {
        steps * cell.gates * hidden * (inputs + hidden + (layers - 1) * 2 * hidden)
    }
}
