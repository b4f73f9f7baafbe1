import FedCore
import Files
import Foundation

/// A model's file that was read and decoded, but not yet matched with a model, whatever the precision of its weights.
/// It turns every defect into one line with the file's name.
struct WeightsFile {
    /// Path of the file, for messages.
    let path: String
    /// Tensors and metadata of the file.
    let contents: Safetensors

    /// Reads a file.
    /// - Parameter path: path of the file, or of a run's folder, which has it as `model.safetensors`.
    /// - Throws: `ConfigurationError` that names the file and says what is wrong with it.
    init(_ path: String) throws(ConfigurationError) {
        var file = URL(fileURLWithPath: path)
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        if attributes?[.type] as? FileAttributeType == .typeDirectory { file.appendPathComponent("model.safetensors") }
        self.path = file.relativePath
        do {
            contents = try Safetensors(decoding: try Safetensors.bytes(of: file))
        } catch let error as SafetensorsError {
            throw ConfigurationError("'\(file.relativePath)': \(error)")
        } catch {
            let isThere = FileManager.default.fileExists(atPath: file.path)
            throw ConfigurationError(
                "cannot read the model '\(file.relativePath)'" + (isThere ? "" : ": there is no such file"))
        }
    }

    /// Whether the weights are whole numbers of 8 bits, by the metadata.
    var isQuantized: Bool { contents.metadata["precision"] == QuantizedModel.precision }

    /// The 32-bit model in the file.
    /// - Parameters:
    ///   - name: name of the model; unless given, that of the metadata, or else of the first model of the catalog that
    ///     fits.
    ///   - models: the catalog.
    /// - Throws: `ConfigurationError` when no model is named and none fits, or the tensors are not the model's.
    func trainedModel(
        as name: String?, from models: Catalog<Architecture> = Models.standard
    ) throws(ConfigurationError) -> TrainedModel {
        if let name = name ?? contents.metadata["model"] {
            let model = try model(name, from: models)
            return try naming { try trainedModel(model) }
        }
        for architecture in models.all {
            if let model = try? architecture.model(for: form), let trained = try? trainedModel(model) { return trained }
        }
        throw ConfigurationError(
            "'\(path)' does not say which model it is of, and its tensors are those of none. \(nearest(of: models))")
    }

    /// The 8-bit model in the file.
    /// - Parameter name: name of the model; unless given, that of the metadata.
    /// - Throws: `ConfigurationError` when no model is named, or the tensors are not the model's.
    func quantizedModel(as name: String?) throws(ConfigurationError) -> QuantizedModel {
        guard let name = name ?? contents.metadata["model"] else {
            throw ConfigurationError("'\(path)' does not say which model it is of")
        }
        let model = try model(name, from: Models.standard)
        return try naming { try QuantizedModel(contents, of: model) }
    }

    /// The model of a name, or of a text, for the data that the file says.
    private func model(_ name: String, from models: Catalog<Architecture>) throws(ConfigurationError) -> Model {
        try naming { () throws(ConfigurationError) in try models.named(name, for: try form) }
    }

    /// The data that the model was made for, as ``ModelMetadata`` writes them.
    private var form: DataForm? {
        get throws(ConfigurationError) {
            try naming { () throws(ConfigurationError) in try ModelMetadata.form(in: contents.metadata) }
        }
    }

    /// - Throws: `SafetensorsError` when the weights are not those of the model.
    private func trainedModel(_ model: Model) throws(SafetensorsError) -> TrainedModel {
        let weights = try contents.weights(for: model.parameterLayout)
        return TrainedModel(model, weights: weights, metadata: contents.metadata)
    }

    /// A hint: the model of the catalog that is most like the file, and its first difference.
    private func nearest(of models: Catalog<Architecture>) -> String {
        let all = models.all.compactMap { try? $0.model(for: form) }
        let scores = all.map { contents.likeness(to: $0.parameterLayout) }
        guard let best = scores.indices.max(by: { scores[$0] < scores[$1] }), scores[best] > 0 else {
            return "There are: " + models.names.joined(separator: ", ")
        }
        let model = all[best]
        do {
            _ = try trainedModel(model)
            return "The nearest is \(model.name)"
        } catch {
            return "The nearest is \(model.name): \(error)\(classes(error, of: model))"
        }
    }

    /// The end of the hint where only the number of classes differs; otherwise empty.
    private func classes(_ error: SafetensorsError, of model: Model) -> String {
        guard case .wrongShape(let name, let expected, let actual) = error,
            model.parameterLayout.entries.last?.layer
                == model.parameterLayout.entries.first(where: { $0.name == name })?.layer,
            expected.dropFirst() == actual.dropFirst(), let classes = actual.first
        else { return "" }
        return "; it has \(classes) classes, \(model.name) \(model.classes)"
    }

    /// Runs a closure, and puts the file's name before its error.
    private func naming<Result, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(ConfigurationError) -> Result {
        do { return try body() } catch { throw ConfigurationError("'\(path)': \(error.line)") }
    }
}

extension Safetensors {
    /// The likeness of a file and a model, in [0, 1]: 1 where all tensors have its names and shapes. A tensor earns
    /// most for name and shape, less for one of them or for a name with a prefix, such as `module.0.weight`.
    fileprivate func likeness(to layout: ParameterLayout) -> Double {
        var points = 0
        let shapes = Dictionary(tensors.map { ($0.name, $0.shape) }) { first, _ in first }
        for entry in layout.entries {
            if let shape = shapes[entry.name] {
                points += shape == entry.shape ? 4 : 2
            } else if let prefixed = tensors.first(where: { $0.name.hasSuffix("." + entry.name) }) {
                points += prefixed.shape == entry.shape ? 3 : 1
            } else if tensors.contains(where: { $0.shape == entry.shape }) {
                points += 1
            }
        }
        return Double(points) / Double(4 * max(layout.entries.count, tensors.count))
    }
}
