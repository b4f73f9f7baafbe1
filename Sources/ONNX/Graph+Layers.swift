import FedCore
import NeuralNet

extension Graph {
    /// Adds the layers of a model with 32-bit weights, a node for each; weights keep their `state_dict` names.
    /// - Throws: `ConfigurationError` for the first layer of a type that is not known here.
    mutating func add(_ trained: TrainedModel) throws(ConfigurationError) {
        let model = trained.model
        for (index, layer) in model.layers.enumerated() {
            let shapes = layer.parameters(for: model.inputShapes(ofLayer: index)[0])
            var names: [String] = []
            for parameter in shapes {
                let name = "\(model.nodes[index].name).\(parameter.name)"
                guard let entry = model.parameterLayout.entries.first(where: { $0.name == name }) else { continue }
                names.append(constant(name, entry.shape, Array(trained.weights[entry.range])))
            }
            let result = "\(index)"
            switch layer {
            case let layer as Conv2D: add(layer, [current] + names, to: result)
            case let layer as Linear: add(layer, [current] + names, to: result)
            case let layer as BatchNorm2D:
                add("BatchNormalization", [current] + names, to: result, [("epsilon", .float(layer.epsilon))])
            case let layer as MaxPool2D: add(layer, to: result)
            case is ReLU: add("Relu", [current], to: result)
            case is Flatten: add("Flatten", [current], to: result, [("axis", .integer(1))])
            // Only training drops anything.
            case is Dropout: break
            default: throw ConfigurationError("\(model.name) cannot be written as ONNX: \(layer.description)")
            }
        }
    }

    /// Adds a convolution.
    /// - Parameters:
    ///   - layer: its sizes.
    ///   - inputs: names of the images, the weights and the biases.
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
    ///   - inputs: names of the features `[batch, in]`, the weights and the biases.
    ///   - result: name of its output.
    mutating func add(_ layer: Linear, _ inputs: [String], to result: String) {
        add("Gemm", inputs, to: result, [("transB", .integer(1))])
    }

    /// Adds a maximum pooling of the current tensor.
    mutating func add(_ layer: MaxPool2D, to result: String) {
        add(
            "MaxPool", [current], to: result,
            [
                ("kernel_shape", .integers([layer.kernel, layer.kernel])),
                ("strides", .integers([layer.stride, layer.stride])),
            ] + (layer.padding == 0 ? [] : [("pads", .integers([Int](repeating: layer.padding, count: 4)))])
                + (layer.coversEdge ? [("ceil_mode", .integer(1))] : []))
    }
}
