public import FedCore
public import Files

/// A model with its 32-bit weights, as a run leaves it in `model.safetensors`. Pruning and quantisation start from it.
public struct TrainedModel: Sendable {
    /// The model that the weights belong to.
    public let model: Model
    /// Weights in the canonical order, `[model.parameterCount]`.
    public let weights: [Float]
    /// Metadata of its file: e.g. `dataset`, `class_names`, `input_scale`.
    public let metadata: [String: String]

    /// Joins a model and its weights.
    /// - Precondition: as many weights as the model has parameters.
    public init(_ model: Model, weights: [Float], metadata: [String: String] = [:]) {
        precondition(weights.count == model.parameterCount, "\(weights.count) of \(model.parameterCount) weights")
        self.model = model
        self.weights = weights
        self.metadata = metadata
    }

    /// Reads a weights file, this project's or one that was saved with PyTorch. Nothing in the file is trusted: names,
    /// shapes and values are checked.
    ///
    /// - Parameters:
    ///   - path: path of the file, or of a run's folder, which has it as `model.safetensors`.
    ///   - name: name of the model. Unless given, it is taken from the file's metadata, or else the first model of the
    ///     catalog that has tensors of these names and shapes is used.
    ///   - models: catalog of the models that the file may hold.
    /// - Throws: `ConfigurationError` that names the file and says what is wrong with it, also when it is quantised.
    public init(
        reading path: String, as name: String? = nil, from models: Catalog<Architecture> = Models.standard
    ) throws(ConfigurationError) {
        let file = try WeightsFile(path)
        guard !file.isQuantized else {
            throw ConfigurationError("'\(file.path)' is quantised: what reads it here needs 32-bit weights")
        }
        self = try file.trainedModel(as: name, from: models)
    }

    /// The bytes of its file, which PyTorch reads as a `state_dict`: dense, however many weights are zero.
    /// - Throws: `SafetensorsError` when the contents cannot be written in the format.
    public func encoded() throws(SafetensorsError) -> [UInt8] { try contents.encoded() }

    /// The tensors and metadata of its file, the model's name among them.
    var contents: Safetensors {
        var metadata = metadata
        ModelMetadata.note(model, in: &metadata)
        return Safetensors(model.parameterLayout, weights: weights.span, metadata: metadata)
    }
}
