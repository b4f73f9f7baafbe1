public import FedCore
public import Files

/// A model with its weights, as a run leaves it in `model.safetensors`.
public struct TrainedModel: Sendable {
    public let model: Model
    /// In the canonical order.
    public let weights: [Float]
    /// What else the file said of itself.
    public let metadata: [String: String]

    /// - Precondition: as many weights as the model has parameters.
    public init(_ model: Model, weights: [Float], metadata: [String: String] = [:]) {
        precondition(weights.count == model.parameterCount, "\(weights.count) of \(model.parameterCount) weights")
        self.model = model
        self.weights = weights
        self.metadata = metadata
    }

    /// Reads a weights file, this project's or PyTorch's.
    ///
    /// - Parameters:
    ///   - path: of the file, or of a run's folder, which has it as `model.safetensors`.
    ///   - name: the model's; unless given, it is in the file's metadata, or is the only model in the catalog that has
    ///     tensors of these names and shapes.
    /// - Throws: `ConfigurationError` that names the file and says what is wrong with it.
    public init(reading path: String, as name: String? = nil) throws(ConfigurationError) {
        let file = try WeightsFile(path)
        guard !file.isQuantized else {
            throw ConfigurationError("'\(file.path)' is quantised: what reads it here needs 32-bit weights")
        }
        self = try file.trainedModel(as: name)
    }

    /// The file's contents, which PyTorch reads as a `state_dict`: dense, however many weights are zero.
    public func encoded() throws(SafetensorsError) -> [UInt8] { try contents.encoded() }

    var contents: Safetensors {
        var metadata = metadata
        metadata["model"] = model.name
        return Safetensors(model.parameterLayout, weights: weights.span, metadata: metadata)
    }
}
