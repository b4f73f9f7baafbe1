import FedCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

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
            contents = try Safetensors(decoding: [UInt8](try Data(contentsOf: file)))
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
            return try naming { try TrainedModel(model(name), contents) }
        }
        for model in Models.all {
            if let trained = try? TrainedModel(model, contents) { return trained }
        }
        throw ConfigurationError(
            "'\(path)' does not say which model it is of, and its tensors are those of none: "
                + Models.all.map(\.name).joined(separator: ", "))
    }

    /// - Parameter name: the model's, if the file is not to say it.
    func quantizedModel(as name: String?) throws(ConfigurationError) -> QuantizedModel {
        guard let name = name ?? contents.metadata["model"] else {
            throw ConfigurationError("'\(path)' does not say which model it is of")
        }
        return try naming { try QuantizedModel(contents, of: model(name)) }
    }

    private func model(_ name: String) throws(ConfigurationError) -> Model { try Models.named(name) }

    /// An error with the file's name before it.
    private func naming<Result>(_ body: () throws -> Result) throws(ConfigurationError) -> Result {
        do { return try body() } catch { throw ConfigurationError("'\(path)': \(error.line)") }
    }
}

extension TrainedModel {
    /// - Throws: `SafetensorsError` when the weights are not those of the model.
    fileprivate init(_ model: Model, _ contents: Safetensors) throws {
        self.init(model, weights: try contents.weights(for: model.parameterLayout), metadata: contents.metadata)
    }
}
