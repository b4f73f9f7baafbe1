import FedCore
public import Files

/// A trained model in whole numbers of eight bits: weights on a scale for each output channel, symmetric about zero,
/// and activations on a scale for each tensor. Sums have 32 bits.
///
/// A layer computes Σ q·w in whole numbers, multiplies by the steps of input and channel, adds the bias, applies a
/// ReLU if one follows, and rounds to its output's scale. Symmetric scales need no zero points, whose products with
/// the weights would have to be subtracted. The file is about a quarter of the size, and with VNNI passes are faster.
///
/// Made by ``init(_:samples:method:)``, served through ``Variant``.
///
/// B. Jacob et al., *Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference*,
/// CVPR 2018, arXiv:1712.05877; H. Wu et al., *Integer Quantization for Deep Learning Inference: Principles and
/// Empirical Evaluation*, 2020, arXiv:2004.09602 (per channel, symmetric).
public struct QuantizedModel: Sendable {
    /// A convolution or a linear layer, normalisation folded in.
    public struct Layer: Sendable, Equatable {
        /// Index of its first layer in the model; its tensors' names begin with it.
        public let index: Int
        /// Shape of the weights: `[out, in / groups, kernel, kernel]` or `[out, in]`.
        public let shape: [Int]
        /// Weights in −127…127, row-major.
        public let weights: [Int8]
        /// Step of each output channel: positive and finite.
        public let weightSteps: [Float]
        /// Bias of each output channel: a real number, not a whole one.
        public let biases: [Float]
        /// Scale of the output; nil for the last layer, whose output stays a real number.
        public let output: IntegerScale?
    }

    /// The model, with its layers as they were trained.
    public let model: Model
    /// Scale of the model's input.
    public let input: IntegerScale
    /// The layers with weights, in the order of the model.
    public let layers: [Layer]
    /// Metadata of its file: e.g. `dataset`, `class_names`, `input_scale`.
    public let metadata: [String: String]

    /// Joins a model and its quantised layers.
    /// - Precondition: the layers are those of the model.
    init(_ model: Model, input: IntegerScale, layers: [Layer], metadata: [String: String]) {
        self.model = model
        self.input = input
        self.layers = layers
        self.metadata = metadata
    }

    /// The share of the weights that are zero, in [0, 1]. Rounding makes zeros, too. O(parameters).
    public var sparsity: Double {
        let zeros = layers.reduce(0) { $0 + $1.weights.count { $0 == 0 } }
        return Double(zeros) / Double(max(1, layers.reduce(0) { $0 + $1.weights.count }))
    }

    /// The stages of a model, if all of them can be computed in whole numbers.
    /// - Throws: `ConfigurationError` when a layer cannot be, or none has weights.
    static func stages(of model: Model) throws(ConfigurationError) -> [InferenceStage] {
        guard let stages = model.inferenceStages, stages.contains(where: { $0.weightShape != nil }) else {
            throw ConfigurationError("\(model.name) has layers that cannot be quantised")
        }
        return stages
    }
}

// Its file.
extension QuantizedModel {
    /// The value of `precision` in the metadata of its file.
    static let precision = "int8"

    /// The tensors of its file: `input_step`, and for each layer `weight`, `weight_step`, `bias` and `output_step`,
    /// with the layer's index before them. A negative step is that of signed numbers. Weights with enough zeros are
    /// packed.
    var contents: Safetensors {
        func step(_ scale: IntegerScale) -> Safetensors.Elements {
            .float32([scale.isSigned ? -scale.step : scale.step])
        }
        var tensors = [Safetensors.Tensor(name: "input_step", shape: [1], elements: step(input))]
        for layer in layers {
            func add(_ name: String, _ shape: [Int], _ elements: Safetensors.Elements) {
                tensors.append(.init(name: "\(layer.index).\(name)", shape: shape, elements: elements))
            }
            add("weight", layer.shape, .int8(layer.weights))
            add("weight_step", [layer.weightSteps.count], .float32(layer.weightSteps))
            add("bias", [layer.biases.count], .float32(layer.biases))
            if let output = layer.output { add("output_step", [1], step(output)) }
        }
        var metadata = metadata
        ModelMetadata.note(model, in: &metadata)
        metadata["precision"] = Self.precision
        return Safetensors(tensors, metadata: metadata).packed()
    }

    /// The bytes of its file.
    /// - Throws: `SafetensorsError` when the contents cannot be written in the format.
    public func encoded() throws(SafetensorsError) -> [UInt8] { try contents.encoded() }

    /// Reads tensors that `encoded` wrote. They may come from anywhere, so every name, shape, type and value is
    /// checked.
    /// - Throws: `SafetensorsError` for the first tensor that is missing, surplus or of another form,
    ///   `ConfigurationError` when the model cannot be quantised.
    init(_ contents: Safetensors, of model: Model) throws {
        let stages = try Self.stages(of: model).filter { $0.weightShape != nil }
        let shapes = stages.map { ("\($0.layers.lowerBound).weight", $0.weightShape ?? []) }
        let contents = try contents.unpacked(Dictionary(shapes) { first, _ in first })
        var unread = Set(contents.tensors.map(\.name))
        func elements(_ name: String, _ shape: [Int]) throws(SafetensorsError) -> Safetensors.Elements {
            guard let tensor = contents.tensors.first(where: { $0.name == name }) else { throw .missing(tensor: name) }
            guard tensor.shape == shape else {
                throw .wrongShape(tensor: name, expected: shape, actual: tensor.shape)
            }
            unread.remove(name)
            return tensor.elements
        }
        func floats(_ name: String, _ count: Int) throws(SafetensorsError) -> [Float] {
            let elements = try elements(name, [count])
            guard case .float32(let values) = elements else {
                throw .wrongType(tensor: name, expected: "F32", actual: elements.type)
            }
            // Tensors that were not read from a file are checked, too.
            if let defect = WeightDefect.first(in: values, of: name) { throw .defect(defect) }
            return values
        }
        func scale(_ name: String) throws(SafetensorsError) -> IntegerScale {
            let step = try floats(name, 1)[0]
            guard step != 0 else { throw .inconsistent(tensor: name, reason: "is zero") }
            return IntegerScale(step: abs(step), isSigned: step < 0)
        }
        input = try scale("input_step")
        var layers: [Layer] = []
        for (i, stage) in stages.enumerated() {
            guard let shape = stage.weightShape else { continue }
            let index = stage.layers.lowerBound
            let weights = try elements("\(index).weight", shape)
            guard case .int8(let values) = weights else {
                throw SafetensorsError.wrongType(tensor: "\(index).weight", expected: "I8", actual: weights.type)
            }
            guard !values.contains(-128) else {
                throw SafetensorsError.inconsistent(tensor: "\(index).weight", reason: "holds -128")
            }
            let steps = try floats("\(index).weight_step", shape[0])
            guard steps.allSatisfy({ $0 > 0 }) else {
                throw SafetensorsError.inconsistent(tensor: "\(index).weight_step", reason: "is not positive")
            }
            layers.append(
                Layer(
                    index: index, shape: shape, weights: values, weightSteps: steps,
                    biases: try floats("\(index).bias", shape[0]),
                    output: i + 1 < stages.count ? try scale("\(index).output_step") : nil))
        }
        if let name = unread.min() { throw SafetensorsError.unexpected(tensor: name) }
        self.model = model
        self.layers = layers
        metadata = contents.metadata
    }
}
