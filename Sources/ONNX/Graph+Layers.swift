import FedCore
import NeuralNet

/// A layer of a model while it is written.
struct WrittenLayer {
    /// Names of the tensors that it takes.
    let inputs: [String]
    /// Names of its parameters, in the order in which the layer declares them.
    let parameters: [String]
    /// Shape of the first input, for one sample.
    let input: Shape
    /// Shape of the output, for one sample.
    let output: Shape
    /// Name of the output; those of what is computed on the way begin with it and `/`, which no parameter's key ends
    /// like.
    let result: String

    /// What the layer's node reads: the tensors, and then the parameters.
    var all: [String] { inputs + parameters }
}

extension Graph {
    /// Adds the layers of a model with 32-bit weights, behind those that they take the outputs of. Weights are
    /// constants with the names, the shapes and the values that they have in a `state_dict`. The last layer's output is
    /// the current tensor then.
    /// - Throws: `ConfigurationError` for the first layer of a type that is not known here, and for a model whose
    ///   layers another program has.
    mutating func add(_ trained: TrainedModel) throws(ConfigurationError) {
        let model = trained.model
        guard !model.isExternal else {
            throw ConfigurationError("\(model.name) cannot be written as ONNX: another program has its layers")
        }
        let entries = Dictionary(model.parameterLayout.entries.map { ($0.name, $0) }) { first, _ in first }
        // The model's input, and then each layer's output.
        var tensors = [current]
        for (index, node) in model.nodes.enumerated() {
            let shape = model.inputShapes(ofLayer: index)[0]
            var parameters: [String] = []
            for parameter in node.layer.parameters(for: shape) {
                let key = "\(node.name).\(parameter.name)"
                guard let entry = entries[key] else {
                    throw ConfigurationError("\(model.name) cannot be written as ONNX: it has no weights for '\(key)'")
                }
                parameters.append(constant(key, entry.shape, Array(trained.weights[entry.range])))
            }
            let inputs = node.inputs.map { source in
                switch source {
                case .input: tensors[0]
                case .node(let place): tensors[place + 1]
                }
            }
            current = inputs[0]
            let written = WrittenLayer(
                inputs: inputs, parameters: parameters, input: shape, output: model.shapes[index + 1],
                result: "\(index)")
            guard add(node.layer, written) else {
                throw ConfigurationError("\(model.name) cannot be written as ONNX: \(node.layer.description)")
            }
            tensors.append(current)
        }
    }

    /// Adds a layer as one node or a few, or as none: a dropout, and a concatenation of one tensor, pass their input
    /// on.
    ///
    /// An average pooling counts its padding, as PyTorch's `AvgPool2d` does unless it is told otherwise.
    /// - Parameters:
    ///   - layer: the layer; the current tensor is its first input.
    ///   - written: names and shapes of what it reads and puts out.
    /// - Returns: whether operators are known for it.
    private mutating func add(_ layer: any Layer, _ written: WrittenLayer) -> Bool {
        let result = written.result
        switch layer {
        case let layer as Conv2D: add(layer, written.all, to: result)
        case let layer as Linear: add(layer, written.all, to: result)
        case let layer as BatchNorm2D: add(layer, written)
        case let layer as GroupNorm: add(layer, written)
        case let layer as LayerNorm:
            add(
                "LayerNormalization", written.all, to: result,
                [("axis", .integer(-1)), ("epsilon", .float(layer.epsilon))])
        case is ReLU: add("Relu", [current], to: result)
        case let layer as Activation: add(layer.kind, to: result)
        case let layer as MaxPool2D: add(layer, from: written.input, to: written.output, result)
        case let layer as AvgPool2D:
            add(
                "AveragePool", [current], to: result,
                Self.window(layer.kernel, layer.stride, layer.padding) + [("count_include_pad", .integer(1))])
        case is GlobalAvgPool2D: add("GlobalAveragePool", [current], to: result)
        case is Flatten: add("Flatten", [current], to: result, [("axis", .integer(1))])
        case let layer as Embedding: add(layer, written)
        case let layer as LSTM: add(layer, written)
        case let layer as GRU: add(layer, written)
        case is Add: addSum(written)
        case is Mean: add("Mean", written.inputs, to: result)
        case is Concat where written.inputs.count == 1: break
        case is Concat: add("Concat", written.inputs, to: result, [("axis", .integer(1))])
        // Only training drops anything.
        case is Dropout: break
        default: return false
        }
        return true
    }

    // Convolution and products of matrices, which models of 8 bits have, too.

    /// Adds a convolution.
    /// - Parameters:
    ///   - layer: its sizes.
    ///   - inputs: names of the images, the weights and the biases, if any.
    ///   - result: name of its output.
    mutating func add(_ layer: Conv2D, _ inputs: [String], to result: String) {
        add(
            "Conv", inputs, to: result,
            [
                ("kernel_shape", .integers([layer.kernel, layer.kernel])),
                ("pads", .integers([Int](repeating: layer.padding, count: 4))),
                ("strides", .integers([layer.stride, layer.stride])), ("group", .integer(layer.groups)),
            ] + (layer.dilation == 1 ? [] : [("dilations", .integers([layer.dilation, layer.dilation]))]))
    }

    /// Adds a linear layer as a matrix product with the transposed weights, x·Wᵀ + b.
    /// - Parameters:
    ///   - layer: its sizes.
    ///   - inputs: names of the features `[batch, in]`, the weights and the biases, if any.
    ///   - result: name of its output.
    mutating func add(_ layer: Linear, _ inputs: [String], to result: String) {
        add("Gemm", inputs, to: result, [("transB", .integer(1))])
    }

    // Sums, one of two tensors after the other, in the order in which the layer adds them.

    /// Adds a sum of several tensors as one Add after the other, in the order in which the layer adds them, so that it
    /// rounds alike. A Sum node leaves the order to the runtime.
    private mutating func addSum(_ written: WrittenLayer) {
        for (index, input) in written.inputs.enumerated().dropFirst() {
            let isLast = index == written.inputs.count - 1
            add("Add", [current, input], to: isLast ? written.result : "\(written.result)/sum\(index)")
        }
    }
}
