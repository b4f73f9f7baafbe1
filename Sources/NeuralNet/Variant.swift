public import FedCore
public import Files

/// A trained model as it is served: its weights at a precision.
public struct Variant: Sendable {
    public enum Precision: String, Sendable, Codable, CaseIterable {
        case float32 = "f32"
        case int8
    }

    /// The weights, by precision.
    public enum Weights: Sendable {
        case float32(TrainedModel)
        case int8(QuantizedModel)
    }

    public let weights: Weights

    public init(_ trained: TrainedModel) {
        weights = .float32(trained)
    }

    public init(_ quantized: QuantizedModel) {
        weights = .int8(quantized)
    }

    /// Reads a model's file, of any precision.
    ///
    /// - Parameters:
    ///   - path: of the file, or of a run's folder, which has it as `model.safetensors`.
    ///   - name: the model's; unless given, it is in the file's metadata, or is the only model in the catalog that has
    ///     tensors of these names and shapes.
    /// - Throws: `ConfigurationError` that names the file and says what is wrong with it.
    public init(reading path: String, as name: String? = nil) throws(ConfigurationError) {
        let file = try WeightsFile(path)
        weights =
            file.isQuantized ? .int8(try file.quantizedModel(as: name)) : .float32(try file.trainedModel(as: name))
    }

    public var model: Model {
        switch weights {
        case .float32(let trained): trained.model
        case .int8(let quantized): quantized.model
        }
    }

    public var precision: Precision {
        switch weights {
        case .float32: .float32
        case .int8: .int8
        }
    }

    /// What its file says of itself: at least the model's name and the precision.
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

    /// E.g. `edgecnn-large f32`.
    public var name: String { "\(model.name) \(precision.rawValue)" }

    /// Bytes of the weights as they are sent to a device and stored there.
    public var byteCount: Int {
        contents.byteCount
    }

    /// Tensors with enough zeros are packed.
    private var contents: Safetensors {
        switch weights {
        case .float32(let trained): trained.contents.packed()
        case .int8(let quantized): quantized.contents
        }
    }

    /// The share of the weights that are zero; biases and what normalises are not counted.
    public var sparsity: Double {
        switch weights {
        case .float32(let trained): trained.sparsity
        case .int8(let quantized): quantized.sparsity
        }
    }

    /// The file's contents; tensors with enough zeros are packed, which PyTorch cannot load: see `TrainedModel.encoded`.
    public func encoded() throws(SafetensorsError) -> [UInt8] { try contents.encoded() }

    /// Compiles the variant, with its weights loaded.
    /// - Parameter threads: OpenMP threads of each pass.
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
