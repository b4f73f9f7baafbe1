import FedCore
import NeuralNet

extension Graph {
    /// Adds the stages of a model with 8-bit weights.
    ///
    /// Each layer is written in real numbers between a `DequantizeLinear` of its inputs and a `QuantizeLinear` of its
    /// output, the form (QDQ) in which ONNX runtimes recognise integer layers; a runtime without such layers computes
    /// with floats.
    /// - Throws: `ConfigurationError` when the model has a layer for which there is no stage.
    mutating func add(_ quantized: QuantizedModel) throws(ConfigurationError) {
        guard let stages = quantized.model.inferenceStages else {
            throw ConfigurationError("\(quantized.model.name) has layers that cannot be quantised")
        }
        var scale = quantized.input
        round(to: scale, "input")
        var shape = quantized.model.input
        var layers = quantized.layers[...]
        for stage in stages {
            let result = "\(stage.layers.lowerBound)"
            switch stage.operation {
            case .convolution(let convolution):
                guard let layer = layers.popFirst() else { break }
                add(convolution, [current] + constants(of: layer, inputStep: scale.step), to: result)
            case .linear(let linear):
                guard let layer = layers.popFirst() else { break }
                if shape.extents.count > 1 { add("Flatten", [current], to: "\(result).flat", [("axis", .integer(1))]) }
                add(linear, [current] + constants(of: layer, inputStep: scale.step), to: result)
            case .pooling(let pooling): add(pooling, from: shape, to: stage.output, result)
            case .rectifier: add("Relu", [current], to: result)
            }
            if stage.appliesReLU { add("Relu", [current], to: "\(result).relu") }
            shape = stage.output
            guard stage.weightShape != nil,
                let output = quantized.layers.first(where: { $0.index == stage.layers.lowerBound })?.output
            else { continue }
            scale = output
            round(to: scale, result)
        }
        if shape != quantized.model.output { add("Flatten", [current], to: "flat", [("axis", .integer(1))]) }
    }

    /// Adds the rounding of the current tensor to whole numbers, x / step + zero, saturated at 0 and 255, and back to
    /// real ones.
    /// - Parameters:
    ///   - scale: the tensor's scale. Signed numbers are written as unsigned ones with 128 for zero, as the weights are
    ///     that they are multiplied by.
    ///   - name: prefix of the tensors' names.
    private mutating func round(to scale: IntegerScale, _ name: String) {
        let step = constant("\(name).step", [], [scale.step])
        let zero = constant("\(name).zero", [], [UInt8(scale.isSigned ? 128 : 0)])
        add("QuantizeLinear", [current, step, zero], to: "\(name).whole")
        add("DequantizeLinear", [current, step, zero], to: "\(name).real")
    }

    /// Adds the weights and biases of a layer: weights of 8 bits, biases of 32, both on the scales of their channels.
    /// Where a bias is too large for that (beside weights that are almost zero), the layer's biases are real numbers.
    ///
    /// Weights are unsigned with 128 for zero: where a processor has no VNNI, onnxruntime adds two products of an
    /// unsigned and a signed byte in 16 bits, which saturate; two unsigned bytes it multiplies exactly (onnxruntime's
    /// documentation, "Quantize ONNX models", on U8S8 and U8U8).
    ///
    /// - Parameters:
    ///   - layer: the quantised layer.
    ///   - inputStep: step of the layer's input; a product's unit is this times the channel's step.
    /// - Returns: names of the real weights and biases, to be given to the layer's node. The current tensor stays.
    private mutating func constants(of layer: QuantizedModel.Layer, inputStep: Float) -> [String] {
        let input = current
        defer { current = input }
        let name = "\(layer.index)"
        let channels = layer.weightSteps.count
        let zeros = constant("\(name).weight_zero", [channels], [UInt8](repeating: 128, count: channels))
        let weights = constant("\(name).weight", layer.shape, layer.weights.map { UInt8(bitPattern: $0) ^ 128 })
        let steps = constant("\(name).weight_step", [channels], layer.weightSteps)
        add("DequantizeLinear", [weights, steps, zeros], to: "\(name).weight_real", [("axis", .integer(0))])
        let units = layer.weightSteps.map { $0 * inputStep }
        let whole = zip(layer.biases, units).map { bias, unit in (Double(bias) / Double(unit)).rounded() }
        guard whole.allSatisfy({ abs($0) <= 0x1p30 }) else {
            return ["\(name).weight_real", constant("\(name).bias", [channels], layer.biases)]
        }
        let biases = constant("\(name).bias", [channels], whole.map { Int32($0) })
        let biasSteps = constant("\(name).bias_step", [channels], units)
        let biasZeros = constant("\(name).bias_zero", [channels], [Int32](repeating: 0, count: channels))
        add("DequantizeLinear", [biases, biasSteps, biasZeros], to: "\(name).bias_real", [("axis", .integer(0))])
        return ["\(name).weight_real", "\(name).bias_real"]
    }
}
