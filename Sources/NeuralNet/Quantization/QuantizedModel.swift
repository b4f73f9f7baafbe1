import FedCore
public import Files

/// A trained model in whole numbers of eight bits: weights on a scale for each output channel, symmetric about zero, and
/// activations on a scale for each tensor. Sums are of 32 bits.
///
/// B. Jacob et al., *Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference*, CVPR
/// 2018, arXiv:1712.05877; H. Wu et al., *Integer Quantization for Deep Learning Inference: Principles and Empirical
/// Evaluation*, 2020, arXiv:2004.09602 (per channel, symmetric).
public struct QuantizedModel: Sendable {
    /// A convolution or a linear layer, normalisation folded in.
    public struct Layer: Sendable, Equatable {
        /// Index of the layer in the model that it begins with.
        public let index: Int
        public let shape: [Int]
        /// −127…127, row-major.
        public let weights: [Int8]
        /// Step of each output channel: positive and finite.
        public let weightSteps: [Float]
        /// Bias of each output channel: a real number, not a whole one.
        public let biases: [Float]
        /// Scale of what it puts out; nil for the model's output, which stays a real number.
        public let output: IntegerScale?
    }

    public let model: Model
    /// Scale of the model's input.
    public let input: IntegerScale
    /// In the order of the model's.
    public let layers: [Layer]
    /// What else its file said of itself.
    public let metadata: [String: String]

    /// - Precondition: the layers are those of the model.
    init(_ model: Model, input: IntegerScale, layers: [Layer], metadata: [String: String]) {
        self.model = model
        self.input = input
        self.layers = layers
        self.metadata = metadata
    }

    /// The share of the weights that are zero.
    public var sparsity: Double {
        let zeros = layers.reduce(0) { $0 + $1.weights.count { $0 == 0 } }
        return Double(zeros) / Double(max(1, layers.reduce(0) { $0 + $1.weights.count }))
    }

    /// The stages of a model that can be computed in whole numbers.
    /// - Throws: `ConfigurationError` when a layer cannot.
    static func stages(of model: Model) throws(ConfigurationError) -> [InferenceStage] {
        guard let stages = model.inferenceStages, stages.contains(where: { $0.weightShape != nil }) else {
            throw ConfigurationError("\(model.name) has layers that cannot be quantised")
        }
        return stages
    }
}

// Its file.
extension QuantizedModel {
    /// What metadata call the precision.
    static let precision = "int8"

    /// The tensors of its file: `input_step`, and of each layer `weight`, `weight_step`, `bias`, `output_step`. A step that is
    /// negative is that of signed numbers. Weights with enough zeros are packed.
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
        metadata["model"] = model.name
        metadata["precision"] = Self.precision
        return Safetensors(tensors, metadata: metadata).packed()
    }

    /// The file's contents.
    public func encoded() throws(SafetensorsError) -> [UInt8] { try contents.encoded() }

    /// Reads what `encoded` wrote, and believes nothing in it that does not fit the model.
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
