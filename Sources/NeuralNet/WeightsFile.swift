import FedCore
import Files
import Foundation

/// A model's file, whatever the precision of its weights.
struct WeightsFile {
    /// As the user will know it.
    let path: String
    let contents: Safetensors

    /// - Parameter path: of the file, or of a run's folder, which has it as `model.safetensors`.
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
            throw ConfigurationError("cannot read the model '\(file.relativePath)'")
        }
    }

    var isQuantized: Bool { contents.metadata["precision"] == QuantizedModel.precision }

    /// - Parameter name: the model's; unless given, as the file says or as its tensors are.
    func trainedModel(as name: String?) throws(ConfigurationError) -> TrainedModel {
        if let name = name ?? contents.metadata["model"] {
            let model = try naming { try Models.named(name) }
            return try naming { try trainedModel(model) }
        }
        for model in Models.all {
            if let trained = try? trainedModel(model) { return trained }
        }
        throw ConfigurationError(
            "'\(path)' does not say which model it is of, and its tensors are those of none. \(nearest)")
    }

    /// - Parameter name: the model's, if the file is not to say it.
    func quantizedModel(as name: String?) throws(ConfigurationError) -> QuantizedModel {
        guard let name = name ?? contents.metadata["model"] else {
            throw ConfigurationError("'\(path)' does not say which model it is of")
        }
        let model = try naming { try Models.named(name) }
        return try naming { try QuantizedModel(contents, of: model) }
    }

    /// - Throws: `SafetensorsError` when the weights are not those of the model.
    private func trainedModel(_ model: Model) throws(SafetensorsError) -> TrainedModel {
        let weights = try contents.weights(for: model.parameterLayout)
        return TrainedModel(model, weights: weights, metadata: contents.metadata)
    }

    /// The model of the catalog that is most like the file, and the first thing that is not.
    private var nearest: String {
        let scores = Models.all.map { contents.likeness(to: $0.parameterLayout) }
        guard let best = scores.indices.max(by: { scores[$0] < scores[$1] }), scores[best] > 0 else {
            return "There are: " + Models.all.map(\.name).joined(separator: ", ")
        }
        let model = Models.all[best]
        do {
            _ = try trainedModel(model)
            return "The nearest is \(model.name)"
        } catch {
            return "The nearest is \(model.name): \(error)\(classes(error, of: model))"
        }
    }

    /// Where only the number of classes differs: that it does.
    private func classes(_ error: SafetensorsError, of model: Model) -> String {
        guard case .wrongShape(let name, let expected, let actual) = error,
            model.parameterLayout.entries.last?.layer
                == model.parameterLayout.entries.first(where: { $0.name == name })?.layer,
            expected.dropFirst() == actual.dropFirst(), let classes = actual.first
        else { return "" }
        return "; it has \(classes) classes, \(model.name) \(model.classes)"
    }

    /// An error with the file's name before it.
    private func naming<Result, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(ConfigurationError) -> Result {
        do { return try body() } catch { throw ConfigurationError("'\(path)': \(error.line)") }
    }
}

extension Safetensors {
    /// How much of a model a file has: 1 where all tensors have its names and shapes, 0 where nothing is alike.
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
