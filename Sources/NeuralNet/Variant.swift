public import FedCore
public import Files

/// A trained model as it is served: its weights at a precision.
///
/// Variants of one model differ in size, speed and accuracy; a device chooses one that fits its budget. Pruned models
/// are ``TrainedModel``s with zeros or with narrower layers.
///
/// ```swift
/// let variant = try Variant(reading: "results/my-run")
/// let plan = try variant.plan(batch: 1)
/// ```
public struct Variant: Sendable {
    /// The precision of weights and arithmetic; the raw values stand in files and on the command line.
    public enum Precision: String, Sendable, Codable, CaseIterable {
        /// 32-bit floats.
        case float32 = "f32"
        /// Whole numbers of 8 bits.
        case int8
    }

    /// The model and its weights, by precision.
    public enum Weights: Sendable {
        /// A model with 32-bit weights.
        case float32(TrainedModel)
        /// A model with 8-bit weights.
        case int8(QuantizedModel)
    }

    /// The model and its weights.
    public let weights: Weights

    /// Makes the variant of 32-bit weights.
    public init(_ trained: TrainedModel) {
        weights = .float32(trained)
    }

    /// Makes the variant of 8-bit weights.
    public init(_ quantized: QuantizedModel) {
        weights = .int8(quantized)
    }

    /// Reads a model's file, of any precision. Nothing in the file is trusted: names, shapes and values are checked.
    ///
    /// - Parameters:
    ///   - path: path of the file, or of a run's folder, which has it as `model.safetensors`.
    ///   - name: name of the model. Unless given, it is taken from the file's metadata; for 32-bit weights without it,
    ///     the first model of the catalog that has tensors of these names and shapes is used.
    /// - Throws: `ConfigurationError` that names the file and says what is wrong with it.
    public init(reading path: String, as name: String? = nil) throws(ConfigurationError) {
        let file = try WeightsFile(path)
        weights =
            file.isQuantized ? .int8(try file.quantizedModel(as: name)) : .float32(try file.trainedModel(as: name))
    }

    /// The model, whatever its precision.
    public var model: Model {
        switch weights {
        case .float32(let trained): trained.model
        case .int8(let quantized): quantized.model
        }
    }

    /// The precision of weights and arithmetic.
    public var precision: Precision {
        switch weights {
        case .float32: .float32
        case .int8: .int8
        }
    }

    /// The metadata of its file: at least `model`, the model's name, and `precision`.
    public var metadata: [String: String] {
        var metadata =
            switch weights {
            case .float32(let trained): trained.metadata
            case .int8(let quantized): quantized.metadata
            }
        metadata["model"] = model.name
        metadata["precision"] = precision.rawValue
        return metadata
    }

    /// The model's name and the precision, e.g. `edgecnn-large f32`.
    public var name: String { "\(model.name) \(precision.rawValue)" }

    /// Bytes of the weights as they are sent to a device and stored there. O(parameters), because tensors are packed to
    /// find out.
    public var byteCount: Int {
        contents.byteCount
    }

    /// The tensors of its file, packed where enough of their elements are zero.
    private var contents: Safetensors {
        switch weights {
        case .float32(let trained): trained.contents.packed()
        case .int8(let quantized): quantized.contents
        }
    }

    /// The share of the weights that are zero, in [0, 1]; biases and normalisation are not counted. O(parameters).
    public var sparsity: Double {
        switch weights {
        case .float32(let trained): trained.sparsity
        case .int8(let quantized): quantized.sparsity
        }
    }

    /// The file's contents; tensors with enough zeros are packed, which PyTorch cannot load: see
    /// `TrainedModel.encoded`.
    public func encoded() throws(SafetensorsError) -> [UInt8] { try contents.encoded() }

    /// Compiles the variant for forward passes, with its weights loaded.
    /// - Parameters:
    ///   - batch: samples of a full batch, > 0.
    ///   - threads: OpenMP threads of each pass, > 0.
    /// - Throws: `OneDNNError` when the library has no implementation for a layer, or memory is exhausted.
    /// - Complexity: tens of milliseconds the first time in a process, less when oneDNN's cache has the primitives.
    public func plan(batch: Int, threads: Int = 1) throws(OneDNNError) -> any InferencePlan {
        switch weights {
        case .float32(let trained):
            let plan = try Plan(trained.model, batch: batch, purpose: .inference, threads: threads)
            try plan.load(trained.weights.span)
            return plan
        case .int8(let quantized): return try QuantizedPlan(quantized, batch: batch, threads: threads)
        }
    }
}
